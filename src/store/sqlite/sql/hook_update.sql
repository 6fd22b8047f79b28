UPDATE hook
SET namespace = ?2, payload_version = ?3, status = ?4, destination_url = ?5, destination_headers = ?6, updated_at = ?7,
    signing_secrets = ?8, rate_attempts = ?9, rate_per_ns = ?10, rate_burst = ?11
WHERE id = ?1;
