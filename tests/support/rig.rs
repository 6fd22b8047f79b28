//! An engine on a real file, with a clock that the test moves, and the service on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::policy::egress::Egress;
use tieback::random::SeededRandom;
use tieback::service::Service;
use tieback::store::Store;
use tieback::time::{ManualClock, Timestamp};
use tieback::types::{
    Delivery, DeliveryQuery, DestinationHeaders, DestinationUrl, Event, Hook, HookCreate, Id, IdleReport, Namespace,
    PageRequest, PayloadVersion, Scope, Trigger, TriggerCreate,
};

/// Long enough for anything that should happen at once, also on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);

/// An engine on a file of its own.
pub struct Rig {
    pub engine: Arc<Engine>,
    pub service: Embedded,
    pub clock: ManualClock,
    folder: TempDir,
}

impl Rig {
    /// With Procore's numbers, and permission to deliver to loopback addresses.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other options.
    pub fn with(change: impl FnOnce(&mut EngineOptions)) -> Self {
        Self::in_folder(tempfile::tempdir().expect("a temporary folder"), change)
    }

    /// On another store than the file.
    pub fn on(store: Arc<dyn Store>, change: impl FnOnce(&mut EngineOptions)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::opened(folder, change, |options| Engine::on(store, options))
    }

    fn in_folder(folder: TempDir, change: impl FnOnce(&mut EngineOptions)) -> Self {
        Self::opened(folder, change, Engine::open)
    }

    fn opened(
        folder: TempDir,
        change: impl FnOnce(&mut EngineOptions),
        open: impl FnOnce(EngineOptions) -> tieback::error::Result<Engine>,
    ) -> Self {
        let clock = ManualClock::at(Timestamp::parse("2026-11-24T08:00:00Z").expect("a moment"));
        let mut options = EngineOptions::at(folder.path().join("hooks.db"));
        options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
        options.clock = Arc::new(clock.clone());
        options.random = Arc::new(SeededRandom::new(7));
        change(&mut options);
        let engine = Arc::new(open(options).expect("the engine opens"));
        let service = Embedded::new(Arc::clone(&engine));
        Self { engine, service, clock, folder }
    }

    /// Closes the engine and opens another one on the same file.
    pub fn reopen(self, change: impl FnOnce(&mut EngineOptions)) -> Self {
        self.engine.close();
        let Self { engine, service, folder, .. } = self;
        drop((engine, service));
        Self::in_folder(folder, change)
    }

    /// The store's file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("hooks.db")
    }

    /// The folder of the store.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A hook to this URL, with an `Authorization` header.
    pub fn hook(&self, scope: &Scope, url: &str, version: PayloadVersion) -> Hook {
        self.service.hook_create(scope, &hook_create("acme-invoice-sync", url, version)).expect("the hook is created")
    }

    /// A second hook: one more namespace.
    pub fn hook_named(&self, scope: &Scope, namespace: &str, url: &str) -> Hook {
        let create = hook_create(namespace, url, PayloadVersion::V2);
        self.service.hook_create(scope, &create).expect("the hook is created")
    }

    /// A trigger on it.
    pub fn trigger(&self, scope: &Scope, hook: &Hook, resource: &str, event: &str) -> Trigger {
        let trigger = TriggerCreate::new(resource, event).expect("a trigger");
        self.service.trigger_create(scope, &hook.id, &trigger).expect("the trigger is created")
    }

    /// Delivers on this thread until nothing is in flight or due.
    pub fn run(&self) -> IdleReport {
        let report = self.engine.run_until_idle(SOON, false).expect("the engine runs");
        assert!(report.idle, "not idle in time: {report:?}");
        report
    }

    /// The hook's deliveries, oldest first.
    pub fn deliveries(&self, scope: &Scope, hook: &Hook) -> Vec<Delivery> {
        self.deliveries_by(scope, hook, &DeliveryQuery::default())
    }

    /// The hook's deliveries that a query admits, oldest first.
    pub fn deliveries_by(&self, scope: &Scope, hook: &Hook, query: &DeliveryQuery) -> Vec<Delivery> {
        let page = self.service.delivery_list(scope, &hook.id, query, &PageRequest::default()).expect("the list");
        assert!(page.next.is_none(), "more deliveries than one page");
        page.items.into_iter().rev().collect()
    }
}

/// What creates a hook.
pub fn hook_create(namespace: &str, url: &str, version: PayloadVersion) -> HookCreate {
    HookCreate {
        namespace: Namespace::parse(namespace).expect("a namespace"),
        payload_version: version,
        destination_url: DestinationUrl::parse(url).expect("a URL"),
        destination_headers: DestinationHeaders::parse([("Authorization", "Bearer a-long-secret-token")])
            .expect("headers"),
        signing_secrets: Default::default(),
        rate_limit: None,
    }
}

/// Company 5358233 of the guide.
pub fn company() -> Scope {
    Scope::company(5_358_233).expect("a scope")
}

/// Project 9876543 of the guide, in that company.
pub fn project() -> Scope {
    Scope::project(9_876_543, Some(5_358_233)).expect("a scope")
}

/// A change of one resource.
pub fn event(scope: &Scope, resource: &str, id: i64, event_type: &str) -> Event {
    Event::new(scope, resource, Id::from(id), event_type)
}
