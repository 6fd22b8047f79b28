SELECT count(*) AS queued, min(delivery.queued_at) AS oldest
FROM lane CROSS JOIN delivery
WHERE delivery.hook_id = lane.hook_id AND delivery.status = 'queued' AND delivery.id > lane.discard_through;
