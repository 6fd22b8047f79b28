SELECT hook.*, (SELECT count(*) FROM hook_trigger WHERE hook_id = hook.id) AS trigger_count
FROM hook
WHERE id = ?1 AND deleted_at IS NULL;
