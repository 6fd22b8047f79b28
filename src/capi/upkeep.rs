//! What keeps a store in good order over a long life: backup, restore, looking for damage, giving space back.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::path::Path;

use super::call::{guard_call, guard_new};
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::handle;
use super::integrity::tieback_integrity_report;
use super::restored::tieback_restored;
use super::status::tieback_status;
use super::text;
use crate::engine::Engine;

/// Writes a backup: one file with everything as it is at one moment, for this user alone. Publishing and delivering go
/// on. The file gets its name when it is whole, checked and on disk; one that is there already is a conflict, or is
/// replaced when `replace` is 1.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CONFLICT; TIEBACK_INVALID_ARGUMENT when the path names no file or one of the store's own;
/// TIEBACK_UNAVAILABLE while another backup to it is under way, or an engine has it open; TIEBACK_STORAGE when the disk
/// fails or is full, or the store is damaged; TIEBACK_CLOSED. Nothing is left then.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_backup(
    engine: *const tieback_engine,
    path: *const c_char,
    replace: i32,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("backup", error, || {
        let engine = handle::engine(engine)?;
        // SAFETY: the caller keeps to the header.
        let path = unsafe { text::required("path", path) }?;
        engine.long().backup(Path::new(path), text::flag("replace", replace)?)
    })
}

/// Makes the store of an engine at `path` from a backup, or from the file of a closed store. No engine may have either
/// open. A store that is there already is a conflict, or is moved aside when `replace` is 1 (`hooks.db-replaced`).
///
/// What was queued in the backup is sent, and may have been sent before, after the backup was taken: the answer says
/// how much that is. Ids that the lost store gave out after the backup was taken are not given out again.
///
/// Ownership: `*out` is yours; free it with `tieback_restored_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CONFLICT; TIEBACK_INVALID_ARGUMENT when both paths are one file or name none; TIEBACK_UNAVAILABLE
/// while an engine has one of them open; TIEBACK_STORAGE when the backup is no tieback store, is newer than this
/// library or damaged, or the disk fails or is full. What was there is as it was then.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_restore(
    backup: *const c_char,
    path: *const c_char,
    replace: i32,
    out: Option<&mut MaybeUninit<*mut tieback_restored>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("restore", out, error, || {
        // SAFETY: the caller keeps to the header.
        let (backup, path) = unsafe { (text::required("backup", backup)?, text::required("path", path)?) };
        let replace = text::flag("replace", replace)?;
        Engine::restore(Path::new(backup), Path::new(path), replace).map(tieback_restored::new)
    })
}

/// Looks for damage in the store, and says what it found: pages and indexes that contradict each other, rows that refer
/// to nothing, counts that are wrong, content that cannot be read. It changes nothing; publishing and delivering go on.
/// `quick` 1 leaves out what compares every row of the log. Damage is no error, but a finding.
///
/// Ownership: `*out` is yours; free it with `tieback_integrity_report_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the file cannot be read at all.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_check_integrity(
    engine: *const tieback_engine,
    quick: i32,
    out: Option<&mut MaybeUninit<*mut tieback_integrity_report>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("check_integrity", out, error, || {
        let engine = handle::engine(engine)?;
        engine.long().check_integrity(text::flag("quick", quick)?).map(tieback_integrity_report::new)
    })
}

/// Gives the space of what was removed back to the file system; `tieback_stats_reusable_bytes` says how much that is.
/// It takes as long as writing what is kept, and room for that twice, in the temporary folder and beside the store;
/// publishing waits meanwhile, and so does whatever else writes. Without it the space is used again.
///
/// Ownership: nothing is given. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED; TIEBACK_STORAGE when the disk fails or is full: nothing was changed then.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_compact(
    engine: *const tieback_engine,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_call("compact", error, || handle::engine(engine)?.long().compact())
}
