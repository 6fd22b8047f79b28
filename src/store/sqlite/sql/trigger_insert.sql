INSERT INTO hook_trigger (hook_id, resource_name, event_type, resource_name_key, event_type_key, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (hook_id, resource_name_key, event_type_key) DO NOTHING;
