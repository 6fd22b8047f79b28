-- Only by a worker that is one still, and not from another.
UPDATE lane SET worker = ?2, fence = fence + 1
WHERE hook_id = ?1 AND (worker IS NULL OR worker = ?2) AND EXISTS (SELECT 1 FROM worker WHERE id = ?2);
