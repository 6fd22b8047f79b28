UPDATE delivery SET status = 'discarded', why = 'flushed' WHERE id = ?1;
