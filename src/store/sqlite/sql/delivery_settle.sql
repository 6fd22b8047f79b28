-- Takes effect only while the delivery is queued and no flush has marked it. ?1 delivery, ?2 status, ?3 why, ?4 hook,
-- ?5 when it ended, if this ends it. OR FAIL as in `delivery_insert.sql`
UPDATE OR FAIL delivery SET attempts = attempts + 1, status = ?2, why = ?3, ended_at = ?5
WHERE id = ?1 AND status = 'queued' AND id > (SELECT discard_through FROM lane WHERE hook_id = ?4);
