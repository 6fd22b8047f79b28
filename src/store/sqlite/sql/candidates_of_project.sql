-- The hooks of a project with a trigger. ?1 project, ?2 resource name key, ?3 event type key, ?4 company or NULL
SELECT id, payload_version, status
FROM hook
WHERE project_id = ?1 AND deleted_at IS NULL
    AND (?4 IS NULL OR company_id IS NULL OR company_id = ?4)
    AND EXISTS (
        SELECT 1 FROM hook_trigger
        WHERE hook_id = hook.id AND resource_name_key = ?2 AND event_type_key = ?3
    );
