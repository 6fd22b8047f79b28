SELECT
    started_at, completed_at, response_status, response_headers, response_body, response_body_truncated, response_error
FROM attempt
WHERE delivery_id = ?1
ORDER BY id;
