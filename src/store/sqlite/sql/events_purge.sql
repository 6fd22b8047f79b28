-- Events that never made a delivery. ?1 published before, ?2 limit
DELETE FROM event
WHERE id IN (
    SELECT id FROM event WHERE no_delivery IS NOT NULL AND published_at < ?1 ORDER BY published_at LIMIT ?2
);
