-- The body that a purged delivery had, once no other has it. ?1 event, ?2 version
DELETE FROM payload
WHERE event_id = ?1 AND version = ?2
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = ?1 AND delivery.version = ?2);
