-- ?1 ended before, ?2 limit
SELECT id, event_id, version FROM delivery WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2;
