//! The engine class: every operation of an embedded engine, from plain Python objects to plain Python objects.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyList;
use serde_json::Value;
use tieback::embedded::Embedded;
use tieback::engine::{Cancellable, Engine as CoreEngine, EngineOptions, check_count, each_during, one_answer_each};
use tieback::error::{Error, Result};
use tieback::service::Service;
use tieback::types::{Id, IdleReport, Scope, TriggerCreate};
use tieback::wire::own;

use crate::answer;
use crate::boundary::{detached, exception};
use crate::cancel::{Cancel, Ending};
use crate::convert::{read, read_item, to_python};
use crate::opened::Opened;
use crate::report::{ToPython, is_inside};
use crate::wait::{Endings, in_slices, on_a_thread};

/// An embedded engine. Safe for use from many threads at once.
#[pyclass(frozen, module = "tieback._tieback")]
pub struct Engine {
    opened: Opened,
    closed: AtomicBool,
    endings: Endings,
}

/// A plain Python object that a call was given.
type Object<'a, 'py> = &'a Bound<'py, PyAny>;

/// What may end a long call.
type Token<'a, 'py> = Option<&'a Bound<'py, Cancel>>;

#[pymethods]
impl Engine {
    #[new]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        options: Object<'_, '_>,
        wanted: Py<PyAny>,
        log: Py<PyAny>,
        notice: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let mut options = read(py, "open", options, |options| EngineOptions::from_json_at(path, options))?;
        options.report = Arc::new(ToPython::new(wanted, log, notice));
        let engine = detached(py, "open", move || CoreEngine::open(options))?;
        Ok(Self { opened: Opened::new(engine), closed: AtomicBool::new(false), endings: Endings::default() })
    }

    // ---- hooks ----

    fn hook_create(&self, py: Python<'_>, scope: Object<'_, '_>, hook: Object<'_, '_>) -> PyResult<Py<PyAny>> {
        const NAME: &str = "hook_create";
        let (scope, hook) = (scope_of(py, NAME, scope)?, read(py, NAME, hook, own::hook_create_from_json)?);
        let hook = self.serve(py, NAME, |service| service.hook_create(&scope, &hook))?;
        to_python(py, &own::hook_to_json(&hook))
    }

    fn hook_list(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        query: Object<'_, '_>,
        page: Object<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "hook_list";
        let (scope, query) = (scope_of(py, NAME, scope)?, read(py, NAME, query, own::hook_query_from_json)?);
        let page = read(py, NAME, page, own::page_request_from_json)?;
        let page = self.serve(py, NAME, |service| service.hook_list(&scope, &query, &page))?;
        answer::page(py, &page, own::hook_to_json)
    }

    fn hook_show(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str) -> PyResult<Py<PyAny>> {
        const NAME: &str = "hook_show";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let hook = self.serve(py, NAME, |service| service.hook_show(&scope, &hook_id))?;
        to_python(py, &own::hook_to_json(&hook))
    }

    fn hook_update(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        hook_id: &str,
        change: Object<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "hook_update";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let change = read(py, NAME, change, own::hook_update_from_json)?;
        let hook = self.serve(py, NAME, |service| service.hook_update(&scope, &hook_id, &change))?;
        to_python(py, &own::hook_to_json(&hook))
    }

    fn hook_delete(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str) -> PyResult<()> {
        const NAME: &str = "hook_delete";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        self.serve(py, NAME, |service| service.hook_delete(&scope, &hook_id))
    }

    // ---- triggers ----

    fn trigger_create(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        hook_id: &str,
        trigger: Object<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "trigger_create";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let trigger = read(py, NAME, trigger, own::trigger_create_from_json)?;
        let trigger = self.serve(py, NAME, |service| service.trigger_create(&scope, &hook_id, &trigger))?;
        to_python(py, &own::trigger_to_json(&trigger))
    }

    fn trigger_list(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        hook_id: &str,
        page: Object<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "trigger_list";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let page = read(py, NAME, page, own::page_request_from_json)?;
        let page = self.serve(py, NAME, |service| service.trigger_list(&scope, &hook_id, &page))?;
        answer::page(py, &page, own::trigger_to_json)
    }

    fn trigger_delete(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str, trigger_id: &str) -> PyResult<()> {
        const NAME: &str = "trigger_delete";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let trigger_id = id_of(py, NAME, "trigger_id", trigger_id)?;
        self.serve(py, NAME, |service| service.trigger_delete(&scope, &hook_id, &trigger_id))
    }

    fn trigger_create_many(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        hook_id: &str,
        triggers: &Bound<'_, PyList>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "trigger_create_many";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let triggers = items(py, NAME, "triggers", triggers, TriggerCreate::MAX_BULK, own::trigger_create_from_json)?;
        let answers = self.serve(py, NAME, |service| {
            one_answer_each(triggers, |good| service.trigger_create_many(&scope, &hook_id, good))
        })?;
        to_python(py, &own::triggers_created_to_json(&each_during(NAME, answers)))
    }

    fn trigger_delete_many(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        hook_id: &str,
        trigger_ids: &Bound<'_, PyList>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "trigger_delete_many";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let ids = items(py, NAME, "triggers", trigger_ids, TriggerCreate::MAX_BULK, |id| {
            own::id_from_json("trigger_id", id)
        })?;
        let answers = self.serve(py, NAME, |service| {
            one_answer_each(ids, |good| service.trigger_delete_many(&scope, &hook_id, good))
        })?;
        to_python(py, &own::triggers_deleted_to_json(&each_during(NAME, answers)))
    }

    // ---- resources and deliveries ----

    fn resource_list(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        query: Object<'_, '_>,
        page: Object<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "resource_list";
        let (scope, query) = (scope_of(py, NAME, scope)?, read(py, NAME, query, own::resource_query_from_json)?);
        let page = read(py, NAME, page, own::page_request_from_json)?;
        let page = self.serve(py, NAME, |service| service.resource_list(&scope, &query, &page))?;
        answer::page(py, &page, own::resource_to_json)
    }

    fn delivery_list(
        &self,
        py: Python<'_>,
        scope: Object<'_, '_>,
        hook_id: &str,
        query: Object<'_, '_>,
        page: Object<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "delivery_list";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let query = read(py, NAME, query, own::delivery_query_from_json)?;
        let page = read(py, NAME, page, own::page_request_from_json)?;
        let page = self.serve(py, NAME, |service| service.delivery_list(&scope, &hook_id, &query, &page))?;
        answer::deliveries(py, &page)
    }

    // ---- publishing ----

    /// Not in slices: when this returns, the event is on disk or it is not. Python raises KeyboardInterrupt afterwards.
    fn publish(&self, py: Python<'_>, event: Object<'_, '_>) -> PyResult<Py<PyAny>> {
        const NAME: &str = "publish";
        let event = read(py, NAME, event, own::event_from_json)?;
        let published = self.serve(py, NAME, |service| service.engine().publish(&event))?;
        to_python(py, &own::published_to_json(&published))
    }

    /// A list with `{"published": {...}}` or `{"error": {...}}` for each event.
    fn publish_many(&self, py: Python<'_>, events: &Bound<'_, PyList>) -> PyResult<Py<PyAny>> {
        const NAME: &str = "publish_many";
        let events = items(py, NAME, "events", events, CoreEngine::MAX_PUBLISH, own::event_from_json)?;
        let answers =
            self.serve(py, NAME, |service| one_answer_each(events, |good| service.engine().publish_many(good)))?;
        let entry = |answer: &Result<_>| match answer {
            Ok(published) => serde_json::json!({"published": own::published_to_json(published)}),
            Err(error) => serde_json::json!({"error": own::error_to_json(error)}),
        };
        to_python(py, &Value::Array(each_during(NAME, answers).iter().map(entry).collect()))
    }

    fn send_test(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str) -> PyResult<Py<PyAny>> {
        const NAME: &str = "send_test";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let published = self.serve(py, NAME, |service| service.engine().send_test(&scope, &hook_id))?;
        to_python(py, &own::published_to_json(&published))
    }

    // ---- delivering ----

    fn start(&self, py: Python<'_>) -> PyResult<()> {
        let opened = self.opened.clone();
        on_a_thread(py, "start", &Ending::default(), move || opened.call(|service| service.engine().start()))
    }

    fn stop(&self, py: Python<'_>, grace: f64) -> PyResult<()> {
        let grace = span_of(py, "stop", "grace", grace)?;
        let opened = self.opened.clone();
        // In the middle of a line it is refused, and ends nobody's run.
        if !is_inside() {
            self.endings.add();
        }
        on_a_thread(py, "stop", &Ending::default(), move || opened.call(|service| service.engine().stop(grace)))
    }

    fn pump(&self, py: Python<'_>, budget: f64, cancel: Token<'_, '_>) -> PyResult<Py<PyAny>> {
        const NAME: &str = "pump";
        let (budget, ending) = (span_of(py, NAME, "budget", budget)?, Ending::of(cancel));
        let step = |slice| self.long(&ending, |engine| engine.pump(slice));
        let report = in_slices(py, NAME, &self.endings, budget, step, |report| report.idle)?;
        to_python(py, &own::idle_report_to_json(&report))
    }

    fn run_until_idle(
        &self,
        py: Python<'_>,
        timeout: f64,
        wait_paused: bool,
        cancel: Token<'_, '_>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "run_until_idle";
        let (timeout, ending) = (span_of(py, NAME, "timeout", timeout)?, Ending::of(cancel));
        let step = |slice| self.long(&ending, |engine| engine.run_until_idle(slice, wait_paused));
        let done = |report: &IdleReport| report.idle && !(wait_paused && report.paused_lanes > 0);
        let report = in_slices(py, NAME, &self.endings, timeout, step, done)?;
        to_python(py, &own::idle_report_to_json(&report))
    }

    // ---- operating ----

    fn redeliver(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str, delivery_id: &str) -> PyResult<String> {
        const NAME: &str = "redeliver";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let delivery_id = id_of(py, NAME, "delivery_id", delivery_id)?;
        let made = self.serve(py, NAME, |service| service.engine().redeliver(&scope, &hook_id, &delivery_id))?;
        Ok(made.as_str().to_owned())
    }

    fn skip(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str, delivery_id: &str) -> PyResult<()> {
        const NAME: &str = "skip";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        let delivery_id = id_of(py, NAME, "delivery_id", delivery_id)?;
        self.serve(py, NAME, |service| service.engine().skip(&scope, &hook_id, &delivery_id))
    }

    fn retry_now(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str) -> PyResult<()> {
        const NAME: &str = "retry_now";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        self.serve(py, NAME, |service| service.engine().retry_now(&scope, &hook_id))
    }

    fn pause(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str) -> PyResult<()> {
        const NAME: &str = "pause";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        self.serve(py, NAME, |service| service.engine().pause(&scope, &hook_id))
    }

    fn resume(&self, py: Python<'_>, scope: Object<'_, '_>, hook_id: &str) -> PyResult<()> {
        const NAME: &str = "resume";
        let (scope, hook_id) = (scope_of(py, NAME, scope)?, id_of(py, NAME, "hook_id", hook_id)?);
        self.serve(py, NAME, |service| service.engine().resume(&scope, &hook_id))
    }

    fn stats(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let stats = self.serve(py, "stats", |service| service.engine().stats())?;
        to_python(py, &own::stats_to_json(&stats))
    }

    fn purge(&self, py: Python<'_>, cancel: Token<'_, '_>) -> PyResult<Py<PyAny>> {
        let purged = self.long_on_a_thread(py, "purge", cancel, |engine| engine.purge())?;
        to_python(py, &own::purged_to_json(&purged))
    }

    // ---- upkeep ----

    fn backup(&self, py: Python<'_>, path: PathBuf, replace: bool, cancel: Token<'_, '_>) -> PyResult<()> {
        self.long_on_a_thread(py, "backup", cancel, move |engine| engine.backup(&path, replace))
    }

    fn check_integrity(&self, py: Python<'_>, quick: bool, cancel: Token<'_, '_>) -> PyResult<Py<PyAny>> {
        let report =
            self.long_on_a_thread(py, "check_integrity", cancel, move |engine| engine.check_integrity(quick))?;
        to_python(py, &own::integrity_report_to_json(&report))
    }

    fn compact(&self, py: Python<'_>, cancel: Token<'_, '_>) -> PyResult<()> {
        self.long_on_a_thread(py, "compact", cancel, |engine| engine.compact())
    }

    fn notices(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let notices = self.serve(py, "notices", |service| service.engine().notices())?;
        to_python(py, &Value::Array(notices.iter().map(own::notice_to_json).collect()))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.opened.is_foreign() || self.closed.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let opened = self.opened.clone();
        self.endings.add();
        on_a_thread(py, "close", &Ending::default(), move || opened.close())
    }

    /// In seconds.
    #[getter]
    fn attempt_limit(&self, py: Python<'_>) -> PyResult<f64> {
        self.serve(py, "attempt_limit", |service| Ok(service.engine().attempt_limit().as_secs_f64()))
    }

    /// In a forked child it is closed from the start.
    #[getter]
    fn closed(&self) -> bool {
        self.opened.is_foreign() || self.closed.load(Ordering::SeqCst)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.opened.close_later();
    }
}

impl Engine {
    fn serve<T: Send>(
        &self,
        py: Python<'_>,
        operation: &'static str,
        call: impl FnOnce(&Embedded) -> Result<T> + Send,
    ) -> PyResult<T> {
        detached(py, operation, || self.opened.call(call))
    }

    /// Makes a long call, with a token that ends it.
    fn long<T>(&self, ending: &Ending, call: impl FnOnce(Cancellable<'_>) -> Result<T>) -> Result<T> {
        self.opened.call(|service| ending.carry(|cancel| call(service.engine().with_cancel(cancel))))
    }

    /// Makes one that cannot be cut in slices.
    fn long_on_a_thread<T: Send + 'static>(
        &self,
        py: Python<'_>,
        operation: &'static str,
        cancel: Token<'_, '_>,
        call: impl FnOnce(Cancellable<'_>) -> Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let (opened, ending) = (self.opened.clone(), Ending::of(cancel));
        let carried = ending.clone();
        let begun = move || opened.call(|service| carried.carry(|cancel| call(service.engine().with_cancel(cancel))));
        on_a_thread(py, operation, &ending, begun)
    }
}

fn scope_of(py: Python<'_>, operation: &'static str, scope: Object<'_, '_>) -> PyResult<Scope> {
    read(py, operation, scope, own::scope_from_json)
}

/// The items of a call on many, at most this many, each read on its own.
fn items<T>(
    py: Python<'_>,
    operation: &'static str,
    what: &str,
    list: &Bound<'_, PyList>,
    most: usize,
    parse: impl Fn(&Value) -> Result<T>,
) -> PyResult<Vec<Result<T>>> {
    check_count(what, list.len(), most).map_err(|error| exception(py, &error.during(operation)))?;
    list.iter().map(|item| read_item(operation, &item, &parse)).collect()
}

fn id_of(py: Python<'_>, operation: &'static str, what: &str, id: &str) -> PyResult<Id> {
    Id::parse(what, id).map_err(|error| exception(py, &error.during(operation)))
}

fn span_of(py: Python<'_>, operation: &'static str, what: &str, seconds: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let message = format!("{what} of {seconds} seconds is out of range: give a number of seconds from 0 on");
        exception(py, &Error::invalid(message).during(operation))
    })
}
