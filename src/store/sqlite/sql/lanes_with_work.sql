SELECT hook_id FROM lane
WHERE EXISTS (
    SELECT 1 FROM delivery
    WHERE delivery.hook_id = lane.hook_id AND delivery.status = 'queued' AND delivery.id > lane.discard_through
)
ORDER BY hook_id;
