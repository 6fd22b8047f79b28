-- A table that never had a row has no sequence yet.
INSERT INTO sqlite_sequence (name, seq)
SELECT column1, ?1
FROM (VALUES ('hook'), ('hook_trigger'), ('delivery'))
WHERE column1 NOT IN (SELECT name FROM sqlite_sequence);
