UPDATE delivery SET status = 'discarded', why = 'operator', ended_at = ?2 WHERE id = ?1 AND status = 'queued';
