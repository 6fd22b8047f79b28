SELECT min(ended_at) FROM delivery WHERE ended_at IS NOT NULL;
