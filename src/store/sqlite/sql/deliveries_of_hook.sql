-- ?1 hook, ?2 before, ?3 statuses as a JSON array, ?4 resource name key or NULL, ?5 event type key or NULL,
-- ?6 queued at or after, or NULL, ?7 queued before, or NULL, ?8 limit
SELECT delivery.id, delivery.queued_at, delivery.restored, payload.body,
    CASE
        WHEN delivery.status = 'delivered' THEN 'delivered'
        WHEN delivery.status = 'queued' AND delivery.id > lane.discard_through
            THEN CASE WHEN delivery.attempts = 0 THEN 'enqueued' ELSE 'retrying' END
        WHEN delivery.why = 'max_attempts' THEN 'failed'
        ELSE 'discarded'
    END AS standing,
    CASE
        WHEN delivery.status = 'queued' AND delivery.id <= lane.discard_through THEN 'flushed'
        ELSE delivery.why
    END AS standing_why
FROM delivery
CROSS JOIN lane ON lane.hook_id = delivery.hook_id
CROSS JOIN event ON event.id = delivery.event_id
CROSS JOIN payload ON payload.event_id = delivery.event_id AND payload.version = delivery.version
WHERE delivery.hook_id = ?1 AND delivery.id < ?2
    AND standing IN (SELECT value FROM json_each(?3))
    AND (?4 IS NULL OR event.resource_name_key = ?4)
    AND (?5 IS NULL OR event.event_type_key = ?5)
    AND (?6 IS NULL OR delivery.queued_at >= ?6)
    AND (?7 IS NULL OR delivery.queued_at < ?7)
ORDER BY delivery.id DESC
LIMIT ?8;
