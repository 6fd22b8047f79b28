SELECT EXISTS (SELECT 1 FROM lane WHERE hook_id = ?1 AND worker = ?2 AND fence = ?3);
