-- OR FAIL: whatever fails takes back the savepoint of its whole call, so this statement need not be able to take back a
-- part of itself, for which SQLite would copy every page that it and its trigger touch.
INSERT OR FAIL INTO delivery (hook_id, event_id, version, queued_at) VALUES (?1, ?2, ?3, ?4);
