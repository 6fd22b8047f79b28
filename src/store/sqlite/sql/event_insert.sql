INSERT INTO event (
    resource, event_id, ulid, resource_name_key, event_type_key, published_at, deliveries, no_delivery, given, content
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
