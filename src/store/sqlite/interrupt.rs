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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};

    /// A statement without end.
    const ENDLESS: &str = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n";

    fn count(connection: &mut Connection, sql: &str) -> Result<i64, Fault> {
        Ok(connection.query_row(sql, [], |row| row.get(0))?)
    }

    fn kind(fault: Fault) -> ErrorKind {
        let error: Error = fault.into_error(std::path::Path::new("hooks.db"));
        error.kind()
    }

    #[test]
    fn statement_under_way_ends_when_its_token_is_requested_and_the_connection_stays_good() {
        let mut connection = Connection::open_in_memory().unwrap();
        let cancel = Cancel::new();
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| cancel.request());
            interruptible(&mut connection, &cancel, |connection| count(connection, ENDLESS))
        });
        assert_eq!(kind(ended.unwrap_err()), ErrorKind::Cancelled);
        // The next call has a token of its own.
        let one = interruptible(&mut connection, &Cancel::new(), |connection| count(connection, "SELECT 1"));
        assert_eq!(one.unwrap(), 1);
        assert_eq!(count(&mut connection, "SELECT 2").unwrap(), 2);
    }

    #[test]
    fn other_faults_are_told_as_they_are() {
        let mut connection = Connection::open_in_memory().unwrap();
        let wrong = interruptible(&mut connection, &Cancel::new(), |connection| count(connection, "SELECT nothing"));
        assert_ne!(kind(wrong.unwrap_err()), ErrorKind::Cancelled);
    }
}
