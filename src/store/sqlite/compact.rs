//! Giving space back: the database is written anew without what is free in it.
//!
//! This costs as much as what is kept, however long the file has become: the usual reason, a long outage whose log has
//! been purged, is the cheap case. Removing rows alone gives nothing back, since the free pages are used again, and
//! moving pages bit by bit would need a map of all pages that every write keeps up to date.

use rusqlite::Connection;

use super::fault::Fault;

/// Rewrites the database. The new content goes through the WAL, so that a crash leaves the old or the new one.
pub fn compact(connection: &Connection) -> Result<(), Fault> {
    // SQLite builds the new content in a temporary database, which is not to be held in memory.
    connection.pragma_update(None, "temp_store", "FILE")?;
    let rewritten = connection.execute_batch("VACUUM");
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    rewritten?;
    // Only moving the WAL into the file makes that shorter. A reader that is in the way just now only puts it off.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
