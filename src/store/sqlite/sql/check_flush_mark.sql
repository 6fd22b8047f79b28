SELECT 'the lane of hook ' || hook_id
FROM lane
WHERE discard_through > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'delivery'), 0);
