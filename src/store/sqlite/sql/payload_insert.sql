INSERT INTO payload (event_key, version, body) VALUES (?1, ?2, ?3);
