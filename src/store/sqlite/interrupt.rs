//! Ending a long statement.

use rusqlite::Connection;

use super::fault::Fault;
use crate::time::Cancel;

/// Between two looks at the token: some thousand steps of SQLite's machine, that is, well under a millisecond.
const STEPS: i32 = 4096;

/// Does `work`, and ends the statement under way once the token is requested.
pub fn interruptible<T>(
    connection: &mut Connection,
    cancel: &Cancel,
    work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    cancel.check()?;
    let token = cancel.clone();
    // Asked while a statement runs, so that a request between two statements is not missed.
    connection.progress_handler(STEPS, Some(move || token.is_requested()))?;
    let done = work(connection);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    // What the interrupted statement says is of no interest.
    done.map_err(|fault| if cancel.is_requested() { Cancel::error().into() } else { fault })
}
