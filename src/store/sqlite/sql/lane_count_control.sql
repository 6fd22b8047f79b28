UPDATE lane SET resets = resets + ?2, nudges = nudges + ?3 WHERE hook_id = ?1;
