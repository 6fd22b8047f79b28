-- What a flush has marked keeps its reason. ?1 hook, ?2 now
UPDATE delivery
SET status = 'discarded',
    why = CASE
        WHEN id <= (SELECT discard_through FROM lane WHERE lane.hook_id = ?1) THEN 'flushed'
        ELSE 'hook_deleted'
    END,
    ended_at = ?2
WHERE hook_id = ?1 AND status = 'queued';
