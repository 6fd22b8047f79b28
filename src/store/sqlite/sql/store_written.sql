INSERT INTO store (only, tieback_version, last_event_id) VALUES (1, ?1, 0)
ON CONFLICT (only) DO UPDATE SET tieback_version = excluded.tieback_version;
