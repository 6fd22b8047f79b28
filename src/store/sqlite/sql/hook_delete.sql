-- The headers and the secrets are credentials that nobody needs any more.
UPDATE hook
SET status = 'deleted', deleted_at = ?2, destination_headers = '[]', signing_secrets = '[]'
WHERE id = ?1;
