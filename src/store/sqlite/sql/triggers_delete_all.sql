DELETE FROM hook_trigger WHERE hook_id = ?1;
