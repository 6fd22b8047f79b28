SELECT last_event_id FROM store;
