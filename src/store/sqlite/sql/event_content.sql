SELECT ulid, happened_at, given FROM event WHERE id = ?1;
