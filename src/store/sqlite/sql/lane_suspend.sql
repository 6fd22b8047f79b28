UPDATE lane SET suspended = ?2 WHERE hook_id = ?1;
