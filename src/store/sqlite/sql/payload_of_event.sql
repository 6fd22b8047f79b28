SELECT id FROM payload WHERE event_key = ?1 AND version = ?2;
