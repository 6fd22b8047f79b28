-- Takes effect only while the delivery is queued, no flush has marked it, and the worker holds the lane. ?1 delivery,
-- ?2 status, ?3 why, ?4 hook, ?5 when it ended, if this ends it, ?6 worker, ?7 fence. OR FAIL as in
-- `delivery_insert.sql`
UPDATE OR FAIL delivery SET attempts = attempts + 1, status = ?2, why = ?3, ended_at = ?5
WHERE id = ?1 AND status = 'queued'
    AND id > (SELECT discard_through FROM lane WHERE hook_id = ?4 AND worker = ?6 AND fence = ?7);
