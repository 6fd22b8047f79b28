UPDATE worker SET lease_until = ?2 WHERE id = ?1;
