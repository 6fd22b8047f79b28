SELECT
    hook.status, hook.destination_url, hook.destination_headers, hook.signing_secrets, hook.rate_attempts,
    hook.rate_per_ns, hook.rate_burst, lane.*
FROM hook JOIN lane ON lane.hook_id = hook.id
WHERE hook.id = ?1;
