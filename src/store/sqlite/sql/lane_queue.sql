-- What a flush of the lane would discard. ?1 hook, ?2 discarded through
SELECT
    (SELECT count(*) FROM delivery WHERE hook_id = ?1 AND status = 'queued' AND id > ?2) AS queued,
    (SELECT coalesce(max(id), 0) FROM delivery WHERE hook_id = ?1) AS newest;
