UPDATE lane
SET epoch = ?2, resets_seen = ?3, nudges_seen = ?4, discard_through = ?5, pause_step = ?6, pause_streak_ns = ?7,
    pause_wait_ns = ?8, resume_at = ?9, probe = ?10
WHERE hook_id = ?1;
