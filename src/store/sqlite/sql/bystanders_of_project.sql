-- All hooks of a project, whatever their triggers. ?1 project, ?2 company or NULL
SELECT id, payload_version, status
FROM hook
WHERE project_id = ?1 AND deleted_at IS NULL
    AND (?2 IS NULL OR company_id IS NULL OR company_id = ?2);
