SELECT max(last_event_id, (SELECT coalesce(max(seq), 0) FROM sqlite_sequence)) FROM store;
