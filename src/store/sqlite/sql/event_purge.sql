-- The event of a purged delivery, once it has no other; its payloads go with it. ?1 event
DELETE FROM event WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = ?1);
