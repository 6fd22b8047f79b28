SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'hook');
