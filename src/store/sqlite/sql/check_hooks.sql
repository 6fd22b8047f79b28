SELECT id, destination_url, destination_headers, signing_secrets, rate_attempts, rate_per_ns, rate_burst
FROM hook
WHERE deleted_at IS NULL;
