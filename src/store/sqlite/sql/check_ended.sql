SELECT 'delivery ' || id FROM delivery WHERE status <> 'queued' AND ended_at IS NULL;
