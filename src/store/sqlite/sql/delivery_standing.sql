-- Where a delivery stands, in the words of the wire; a flush's mark counts before it is swept. ?1 delivery
SELECT
    delivery.hook_id, delivery.event_id,
    CASE
        WHEN delivery.status = 'delivered' THEN 'delivered'
        WHEN delivery.status = 'queued' AND delivery.id > lane.discard_through
            THEN CASE WHEN delivery.attempts = 0 THEN 'enqueued' ELSE 'retrying' END
        WHEN delivery.why = 'max_attempts' THEN 'failed'
        ELSE 'discarded'
    END AS standing
FROM delivery JOIN lane ON lane.hook_id = delivery.hook_id
WHERE delivery.id = ?1;
