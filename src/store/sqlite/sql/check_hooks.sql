SELECT id, destination_url, destination_headers FROM hook WHERE deleted_at IS NULL;
