UPDATE store_key SET complete = 0;
