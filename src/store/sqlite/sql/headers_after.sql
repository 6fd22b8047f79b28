-- Hooks with headers. ?1 after this hook, ?2 limit
SELECT id, destination_headers FROM hook WHERE id > ?1 AND destination_headers <> '[]' ORDER BY id LIMIT ?2;
