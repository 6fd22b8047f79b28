UPDATE hook
SET namespace = ?2, payload_version = ?3, status = ?4, destination_url = ?5, updated_at = ?6, rate_attempts = ?7,
    rate_per_ns = ?8, rate_burst = ?9
WHERE id = ?1;
