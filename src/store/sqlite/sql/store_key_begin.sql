-- A key that begins to seal. ?1 its id
INSERT INTO store_key (key_id, complete) VALUES (?1, 0) ON CONFLICT DO NOTHING;
