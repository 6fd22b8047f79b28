INSERT INTO attempt (
    delivery_id, started_at, completed_at, response_status, response_headers, response_body, response_body_truncated,
    response_error
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
