UPDATE delivery SET attempts = attempts + 1, status = ?2, why = ?3 WHERE id = ?1;
