SELECT id, lease_until FROM worker WHERE id IS NOT ?1 ORDER BY id;
