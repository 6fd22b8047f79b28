INSERT INTO delivery (hook_id, event_key, version, queued_at) VALUES (?1, ?2, ?3, ?4);
