INSERT INTO worker (lease_until) VALUES (?1) RETURNING id;
