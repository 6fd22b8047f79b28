SELECT event_id, ulid, deliveries, no_delivery, given FROM event WHERE event_id = ?1;
