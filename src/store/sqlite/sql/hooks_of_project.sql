-- ?1 project, ?2 namespace or NULL, ?3 payload version or NULL, ?4 whether to count triggers, ?5 after, ?6 limit,
-- ?7 company or NULL: where both sides know the company, they agree
SELECT hook.*, CASE WHEN ?4 THEN (SELECT count(*) FROM hook_trigger WHERE hook_id = hook.id) END AS trigger_count
FROM hook
WHERE project_id = ?1 AND deleted_at IS NULL
    AND (?7 IS NULL OR company_id IS NULL OR company_id = ?7)
    AND (?2 IS NULL OR namespace = ?2)
    AND (?3 IS NULL OR payload_version = ?3)
    AND id > ?5
ORDER BY id
LIMIT ?6;
