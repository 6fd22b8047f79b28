//! How an engine is opened. The only place that names a kind of store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Engine;
use super::retention::check_retention;
use crate::error::{Error, Result};
use crate::net::client::Outbound;
use crate::net::proxy::ProxyOptions;
use crate::net::resolve::{Lookup, SystemLookup};
use crate::net::tls::TlsOptions;
use crate::policy::catalogue::Catalogue;
use crate::policy::dispatch::Limits;
use crate::policy::egress::Egress;
use crate::policy::retry::RetryPolicy;
use crate::policy::seal::StoreKeys;
use crate::random::{Random, SystemRandom};
use crate::report::{LogLevel, Report, Silent};
use crate::store::QueueBounds;
use crate::store::sqlite::SqliteStore;
use crate::time::{Clock, SystemClock};
use crate::types::Restored;
use crate::wire::own::Members;

/// How an engine is opened: where its store is, and what differs from the defaults.
#[derive(Clone)]
pub struct EngineOptions {
    /// The SQLite file. It is created, readable by its owner alone, when it is not there.
    pub path: PathBuf,
    /// Time limits, back-off, the end of patience. Procore's numbers.
    pub policy: RetryPolicy,
    /// Where deliveries may go. Public addresses over https.
    pub egress: Egress,
    /// Whom TLS trusts beside the machine's roots, and the client certificate. Neither.
    pub tls: TlsOptions,
    /// By which proxy deliveries go out. None.
    pub proxy: ProxyOptions,
    /// Where addresses of host names come from. The machine's resolver. Whatever it says, `egress` decides.
    pub lookup: Arc<dyn Lookup>,
    /// Which resources and events exist. The built-in catalogue.
    pub catalogue: Catalogue,
    /// Where the time comes from. The machine's clock.
    pub clock: Arc<dyn Clock>,
    /// Where random bits come from. The operating system.
    pub random: Arc<dyn Random>,
    /// The keys that seal secrets in the file. None: they are kept in clear text.
    pub store_keys: StoreKeys,
    /// How long deliveries, their attempts and their events are kept after the outcome. 28 days, as with Procore.
    pub retention: Duration,
    /// How many deliveries may be queued before publishing is refused. As many as the disk holds.
    pub bounds: QueueBounds,
    /// Who is told log lines and notices as they happen. Nobody.
    pub report: Arc<dyn Report>,
    /// How much the worker does at once. 256 attempts in flight, over all hooks.
    pub limits: Limits,
    /// How many connections are kept open for the next delivery to the same host, over all hosts. 256. With those of
    /// the attempts in flight, that is all the connections there are.
    pub max_idle_connections: u32,
}

impl EngineOptions {
    /// The defaults, on this file.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            policy: RetryPolicy::default(),
            egress: Egress::default(),
            tls: TlsOptions::default(),
            proxy: ProxyOptions::default(),
            lookup: Arc::new(SystemLookup),
            catalogue: Catalogue::builtin(),
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
            store_keys: StoreKeys::default(),
            retention: Engine::RETENTION,
            bounds: QueueBounds::default(),
            report: Arc::new(Silent),
            limits: Limits::default(),
            max_idle_connections: Outbound::MAX_IDLE_CONNECTIONS,
        }
    }

    /// Reads options from tieback's own JSON: `path`, and where wanted `retry` (see [`RetryPolicy::from_json`]),
    /// `store_key`, `store_key_old` (a list), `retention_ms`, `max_queued_per_hook`, `max_queued`,
    /// `max_attempts_in_flight`, `catalogue_csv`, `catalogue_accept_any`, and what [`Outbound::from_json`] reads.
    ///
    /// # Errors
    /// `invalid_argument` for an unknown or missing member, another type, or numbers that make no sense together.
    pub fn from_json(input: &Value) -> Result<Self> {
        let mut members = Members::of(input)?;
        let path = members.text("path")?;
        let path = members.need("path", "the path of the SQLite file", path)?.into();
        Self::read(path, members)
    }

    /// The same without the member `path`: paths need not be text.
    ///
    /// # Errors
    /// As [`EngineOptions::from_json`].
    pub fn from_json_at(path: PathBuf, input: &Value) -> Result<Self> {
        Self::read(path, Members::of(input)?)
    }

    fn read(path: PathBuf, mut members: Members<'_>) -> Result<Self> {
        let Outbound { egress, tls, proxy, lookup, max_idle_connections } = Outbound::read(&mut members)?;
        let options = Self {
            egress,
            tls,
            proxy,
            lookup,
            max_idle_connections,
            policy: members.read("retry", |_, retry| RetryPolicy::from_json(retry))?.unwrap_or_default(),
            store_keys: StoreKeys::chosen(
                members.text("store_key")?,
                members.texts("store_key_old")?.unwrap_or_default(),
            )?,
            retention: members.millis("retention_ms")?.unwrap_or(Engine::RETENTION),
            bounds: QueueBounds {
                per_hook: members.whole32("max_queued_per_hook")?.map(u64::from),
                total: members.whole32("max_queued")?.map(u64::from),
            },
            limits: limits(members.whole32("max_attempts_in_flight")?),
            catalogue: Catalogue::chosen(
                members.text("catalogue_csv")?,
                members.flag("catalogue_accept_any")?.unwrap_or_default(),
            )?,
            ..Self::at(path)
        };
        members.end()?;
        options.check()?;
        Ok(options)
    }

    /// Checks that the numbers make sense.
    pub(super) fn check(&self) -> Result<()> {
        self.policy.check()?;
        check_retention(self.retention)?;
        let bounds = [("max_queued_per_hook", self.bounds.per_hook), ("max_queued", self.bounds.total)];
        if let Some((name, _)) = bounds.into_iter().find(|(_, most)| *most == Some(0)) {
            return Err(Error::invalid(format!("{name} 0 would queue nothing: leave it out for no bound")));
        }
        let caps = [
            ("max_attempts_in_flight", self.limits.in_flight),
            ("max_idle_connections", usize::try_from(self.max_idle_connections).unwrap_or(usize::MAX)),
        ];
        match caps.into_iter().find(|(_, most)| !(1..=MAX_CONNECTIONS).contains(most)) {
            Some((name, most)) => {
                Err(Error::invalid(format!("{name} {most} is out of range: 1 to {MAX_CONNECTIONS}, or leave it out")))
            }
            None => Ok(()),
        }
    }
}

/// More than any machine has ports for, to one address; far below what counting with it could exceed.
const MAX_CONNECTIONS: usize = 65_535;

/// How much is done at once, when that many attempts may be in flight.
pub(crate) fn limits(max_attempts_in_flight: Option<u32>) -> Limits {
    let default = Limits::default();
    let in_flight = max_attempts_in_flight.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    Limits { in_flight: in_flight.unwrap_or(default.in_flight), ..default }
}

impl Engine {
    /// Opens the engine on its SQLite file, which is created when it is not there. Starts no thread. Any number of
    /// engines may have one file open, in this process and in others.
    ///
    /// # Errors
    /// `invalid_argument` for options that make no sense; `unavailable` when the file is of an earlier version, or to
    /// be sealed, and another engine has it open; `storage` when the file is no tieback store, is newer than this
    /// version, read-only or damaged. A store that is sealed with a key that is not given is `invalid_argument`, and
    /// the error names the key's id.
    pub fn open(options: EngineOptions) -> Result<Self> {
        options.check()?;
        let (keys, random) = (options.store_keys.clone(), Arc::clone(&options.random));
        let path = options.path.clone();
        let store = SqliteStore::open_sealed(&path, keys, random)?;
        let engine = Self::on(Arc::new(store), options)?;
        engine.tell(LogLevel::Info, None, || format!("has opened `{}`", path.display()));
        Ok(engine)
    }

    /// Makes the store of an engine from a backup, or from the file of a closed store. No engine may have either open.
    /// A store that is there already is a `conflict`, or with `replace` is moved aside (`hooks.db-replaced`).
    ///
    /// What was queued in the backup is sent, and may have been sent before, after the backup was taken: the answer
    /// says how much that is, the engine tells it as a notice when it opens, and each such delivery is marked. Ids that
    /// the lost store gave out after the backup was taken are not given out again.
    ///
    /// # Errors
    /// `invalid_argument` when both paths are one file or name none; `conflict`; `unavailable` while an engine has one
    /// of them open; `storage` when the backup is no tieback store, is newer than this version or damaged, or the disk
    /// fails or is full. What was there is as it was then.
    pub fn restore(backup: &Path, path: &Path, replace: bool) -> Result<Restored> {
        SqliteStore::restore(backup, path, replace, SystemClock::new().now().wall)
    }
}
