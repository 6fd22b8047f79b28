SELECT id, hook_id, resource_name, event_type
FROM hook_trigger
WHERE hook_id = ?1 AND id > ?2
ORDER BY id
LIMIT ?3;
