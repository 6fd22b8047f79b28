UPDATE store SET last_event_id = ?1, backed_up_at = NULL;
