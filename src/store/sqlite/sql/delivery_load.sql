-- The next part of a lane's queue. The index is named, since SQLite would rather read all deliveries that the hook ever
-- had. ?1 hook, ?2 after, ?3 limit
SELECT delivery.id, delivery.attempts, event.resource, event.ulid, payload.body
FROM delivery INDEXED BY delivery_queued
JOIN payload ON payload.event_id = delivery.event_id AND payload.version = delivery.version
JOIN event ON event.id = delivery.event_id
WHERE delivery.hook_id = ?1 AND delivery.status = 'queued' AND delivery.id > ?2
ORDER BY delivery.id
LIMIT ?3;
