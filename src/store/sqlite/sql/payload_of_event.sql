SELECT EXISTS (SELECT 1 FROM payload WHERE event_key = ?1 AND version = ?2);
