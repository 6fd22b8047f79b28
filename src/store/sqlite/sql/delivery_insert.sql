INSERT INTO delivery (hook_id, event_id, version, queued_at) VALUES (?1, ?2, ?3, ?4);
