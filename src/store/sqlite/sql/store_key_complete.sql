UPDATE store_key SET complete = 1 WHERE key_id = ?1;
