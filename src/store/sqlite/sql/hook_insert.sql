INSERT INTO hook (
    company_id, project_id, namespace, payload_version, status, destination_url, destination_headers, created_at,
    updated_at, signing_secrets, rate_attempts, rate_per_ns, rate_burst
) VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11);
