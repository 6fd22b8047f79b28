UPDATE delivery SET restored = 1
WHERE status = 'queued' AND id > (SELECT discard_through FROM lane WHERE lane.hook_id = delivery.hook_id);
