UPDATE lane SET nudges = nudges + 1 WHERE hook_id = ?1 AND probe = ?2;
