-- Who has this namespace. ?1 company, ?2 project or NULL, ?3 namespace
SELECT id FROM hook
WHERE ?2 IS NOT NULL AND project_id = ?2 AND namespace = ?3 AND deleted_at IS NULL
UNION ALL
SELECT id FROM hook
WHERE ?2 IS NULL AND project_id IS NULL AND company_id = ?1 AND namespace = ?3 AND deleted_at IS NULL;
