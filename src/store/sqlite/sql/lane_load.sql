SELECT hook.status, hook.destination_url, hook.destination_headers, lane.*
FROM hook JOIN lane ON lane.hook_id = hook.id
WHERE hook.id = ?1;
