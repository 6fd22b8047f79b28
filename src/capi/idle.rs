//! The report of a run.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, count};
use crate::types::IdleReport;
use crate::wire::own;

/// How `tieback_engine_pump` or `tieback_engine_run_until_idle` ended.
pub struct tieback_idle_report {
    report: IdleReport,
    json: Json,
}

impl tieback_idle_report {
    /// The object of a report.
    pub fn new(report: IdleReport) -> Self {
        Self { report, json: Json::default() }
    }
}

/// Frees a report.
///
/// Ownership: ends the report. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_idle_report_free(report: Option<Box<tieback_idle_report>>) {
    guard_free(report)
}

/// 1 when nothing is in flight or due; 0 when the time ran out first.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_idle_report_idle(report: Option<&tieback_idle_report>) -> i32 {
    guard_read(report, 0, |report| report.report.idle.into())
}

/// How many lanes wait for the end of their back-off.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_idle_report_paused_lanes(report: Option<&tieback_idle_report>) -> i64 {
    guard_read(report, 0, |report| count(report.report.paused_lanes))
}

/// How many attempts ended meanwhile.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_idle_report_attempts(report: Option<&tieback_idle_report>) -> i64 {
    guard_read(report, 0, |report| count(report.report.attempts))
}

/// The report as JSON.
///
/// Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_idle_report_to_json(report: Option<&tieback_idle_report>) -> *const c_char {
    guard_read(report, ptr::null(), |report| report.json.of(|| own::idle_report_to_json(&report.report)))
}
