//! Functions of the host that an engine calls.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};

use super::log_line::{self, tieback_log_line};
use super::notice::tieback_notice;
use crate::error::{Error, Result};
use crate::report::{LogLevel, LogLine, Report};
use crate::types::Notice;

/// A function that is told each notice as it happens. All zero: nobody is told; `tieback_engine_notices` has them too.
///
/// It is called on whichever thread something happens: one of the engine's, or yours inside of a call; by several
/// threads at once. It must return, and not by `longjmp` or a C++ exception. Inside of it you may read, manage, publish
/// and cancel, of which no line is told; `tieback_engine_start`, `_stop`, `_pump` and `_run_until_idle` are
/// TIEBACK_CONFLICT there.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_notice_callback {
    /// The function. The notice is there until it returns.
    pub call: Option<unsafe extern "C" fn(user_data: *mut c_void, notice: *const tieback_notice)>,
    /// What it gets first. Several threads may get it at once.
    pub user_data: *mut c_void,
    /// Called once with `user_data`, when the engine is closed and calls it no more; it may be NULL. When opening fails
    /// it is not called: `user_data` is still yours then.
    pub drop: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// A function that is told each line for a log. All zero: nobody is told. The rules are those of
/// `tieback_notice_callback`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_log_callback {
    /// The function. The line is there until it returns.
    pub call: Option<unsafe extern "C" fn(user_data: *mut c_void, line: *const tieback_log_line)>,
    /// What it gets first. Several threads may get it at once.
    pub user_data: *mut c_void,
    /// Called once with `user_data`, when the engine is closed and calls it no more; it may be NULL. When opening fails
    /// it is not called: `user_data` is still yours then.
    pub drop: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// The host's functions, as an engine's listener.
#[derive(Debug)]
pub struct Callbacks {
    on_notice: tieback_notice_callback,
    on_log: tieback_log_callback,
    level: LogLevel,
    /// The engine is open: `user_data` is to be dropped with this.
    taken_over: AtomicBool,
}

// SAFETY: the header says that `call` and `drop` are called by any thread, and `call` by several at once; so whoever
// fills in `user_data` has made it fit for that.
unsafe impl Send for Callbacks {}
// SAFETY: as above.
unsafe impl Sync for Callbacks {}

impl Callbacks {
    /// Takes what the options say.
    pub fn chosen(on_notice: tieback_notice_callback, on_log: tieback_log_callback, log_level: i32) -> Result<Self> {
        let level = log_line::level(log_level)?;
        let idle = [
            ("on_notice", on_notice.call.is_none() && !(on_notice.user_data.is_null() && on_notice.drop.is_none())),
            ("on_log", on_log.call.is_none() && !(on_log.user_data.is_null() && on_log.drop.is_none())),
        ];
        match idle.into_iter().find(|(_, idle)| *idle) {
            Some((name, _)) => {
                Err(Error::invalid(format!("{name} has no `call`: set it, or leave all of {name} zero")))
            }
            None => Ok(Self { on_notice, on_log, level, taken_over: AtomicBool::new(false) }),
        }
    }

    /// The engine is open.
    pub fn take_over(&self) {
        self.taken_over.store(true, Ordering::Release);
    }
}

impl Report for Callbacks {
    fn level(&self) -> Option<LogLevel> {
        self.on_log.call.map(|_| self.level)
    }

    fn log(&self, line: &LogLine) {
        if let Some(call) = self.on_log.call {
            let line = tieback_log_line::new(line.clone());
            // SAFETY: the host gave this function for this argument; the line lives until it returns.
            unsafe { call(self.on_log.user_data, &raw const line) }
        }
    }

    fn notice(&self, notice: &Notice) {
        if let Some(call) = self.on_notice.call {
            let notice = tieback_notice::new(notice.clone());
            // SAFETY: the host gave this function for this argument; the notice lives until it returns.
            unsafe { call(self.on_notice.user_data, &raw const notice) }
        }
    }
}

impl Drop for Callbacks {
    fn drop(&mut self) {
        if !self.taken_over.load(Ordering::Acquire) {
            return;
        }
        for (drop, user_data) in
            [(self.on_notice.drop, self.on_notice.user_data), (self.on_log.drop, self.on_log.user_data)]
        {
            if let Some(drop) = drop {
                // SAFETY: the host gave this function for this argument, and nobody calls with it any more.
                unsafe { drop(user_data) }
            }
        }
    }
}
