//! What embeds tieback: an engine on a file of its own, with hooks, and the events for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::policy::egress::Egress;
use tieback::service::Service;
use tieback::types::{
    DestinationHeaders, DestinationUrl, Event, Hook, HookCreate, Id, Namespace, PayloadVersion, Scope, SigningSecrets,
    TriggerCreate,
};

use crate::Outcome;
use crate::rounds::per_second;

/// Attempts in flight, of tieback and of the bare client.
pub const IN_FLIGHT: usize = 64;
/// Resources of all hooks together; with more hooks than that, one each.
const RESOURCES: usize = 1000;
/// Events that one call publishes.
const BATCH: usize = 100;
const COMPANY: i64 = 5_358_233;
const LONG: Duration = Duration::from_secs(600);

/// A folder on the disk of the build: a temporary folder of the system may be in memory, where a sync costs nothing.
pub fn folder() -> Outcome<TempDir> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// A store with hooks, made once and copied for every round.
pub struct Template {
    folder: TempDir,
    hooks: usize,
}

impl Template {
    /// With so many hooks, each of a project of its own, that all deliver to one URL.
    pub fn new(hooks: usize, url: &str) -> Outcome<Self> {
        Self::with(hooks, &|_| url.to_owned())
    }

    /// With hooks that deliver to different URLs.
    pub fn with(hooks: usize, url: &(dyn Fn(usize) -> String + Sync)) -> Outcome<Self> {
        let folder = folder()?;
        let host = Host::open(&file(&folder))?;
        host.make_hooks(hooks, url)?;
        host.engine.close();
        Ok(Self { folder, hooks })
    }

    /// Makes a copy of the file.
    pub fn copy_to(&self, path: &Path) -> Outcome<()> {
        fs::copy(file(&self.folder), path)?;
        Ok(())
    }

    /// An engine on a fresh copy.
    pub fn open(&self) -> Outcome<Host> {
        let folder = folder()?;
        self.copy_to(&file(&folder))?;
        let host = Host::open(&file(&folder))?;
        Ok(Host { _folder: Some(folder), ..host })
    }

    /// How many events per second a fresh copy publishes and delivers.
    pub fn deliver(&self, events: usize) -> Outcome<f64> {
        self.open()?.deliver(events, self.hooks)
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("bench.db")
}

/// An engine, and its folder if it goes with it.
pub struct Host {
    pub engine: Arc<Engine>,
    pub service: Embedded,
    _folder: Option<TempDir>,
}

impl Host {
    /// An engine that may deliver to loopback addresses.
    pub fn open(path: &Path) -> Outcome<Self> {
        let mut options = EngineOptions::at(path);
        options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
        options.limits.in_flight = IN_FLIGHT;
        // A store that is kept between runs may be older than what an engine keeps by default.
        options.retention = Duration::from_secs(10 * 365 * 24 * 60 * 60);
        let engine = Arc::new(Engine::open(options)?);
        Ok(Self { service: Embedded::new(Arc::clone(&engine)), engine, _folder: None })
    }

    /// Makes hooks, several at a time, so that they share the syncs of the disk.
    pub fn make_hooks(&self, hooks: usize, url: &(dyn Fn(usize) -> String + Sync)) -> Outcome<()> {
        const AT_ONCE: usize = 16;
        thread::scope(|threads| {
            let of_thread = |first: usize| (first..hooks).step_by(AT_ONCE).try_for_each(|n| self.make_hook(n, &url(n)));
            let threads: Vec<_> = (0..AT_ONCE).map(|first| threads.spawn(move || of_thread(first))).collect();
            for thread in threads {
                thread.join().map_err(|_| "a thread that makes hooks panicked")??;
            }
            Ok(())
        })
    }

    fn make_hook(&self, n: usize, url: &str) -> tieback::error::Result<()> {
        let create = HookCreate {
            namespace: Namespace::parse("bench")?,
            payload_version: PayloadVersion::V2,
            destination_url: DestinationUrl::parse(url)?,
            destination_headers: DestinationHeaders::parse([("Authorization", "Bearer bench-token-12345")])?,
            signing_secrets: SigningSecrets::default(),
            rate_limit: None,
        };
        let hook = self.service.hook_create(&scope(n)?, &create)?;
        self.service.trigger_create(&scope(n)?, &hook.id, &TriggerCreate::new("RFIs", "update")?).map(drop)
    }

    /// The hook of a project.
    pub fn hook(&self, n: usize) -> Outcome<Hook> {
        let found = self.service.hook_list(&scope(n)?, &Default::default(), &Default::default())?;
        Ok(found.items.into_iter().next().ok_or("the hook is there")?)
    }

    /// Publishes in batches while the started engine delivers; ends when everything is delivered and kept. Gives the
    /// events per second.
    pub fn deliver(&self, events: usize, hooks: usize) -> Outcome<f64> {
        let all: Vec<Event> = (0..events).map(|n| event(n, hooks)).collect::<Outcome<_>>()?;
        self.engine.start()?;
        let begin = Instant::now();
        self.publish(&all)?;
        let report = self.engine.run_until_idle(LONG, true)?;
        let elapsed = begin.elapsed();
        let left = self.engine.stats()?.queued;
        if !report.idle || report.paused_lanes > 0 || left > 0 {
            return Err(format!("{left} of {events} events were not delivered: {report:?}").into());
        }
        self.engine.stop(Duration::from_secs(5))?;
        Ok(per_second(events, elapsed))
    }

    /// Publishes in batches; every event makes one delivery.
    pub fn publish(&self, events: &[Event]) -> Outcome<()> {
        for batch in events.chunks(BATCH) {
            for published in self.engine.publish_many(batch)? {
                let deliveries = published?.deliveries;
                if deliveries != 1 {
                    return Err(format!("an event made {deliveries} deliveries instead of one").into());
                }
            }
        }
        Ok(())
    }
}

/// The project of the hook with this number.
pub fn scope(hook: usize) -> tieback::error::Result<Scope> {
    Scope::project(hook as i64 + 1, Some(COMPANY))
}

/// The event with this number, when the hooks get them in turn.
pub fn event(n: usize, hooks: usize) -> Outcome<Event> {
    let resource = (n / hooks) % (RESOURCES / hooks).max(1) + 1;
    event_of(n % hooks, resource)
}

/// An event for this hook.
pub fn event_of(hook: usize, resource: usize) -> Outcome<Event> {
    Ok(Event::new(&scope(hook)?, "RFIs", Id::from(resource as i64), "update"))
}
