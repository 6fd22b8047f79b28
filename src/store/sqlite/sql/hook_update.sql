UPDATE hook
SET namespace = ?2, payload_version = ?3, status = ?4, destination_url = ?5, updated_at = ?6
WHERE id = ?1;
