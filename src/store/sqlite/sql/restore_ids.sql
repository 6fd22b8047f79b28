UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name IN ('hook', 'hook_trigger', 'delivery');
