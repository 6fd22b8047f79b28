//! Looking for damage: SQLite's own check of the file, and what tieback's rows promise beyond the schema.
//!
//! It finds what contradicts itself. A byte that changed inside a value, such that the value can still be read, leaves
//! no trace in a database without checksums.

use rusqlite::{Connection, ErrorCode, Row};

use super::fault::Fault;
use super::row::StoredDestination;
use super::seal::Seals;
use crate::types::{Check, HookId, IntegrityReport};

/// Statements that find nothing in a store that is sound. Each row has one column that says where.
const RULES: [(Check, Cost, &str, &str); 8] = [
    (Check::Lanes, Cost::Hooks, sql!("check_hook_without_lane"), "has no lane"),
    (Check::Counts, Cost::Queue, sql!("check_queue_length"), "counts its queue wrongly"),
    (Check::Ids, Cost::Hooks, sql!("check_sequence"), "has ids beyond those that were given out: some would be reused"),
    (Check::Ids, Cost::Hooks, sql!("check_flush_mark"), "discards deliveries that are yet to come"),
    (Check::Counts, Cost::Log, sql!("check_outcome_counts"), "counts its outcomes wrongly"),
    (Check::Outcomes, Cost::Log, sql!("check_ended"), "has an outcome and no time of it: it would be kept for ever"),
    (Check::Outcomes, Cost::Log, sql!("check_attempts"), "does not have as many attempts as it says"),
    (Check::Content, Cost::Log, sql!("check_content"), "is not JSON any more"),
];

/// What a statement has to read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cost {
    Hooks,
    Queue,
    Log,
}

/// Looks for damage; `quick` leaves out what compares every row of the log. Secrets are looked at with the store's
/// keys; without them they are left out.
pub fn check(tx: &Connection, quick: bool, seals: Option<&Seals>) -> Result<IntegrityReport, Fault> {
    let mut report = IntegrityReport::default();
    let pragma = if quick { "quick_check" } else { "integrity_check" };
    let most = IntegrityReport::MAX_FINDINGS + 1;
    look(tx, &mut report, Check::File, &format!("PRAGMA {pragma}({most})"), |row| {
        let said: String = row.get(0)?;
        Ok((said != "ok").then_some(said))
    })?;
    look(tx, &mut report, Check::References, "PRAGMA foreign_key_check", |row| {
        let (table, id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let id = id.map_or_else(String::new, |id| format!(" {id}"));
        Ok(Some(format!("{table}{id} refers to a {parent} that is not there")))
    })?;
    for (check, cost, statement, what) in RULES {
        if !(quick && cost == Cost::Log) {
            let found = |row: &Row<'_>| Ok(Some(format!("{} {what}", row.get::<_, String>(0)?)));
            look(tx, &mut report, check, statement, found)?;
        }
    }
    look(tx, &mut report, Check::Content, sql!("check_hooks"), |row| {
        let hook: HookId = row.get("id")?;
        let wrong = match (StoredDestination::read(row), seals) {
            (Err(_), _) => "a destination",
            (Ok(stored), Some(seals)) if stored.open(hook, seals).is_err() => "secrets",
            (Ok(_), _) => return Ok(None),
        };
        Ok(Some(format!("hook {hook} has {wrong} that cannot be read")))
    })?;
    Ok(report)
}

/// Adds what a statement finds. That it cannot be carried out on a damaged file is a finding too; a disk that cannot be
/// read is an error.
fn look(
    tx: &Connection,
    report: &mut IntegrityReport,
    check: Check,
    statement: &str,
    found: impl Fn(&Row<'_>) -> rusqlite::Result<Option<String>>,
) -> Result<(), Fault> {
    let mut reading = || -> rusqlite::Result<()> {
        let mut query = tx.prepare(statement)?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(message) = found(row)? {
                report.add(check, message);
            }
            if report.more {
                break;
            }
        }
        Ok(())
    };
    match reading() {
        Err(cause) if is_damage(&cause) => {
            report.add(check, "the check broke off: what it has to read is damaged");
            Ok(())
        }
        done => Ok(done?),
    }
}

fn is_damage(cause: &rusqlite::Error) -> bool {
    match cause.sqlite_error_code() {
        Some(code) => matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase),
        // A value of another type than the column's.
        None => true,
    }
}
