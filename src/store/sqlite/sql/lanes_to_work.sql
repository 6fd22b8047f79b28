-- Hooks with deliveries that may be sent and that no other worker holds. ?1 the worker that asks, or NULL
SELECT lane.hook_id
FROM lane JOIN hook ON hook.id = lane.hook_id
WHERE lane.queued > 0 AND lane.suspended = 0 AND (lane.worker IS NULL OR lane.worker = ?1) AND hook.status = 'active'
ORDER BY lane.hook_id;
