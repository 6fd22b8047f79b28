SELECT queued FROM lane WHERE hook_id = ?1;
