-- Deleted hooks with nothing left in the log; their lanes go with them. ?1 deleted before, ?2 limit
DELETE FROM hook
WHERE id IN (
    SELECT id FROM hook
    WHERE deleted_at < ?1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.hook_id = hook.id)
    LIMIT ?2
);
