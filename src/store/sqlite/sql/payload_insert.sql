INSERT INTO payload (event_id, version, body) VALUES (?1, ?2, ?3);
