SELECT page_count * page_size AS database, freelist_count * page_size AS reusable
FROM pragma_page_count, pragma_page_size, pragma_freelist_count;
