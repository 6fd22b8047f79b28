-- The hooks of a company with a trigger. ?1 company, ?2 resource name key, ?3 event type key
SELECT id, payload_version, status
FROM hook
WHERE project_id IS NULL AND company_id = ?1 AND deleted_at IS NULL
    AND EXISTS (
        SELECT 1 FROM hook_trigger
        WHERE hook_id = hook.id AND resource_name_key = ?2 AND event_type_key = ?3
    );
