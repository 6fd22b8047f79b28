DELETE FROM hook_trigger WHERE id = ?1 AND hook_id = ?2;
