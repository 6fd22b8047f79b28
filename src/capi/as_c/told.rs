//! Functions of the host, and tokens from several threads.

use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::capi::callbacks::{Callbacks, tieback_log_callback, tieback_notice_callback};
use crate::capi::cancel::*;
use crate::capi::log_line::*;
use crate::capi::notice::*;
use crate::report::{LogLevel, LogLine, Report};
use crate::time::Timestamp;
use crate::types::{Notice, NoticeKind};

/// What the host keeps behind `user_data`, which `drop` ends.
#[derive(Default)]
struct Host {
    notices: AtomicUsize,
    lines: AtomicUsize,
    /// Outlives it.
    ended: Arc<AtomicUsize>,
}

extern "C" fn on_notice(user_data: *mut c_void, notice: *const tieback_notice) {
    // SAFETY: the engine gives what it was given, and a notice that is there until this returns.
    let (host, notice) = unsafe { (&*user_data.cast::<Host>(), notice.as_ref()) };
    assert_eq!(text(tieback_notice_kind(notice)), "restored");
    assert!(text(tieback_notice_to_json(notice)).contains("\"queued\":3"));
    host.notices.fetch_add(1, Ordering::Relaxed);
}

extern "C" fn on_log(user_data: *mut c_void, line: *const tieback_log_line) {
    // SAFETY: as above.
    let (host, line) = unsafe { (&*user_data.cast::<Host>(), line.as_ref()) };
    assert_eq!(text(tieback_log_line_message(line)), "a line");
    assert_eq!(tieback_log_line_level(line), TIEBACK_LOG_WARN);
    host.lines.fetch_add(1, Ordering::Relaxed);
}

extern "C" fn end(user_data: *mut c_void) {
    // SAFETY: each callback has a host of its own, and this is called once.
    let host = unsafe { Box::from_raw(user_data.cast::<Host>()) };
    host.ended.fetch_add(1, Ordering::Relaxed);
}

#[test]
fn functions_of_the_host_are_told_by_several_threads_and_dropped_once() {
    let ended = Arc::new(AtomicUsize::new(0));
    let host = || Box::into_raw(Box::new(Host { ended: Arc::clone(&ended), ..Host::default() }));
    let (told, logged) = (host(), host());
    let callbacks = Callbacks::chosen(
        tieback_notice_callback { call: Some(on_notice), user_data: told.cast(), drop: Some(end) },
        tieback_log_callback { call: Some(on_log), user_data: logged.cast(), drop: Some(end) },
        TIEBACK_LOG_WARN,
    );
    let callbacks = callbacks.unwrap();
    callbacks.take_over();
    let at = Timestamp::from_micros(1);
    let notice = Notice { hook: None, at, kind: NoticeKind::Restored { queued: 3 } };
    let line = LogLine { level: LogLevel::Warn, at, hook: None, message: "a line".to_owned() };
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| callbacks.notice(&notice));
            threads.spawn(|| callbacks.log(&line));
        }
    });
    // SAFETY: they live until the callbacks are dropped.
    let seen = unsafe { ((*told).notices.load(Ordering::Relaxed), (*logged).lines.load(Ordering::Relaxed)) };
    assert_eq!(seen, (2, 2));
    assert_eq!(ended.load(Ordering::Relaxed), 0);
    drop(callbacks);
    assert_eq!(ended.load(Ordering::Relaxed), 2);
}

#[test]
fn user_data_of_an_engine_that_did_not_open_stays_the_hosts() {
    let mut host = Host::default();
    let user_data: *mut c_void = (&raw mut host).cast();
    let given = tieback_notice_callback { call: Some(on_notice), user_data, drop: Some(end) };
    let none = tieback_log_callback { call: None, user_data: ptr::null_mut(), drop: None };
    drop(Callbacks::chosen(given, none, 0).unwrap());
    assert!(Callbacks::chosen(tieback_notice_callback { call: None, ..given }, none, 0).is_err());
    assert_eq!(host.ended.load(Ordering::Relaxed), 0);
}

#[test]
fn token_ends_the_calls_of_its_handles_from_any_thread() {
    let house = House::open();
    let token = made(|out, error| tieback_cancel_new(out, error));
    let engine = made(|out, error| tieback_engine_with_cancel(house.engine, token, out, error));
    let service = made(|out, error| tieback_service_with_cancel(house.service, token, out, error));
    tieback_stats_free(owned(made(|out, error| tieback_engine_stats(engine, out, error))));
    let address = token.addr();
    std::thread::spawn(move || tieback_cancel_request(ptr::without_provenance(address), None)).join().unwrap();
    assert_eq!(tieback_cancel_requested(token), 1);
    let scope = tieback_scope_company(1);
    fails(TIEBACK_CANCELLED, |out, error| tieback_engine_stats(engine, out, error));
    fails(TIEBACK_CANCELLED, |out, error| tieback_hook_list(service, &scope, ptr::null(), out, error));
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| tieback_engine_stats(token.cast_const().cast(), out, error));
    tieback_stats_free(owned(made(|out, error| tieback_engine_stats(house.engine, out, error))));
    tieback_cancel_free(token);
    assert_eq!(tieback_cancel_requested(token), 0);
    tieback_service_free(service);
    tieback_engine_close(engine);
    fails(TIEBACK_CLOSED, |out, error| tieback_engine_stats(engine, out, error));
}
