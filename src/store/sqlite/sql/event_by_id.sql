SELECT id, ulid, deliveries, no_delivery, given FROM event WHERE id = ?1;
