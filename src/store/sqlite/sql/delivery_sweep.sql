UPDATE delivery SET status = 'discarded', why = 'flushed', ended_at = ?2 WHERE id = ?1;
