SELECT discard_through FROM lane WHERE hook_id = ?1 AND worker = ?2 AND fence = ?3;
