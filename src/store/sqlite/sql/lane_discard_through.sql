SELECT discard_through FROM lane WHERE hook_id = ?1;
