-- ?1 limit
SELECT delivery.id
FROM lane CROSS JOIN delivery
WHERE lane.discard_through > 0
    AND delivery.hook_id = lane.hook_id AND delivery.status = 'queued' AND delivery.id <= lane.discard_through
LIMIT ?1;
