SELECT 'hook ' || id FROM hook WHERE NOT EXISTS (SELECT 1 FROM lane WHERE hook_id = hook.id);
