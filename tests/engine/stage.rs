//! What most tests here begin with: one endpoint, one hook on it, and events of one resource type.

use std::time::{Duration, Instant};

use serde_json::Value;
use tieback::engine::EngineOptions;
use tieback::types::{Delivery, Hook, NoticeKind, PayloadVersion, Published, Scope};

pub use crate::support::gate::Gate;
use crate::support::rig::{Rig, SOON, company, event};
use crate::support::sink::{Request, Sink};

/// The resource and event of every event here, unless a test says otherwise.
pub const RESOURCE: &str = "Company Users";
pub const EVENT: &str = "update";

/// An engine with one hook to one endpoint. An event is told from others by its resource id.
pub struct Stage {
    pub rig: Rig,
    pub sink: Sink,
    pub scope: Scope,
    pub hook: Hook,
}

impl Stage {
    /// With one attempt in flight at a time, so that the order of arrival is certain.
    pub fn new(sink: Sink) -> Self {
        Self::with(sink, |options| options.policy.max_in_flight = 1)
    }

    /// With up to eight in flight.
    pub fn wide(sink: Sink) -> Self {
        Self::with(sink, |_| {})
    }

    /// With other options.
    pub fn with(sink: Sink, change: impl FnOnce(&mut EngineOptions)) -> Self {
        Self::in_rig(sink, Rig::with(change))
    }

    /// In an engine that is open.
    pub fn in_rig(sink: Sink, rig: Rig) -> Self {
        let scope = company();
        let hook = rig.hook(&scope, &sink.url("/events"), PayloadVersion::V2);
        rig.trigger(&scope, &hook, RESOURCE, EVENT);
        Self { rig, sink, scope, hook }
    }

    /// Closes the engine and opens the file again, one in flight at a time, with the clock at its beginning.
    pub fn reopen(self) -> Self {
        Self { rig: self.rig.reopen(|options| options.policy.max_in_flight = 1), ..self }
    }

    /// Publishes a change of the resource with this id.
    pub fn publish(&self, resource_id: i64) -> Published {
        self.rig.engine.publish(&event(&self.scope, RESOURCE, resource_id, EVENT)).expect("the event is published")
    }

    /// The hook's deliveries, oldest first.
    pub fn log(&self) -> Vec<Delivery> {
        self.rig.deliveries(&self.scope, &self.hook)
    }

    /// The statuses of the hook's deliveries, oldest first.
    pub fn statuses(&self) -> Vec<String> {
        self.log().into_iter().map(|delivery| delivery.status.as_str().to_owned()).collect()
    }

    /// Delivers on this thread, a little at a time, until there were this many requests.
    pub fn pump_until_arrived(&self, count: usize) {
        eventually("the request arrives", || {
            self.rig.engine.pump(Duration::from_millis(10)).expect("the engine is pumped");
            self.sink.requests().len() >= count
        });
    }

    /// The resource ids of all requests so far, in order.
    pub fn arrived(&self) -> Vec<i64> {
        self.sink.requests().iter().map(resource_id).collect()
    }

    /// What happened to lanes since the last call: `paused`, `resumed`, `flushed`.
    pub fn notices(&self) -> Vec<&'static str> {
        self.notice_kinds().iter().map(NoticeKind::as_str).collect()
    }

    /// The same with particulars.
    pub fn notice_kinds(&self) -> Vec<NoticeKind> {
        self.rig.engine.notices().expect("notices").into_iter().map(|notice| notice.kind).collect()
    }

    /// Moves the clock and delivers what is due then; gives how many attempts ended.
    pub fn run_after(&self, span: Duration) -> u64 {
        self.rig.clock.advance(span);
        self.rig.run().attempts
    }
}

/// The resource id in a request's payload.
pub fn resource_id(request: &Request) -> i64 {
    let body: Value = serde_json::from_slice(&request.body).expect("a payload is JSON");
    body["resource_id"].as_i64().expect("a payload has a resource_id")
}

/// Waits until something holds; fails the test when it does not in time.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
