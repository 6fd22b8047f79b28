-- Hooks with signing secrets. ?1 after this hook, ?2 limit
SELECT id, signing_secrets FROM hook WHERE id > ?1 AND signing_secrets <> '[]' ORDER BY id LIMIT ?2;
