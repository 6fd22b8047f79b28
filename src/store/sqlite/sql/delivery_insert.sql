INSERT INTO delivery (hook_id, event_key, payload_id, queued_at) VALUES (?1, ?2, ?3, ?4);
