SELECT key_id, complete FROM store_key ORDER BY number;
