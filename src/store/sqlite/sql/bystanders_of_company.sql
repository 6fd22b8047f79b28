-- All hooks of a company, whatever their triggers. ?1 company
SELECT id, payload_version, status
FROM hook
WHERE project_id IS NULL AND company_id = ?1 AND deleted_at IS NULL;
