SELECT count(*)
FROM lane JOIN hook ON hook.id = lane.hook_id
WHERE hook.deleted_at IS NULL AND (lane.suspended = 1 OR lane.pause_step IS NOT NULL);
