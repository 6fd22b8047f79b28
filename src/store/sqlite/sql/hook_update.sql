UPDATE hook
SET namespace = ?2, payload_version = ?3, status = ?4, destination_url = ?5, destination_headers = ?6, updated_at = ?7
WHERE id = ?1;
