UPDATE hook SET destination_headers = ?2 WHERE id = ?1;
