SELECT 'the lane of hook ' || hook_id
FROM lane
WHERE queued <> (
    SELECT count(*) FROM delivery
    WHERE delivery.hook_id = lane.hook_id AND delivery.status = 'queued' AND delivery.id > lane.discard_through
);
