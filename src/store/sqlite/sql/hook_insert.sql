INSERT INTO hook (
    company_id, project_id, namespace, payload_version, status, destination_url, destination_headers, created_at,
    updated_at
) VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?6, ?7, ?7);
