UPDATE store SET last_event_id = ?1;
