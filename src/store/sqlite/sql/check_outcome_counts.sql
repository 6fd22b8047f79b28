SELECT 'the lane of hook ' || hook_id
FROM lane
WHERE (delivered, discarded) <> (
    SELECT
        count(*) FILTER (WHERE status = 'delivered'),
        count(*) FILTER (WHERE status = 'discarded' OR status = 'queued' AND id <= lane.discard_through)
    FROM delivery
    WHERE delivery.hook_id = lane.hook_id
);
