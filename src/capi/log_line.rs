//! Lines that an engine tells for the host's log.

use std::ffi::c_char;
use std::ptr;

use super::boundary::guard_read;
use super::kept::{Json, Kept, maybe, pointer};
use crate::error::{Error, Result};
use crate::report::{LogLevel, LogLine};
use crate::wire::own;

/// Something is lost or stands still: a queue was discarded, the store fails.
pub const TIEBACK_LOG_ERROR: i32 = 1;

/// Something is in the way and is tried again: a lane is paused.
pub const TIEBACK_LOG_WARN: i32 = 2;

/// What an operator wants to have read afterwards: opened, started, hooks created, lanes that go on.
pub const TIEBACK_LOG_INFO: i32 = 3;

/// Each publish and each attempt.
pub const TIEBACK_LOG_DEBUG: i32 = 4;

/// One line for the host's log. It is there during the call that tells it.
pub struct tieback_log_line {
    hook_id: Option<Kept>,
    at: Kept,
    message: Kept,
    json: Json,
    line: LogLine,
}

impl tieback_log_line {
    /// For C.
    pub fn new(line: LogLine) -> Self {
        Self {
            hook_id: maybe(line.hook),
            at: Kept::new(line.at),
            message: Kept::new(&line.message),
            json: Json::default(),
            line,
        }
    }
}

/// The number of a level.
fn level_number(level: LogLevel) -> i32 {
    match level {
        LogLevel::Error => TIEBACK_LOG_ERROR,
        LogLevel::Warn => TIEBACK_LOG_WARN,
        LogLevel::Info => TIEBACK_LOG_INFO,
        LogLevel::Debug => TIEBACK_LOG_DEBUG,
    }
}

/// The level of a number; 0 is the default.
pub fn level(number: i32) -> Result<LogLevel> {
    if number == 0 {
        return Ok(LogLevel::Info);
    }
    let known = LogLevel::ALL.into_iter().find(|level| level_number(*level) == number);
    known.ok_or_else(|| Error::invalid(format!("log_level {number} is none: use one of TIEBACK_LOG_ERROR to _DEBUG")))
}

/// How much the line matters: TIEBACK_LOG_ERROR to TIEBACK_LOG_DEBUG; larger numbers are more talkative.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_log_line_level(line: Option<&tieback_log_line>) -> i32 {
    guard_read(line, 0, |line| level_number(line.line.level))
}

/// When it happened, RFC 3339 in UTC.
///
/// Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_log_line_at(line: Option<&tieback_log_line>) -> *const c_char {
    guard_read(line, ptr::null(), |line| line.at.as_ptr())
}

/// The hook that it is about; NULL when it concerns all.
///
/// Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_log_line_hook_id(line: Option<&tieback_log_line>) -> *const c_char {
    guard_read(line, ptr::null(), |line| pointer(&line.hook_id))
}

/// What happened, in one line without secrets.
///
/// Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_log_line_message(line: Option<&tieback_log_line>) -> *const c_char {
    guard_read(line, ptr::null(), |line| line.message.as_ptr())
}

/// The line as JSON.
///
/// Ownership: the line's, until the callback returns. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_log_line_to_json(line: Option<&tieback_log_line>) -> *const c_char {
    guard_read(line, ptr::null(), |line| line.json.of(|| own::log_line_to_json(&line.line)))
}
