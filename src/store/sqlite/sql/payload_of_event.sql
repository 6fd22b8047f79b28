SELECT EXISTS (SELECT 1 FROM payload WHERE event_id = ?1 AND version = ?2);
