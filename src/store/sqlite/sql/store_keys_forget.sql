-- All but the one whose id is ?1.
DELETE FROM store_key WHERE key_id <> ?1;
