SELECT event_id, ulid, happened_at, given FROM event WHERE id = ?1;
