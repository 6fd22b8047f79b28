INSERT INTO lane (hook_id) VALUES (?1);
