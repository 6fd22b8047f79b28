-- The headers hold credentials that nobody needs any more.
UPDATE hook SET status = 'deleted', deleted_at = ?2, destination_headers = '[]' WHERE id = ?1;
