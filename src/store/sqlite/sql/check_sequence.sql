WITH newest (name, id) AS (
    SELECT 'hook', max(id) FROM hook
    UNION ALL
    SELECT 'hook_trigger', max(id) FROM hook_trigger
    UNION ALL
    SELECT 'delivery', max(id) FROM delivery
)
SELECT 'table ' || name
FROM newest
WHERE id > coalesce((SELECT seq FROM sqlite_sequence WHERE sqlite_sequence.name = newest.name), 0);
