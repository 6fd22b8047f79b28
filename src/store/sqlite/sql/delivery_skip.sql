UPDATE delivery SET status = 'discarded', why = 'operator' WHERE id = ?1 AND status = 'queued';
