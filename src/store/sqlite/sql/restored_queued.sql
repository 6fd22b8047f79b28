SELECT delivery.hook_id, count(*) AS queued
FROM delivery JOIN lane ON lane.hook_id = delivery.hook_id
WHERE delivery.restored = 1 AND delivery.status = 'queued' AND delivery.id > lane.discard_through
GROUP BY delivery.hook_id
ORDER BY delivery.hook_id;
