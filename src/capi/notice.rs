//! What happened to lanes, and to the store.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::call::guard_new;
use super::engine::tieback_engine;
use super::error::tieback_error;
use super::handle;
use super::kept::{Json, Kept, count, maybe, pointer};
use super::list::List;
use super::status::tieback_status;
use crate::types::{Notice, NoticeKind, Page};
use crate::wire::own;

/// One happening on a hook's lane, or to the store under all of them.
pub struct tieback_notice {
    hook_id: Option<Kept>,
    at: Kept,
    kind: Kept,
    reason: Option<Kept>,
    json: Json,
    notice: Notice,
}

impl tieback_notice {
    /// For C.
    pub fn new(notice: Notice) -> Self {
        Self {
            hook_id: maybe(notice.hook),
            at: Kept::new(notice.at),
            kind: Kept::new(notice.kind.as_str()),
            reason: match &notice.kind {
                NoticeKind::Paused { reason }
                | NoticeKind::StoreFailed { reason }
                | NoticeKind::OutOfDescriptors { reason } => Some(Kept::new(reason)),
                NoticeKind::Resumed | NoticeKind::Flushed { .. } | NoticeKind::Restored { .. } => None,
            },
            json: Json::default(),
            notice,
        }
    }
}

/// Notices, oldest first.
pub struct tieback_notices(List<tieback_notice>);

/// What happened since the last call: lanes that paused, resumed or were flushed, a store that failed or was restored.
/// At most 1,024 are kept; the oldest go first.
///
/// Ownership: `*out` is yours; free it with `tieback_notices_free`. Threads: any. NULL: `error` may be.
/// Errors: TIEBACK_CLOSED.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_notices(
    engine: *const tieback_engine,
    out: Option<&mut MaybeUninit<*mut tieback_notices>>,
    error: Option<&mut MaybeUninit<*mut tieback_error>>,
) -> tieback_status {
    guard_new("notices", out, error, || {
        let items = handle::engine(engine)?.notices()?;
        Ok(tieback_notices(List::of(Page { items, next: None }, tieback_notice::new)))
    })
}

/// Frees a list and its notices.
///
/// Ownership: ends the list. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notices_free(list: Option<Box<tieback_notices>>) {
    guard_free(list)
}

/// How many notices the list has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notices_len(list: Option<&tieback_notices>) -> usize {
    guard_read(list, 0, |list| list.0.len())
}

/// One notice of the list, from 0.
///
/// Ownership: the list's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notices_at(list: Option<&tieback_notices>, index: usize) -> Option<&tieback_notice> {
    guard_read(list, None, |list| list.0.at(index))
}

/// The hook's id; NULL when the notice concerns all hooks.
///
/// Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_hook_id(notice: Option<&tieback_notice>) -> *const c_char {
    guard_read(notice, ptr::null(), |notice| pointer(&notice.hook_id))
}

/// When it happened, as RFC 3339.
///
/// Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_at(notice: Option<&tieback_notice>) -> *const c_char {
    guard_read(notice, ptr::null(), |notice| notice.at.as_ptr())
}

/// What happened: "paused", "resumed", "flushed"; "store_failed" while the store cannot keep what was delivered (such
/// as on a full disk): then nothing starts, and it is tried again every second; "out_of_descriptors" while this process
/// may open no more files: then attempts wait, and no endpoint is taken to have failed; or "restored" when the engine
/// opened a store that was restored from a backup and still has what was queued in it, which may have been sent before.
///
/// Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_kind(notice: Option<&tieback_notice>) -> *const c_char {
    guard_read(notice, ptr::null(), |notice| notice.kind.as_ptr())
}

/// Why the lane was paused, such as "503", what the store's error says, or what to do about file
/// descriptors; NULL for other kinds.
///
/// Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_reason(notice: Option<&tieback_notice>) -> *const c_char {
    guard_read(notice, ptr::null(), |notice| pointer(&notice.reason))
}

/// How many deliveries a flush discarded; 0 for other kinds.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_discarded(notice: Option<&tieback_notice>) -> i64 {
    guard_read(notice, 0, |notice| match notice.notice.kind {
        NoticeKind::Flushed { discarded } => count(discarded),
        _ => 0,
    })
}

/// How many deliveries were queued in the backup that the store was restored from, and are still; 0 for other kinds.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_queued(notice: Option<&tieback_notice>) -> i64 {
    guard_read(notice, 0, |notice| match notice.notice.kind {
        NoticeKind::Restored { queued } => count(queued),
        _ => 0,
    })
}

/// The notice as JSON.
///
/// Ownership: the notice's, until its list is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_notice_to_json(notice: Option<&tieback_notice>) -> *const c_char {
    guard_read(notice, ptr::null(), |notice| notice.json.of(|| own::notice_to_json(&notice.notice)))
}
