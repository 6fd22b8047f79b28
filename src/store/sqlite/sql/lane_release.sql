UPDATE lane SET worker = NULL WHERE hook_id = ?1 AND worker = ?2 AND fence = ?3;
