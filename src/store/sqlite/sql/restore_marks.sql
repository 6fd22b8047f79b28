UPDATE delivery SET restored = 1
WHERE status = 'queued' AND id > (SELECT discard_through FROM lane WHERE lane.hook_id = delivery.hook_id);

-- Whoever worked on the store that was copied does not work on this one.
DELETE FROM worker;
