UPDATE store SET backed_up_at = ?1;
