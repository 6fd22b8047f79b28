SELECT content FROM event WHERE id = ?1;
