SELECT count(*) FROM hook WHERE deleted_at IS NULL;
