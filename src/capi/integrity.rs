//! What a look into a store found.

use std::ffi::c_char;
use std::ptr;

use super::boundary::{guard_free, guard_read};
use super::kept::{Json, Kept};
use crate::types::IntegrityReport;
use crate::wire::own;

/// What `tieback_engine_check_integrity` found.
pub struct tieback_integrity_report {
    report: IntegrityReport,
    findings: Vec<(Kept, Kept)>,
    json: Json,
}

impl tieback_integrity_report {
    /// The object of a report.
    pub fn new(report: IntegrityReport) -> Self {
        let findings = report.findings.iter();
        let findings = findings.map(|found| (Kept::new(found.check.as_str()), Kept::new(&found.message))).collect();
        Self { report, findings, json: Json::default() }
    }
}

/// Frees the report.
///
/// Ownership: ends the report. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_free(report: Option<Box<tieback_integrity_report>>) {
    guard_free(report)
}

/// 1 when nothing was found.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_sound(report: Option<&tieback_integrity_report>) -> i32 {
    guard_read(report, 0, |report| report.report.is_sound().into())
}

/// How many findings the report has, at most 100.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_len(report: Option<&tieback_integrity_report>) -> usize {
    guard_read(report, 0, |report| report.findings.len())
}

/// 1 when there are more findings than the report has.
///
/// Ownership: a number. Threads: any. NULL: gives 0. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_more(report: Option<&tieback_integrity_report>) -> i32 {
    guard_read(report, 0, |report| report.report.more.into())
}

/// Which rule a finding breaks, from 0: "file", "references", "lanes", "counts", "outcomes", "ids" or "content".
///
/// Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_check(
    report: Option<&tieback_integrity_report>,
    index: usize,
) -> *const c_char {
    guard_read(report, ptr::null(), |report| {
        report.findings.get(index).map_or(ptr::null(), |(check, _)| check.as_ptr())
    })
}

/// What was found and where, from 0; no content of any row.
///
/// Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL, and so does an index past the end.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_message(
    report: Option<&tieback_integrity_report>,
    index: usize,
) -> *const c_char {
    guard_read(report, ptr::null(), |report| {
        report.findings.get(index).map_or(ptr::null(), |(_, message)| message.as_ptr())
    })
}

/// The report as JSON.
///
/// Ownership: the report's, until it is freed. Threads: any. NULL: gives NULL. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_integrity_report_to_json(report: Option<&tieback_integrity_report>) -> *const c_char {
    guard_read(report, ptr::null(), |report| report.json.of(|| own::integrity_report_to_json(&report.report)))
}
