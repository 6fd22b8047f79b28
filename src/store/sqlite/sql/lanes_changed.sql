-- Lanes that a worker holds and that have changed since. ?1 worker, ?2 the last change it has seen
SELECT hook_id FROM lane WHERE worker = ?1 AND changed > ?2 ORDER BY hook_id;
