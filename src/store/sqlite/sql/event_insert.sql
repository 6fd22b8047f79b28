INSERT INTO event (
    id, resource, ulid, resource_name_key, event_type_key, happened_at, published_at, deliveries,
    no_delivery, given
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
