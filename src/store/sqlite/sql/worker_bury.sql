-- Unless it has renewed its lease since it was seen.
DELETE FROM worker WHERE id = ?1 AND lease_until = ?2;
