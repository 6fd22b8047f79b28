-- The oldest is the first of its lane's queue: nothing is counted, however long the queues are.
SELECT
    coalesce(sum(queued), 0) AS queued,
    coalesce(sum(delivered), 0) AS delivered,
    coalesce(sum(discarded), 0) AS discarded,
    min(CASE WHEN queued > 0 THEN (
        SELECT delivery.queued_at
        FROM delivery
        WHERE delivery.hook_id = lane.hook_id AND delivery.status = 'queued' AND delivery.id > lane.discard_through
        ORDER BY delivery.id
        LIMIT 1
    ) END) AS oldest
FROM lane;
