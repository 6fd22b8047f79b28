//! How an engine is opened.

use std::ffi::c_char;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::boundary::guard;
use super::callbacks::{Callbacks, tieback_log_callback, tieback_notice_callback};
use super::sized::{self, Growing};
use super::text;
use crate::engine::{Engine, EngineOptions, limits};
use crate::error::Result;
use crate::net::client::Outbound;
use crate::net::proxy::{ProxyChoice, ProxyOptions};
use crate::net::tls::TlsOptions;
use crate::policy::catalogue::Catalogue;
use crate::policy::egress::Egress;
use crate::policy::network::Network;
use crate::policy::retry::RetryPolicy;
use crate::policy::seal::StoreKeys;
use crate::store::QueueBounds;

/// How an engine is opened. Begin with TIEBACK_ENGINE_OPTIONS_INIT; a field that is 0 or NULL means its default.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_engine_options {
    /// The size of this struct.
    pub struct_size: usize,
    /// The SQLite file, which is created when it is not there. Must be given.
    pub path: *const c_char,
    /// 1 sends over plain http too. For tests and closed networks: what is sent can be read and changed on the way.
    pub danger_allow_http: i32,
    /// 1 sends to loopback and private addresses too. Whoever may create hooks then reaches your own network.
    pub danger_allow_private_addresses: i32,
    /// Time to connect, TLS included. Default 5,000.
    pub connect_timeout_ms: i32,
    /// Time from connected to the answer's headers. Default 5,000, as with Procore.
    pub response_timeout_ms: i32,
    /// The first wait after a failure; it doubles with every further one. Default 1,000, as with Procore.
    pub backoff_min_ms: i32,
    /// The longest wait. Default 3,600,000, as with Procore.
    pub backoff_max_ms: i32,
    /// How long an endpoint may fail before its queue is discarded. Default 43,200,000 (12 h), as with Procore.
    pub give_up_after_ms: i64,
    /// The most attempts of one delivery. Default: no limit, as with Procore.
    pub max_attempts: i32,
    /// The most attempts in flight per hook. Default 8; 1 sends a hook's deliveries strictly in order.
    pub max_in_flight: i32,
    /// Lengthens every wait by up to this many percent of itself, at random. Default 0, as with Procore; at most 100.
    pub jitter_percent: i32,
    /// 1 waits at least as long as the endpoint's `Retry-After` asks. Default 0, as with Procore.
    pub honor_retry_after: i32,
    /// Which resources and events exist, as a CSV table (not the name of a file). Default: the built-in catalogue.
    pub catalogue_csv: *const c_char,
    /// 1 accepts every resource and event. Default 0.
    pub catalogue_accept_any: i32,
    /// Networks to which deliveries may go although they are not public, separated by commas: `10.20.0.0/16, fd00::/8`.
    /// Narrower than `danger_allow_private_addresses`. Default: none.
    pub allow_networks: *const c_char,
    /// Certificates in PEM that are trusted beside the machine's roots: of authorities, or of single servers.
    pub extra_ca_pem: *const c_char,
    /// The same, as the name of a file.
    pub extra_ca_file: *const c_char,
    /// The certificate in PEM that is shown to servers that ask for one, with its chain behind it.
    pub client_certificate_pem: *const c_char,
    /// Its private key in PEM, not encrypted. A secret: no error and no answer repeats it.
    pub client_key_pem: *const c_char,
    /// The forward proxy: `http://host:3128` or `http://user:password@host:3128`; `https` when the way to it is
    /// encrypted too. Needs `danger_proxy_resolves`. Default: none. No error and no answer repeats its credentials.
    pub proxy_url: *const c_char,
    /// What is reached without the proxy: hosts, with all names under them, and networks, separated by commas.
    pub no_proxy: *const c_char,
    /// 1 takes the proxy from the variables HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY instead. Needs
    /// `danger_proxy_resolves`. Default 0: the environment is not read.
    pub proxy_from_environment: i32,
    /// 1 says that the proxy resolves the names of destinations, unseen by the rule for addresses, and is itself set up
    /// to keep them out of your network. No proxy is used without.
    pub danger_proxy_resolves: i32,
    /// How long deliveries, their attempts and their events are kept after the outcome. Default 2,419,200,000 (28
    /// days), as with Procore. What is queued is kept however old it is.
    pub retention_ms: i64,
    /// The most deliveries that may be queued for one hook; an event that would make more is TIEBACK_UNAVAILABLE and
    /// nothing of it is kept. Default: as many as the disk holds.
    pub max_queued_per_hook: i32,
    /// The same for all hooks together. Default: as many as the disk holds.
    pub max_queued: i32,
    /// The key that seals the secrets in the file: 32 random bytes as 44 characters of base64 or 64 hex digits, such as
    /// `openssl rand -base64 32` prints. A store that is in clear text is sealed by opening it, for good. A store that
    /// is sealed with another key is TIEBACK_INVALID_ARGUMENT. Default: secrets are kept in clear text. A secret: no
    /// error and no answer repeats it.
    pub store_key: *const c_char,
    /// Keys of before, separated by commas. What they have sealed is sealed anew with `store_key` by opening; then they
    /// are needed no longer.
    pub store_key_old: *const c_char,
    /// The most attempts in flight, over all hooks. Default 256.
    pub max_attempts_in_flight: i32,
    /// The most connections that are kept open for the next delivery to the same host, over all hosts. Default 256.
    /// With those of the attempts in flight, that is all the connections there are.
    pub max_idle_connections: i32,
    /// A function that is told each notice as it happens. Default: none.
    pub on_notice: tieback_notice_callback,
    /// A function that is told each line for your log. Default: none.
    pub on_log: tieback_log_callback,
    /// The most talkative level that `on_log` is told, TIEBACK_LOG_ERROR to TIEBACK_LOG_DEBUG. Default
    /// TIEBACK_LOG_INFO.
    pub log_level: i32,
}

// SAFETY: `repr(C)`, begins with its size, and zero is a value of integers and raw pointers.
unsafe impl Growing for tieback_engine_options {
    const NAME: &'static str = "tieback_engine_options";
}

/// Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_ENGINE_OPTIONS_INIT for languages
/// without macros.
///
/// Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_engine_options_init(options: *mut tieback_engine_options, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(options, struct_size) }
    })
}

/// Reads the options.
///
/// # Safety
/// As for [`sized::required`]; the texts in it are NULL or NUL-terminated.
pub unsafe fn read(options: *const tieback_engine_options) -> Result<(EngineOptions, Arc<Callbacks>)> {
    // SAFETY: the caller's promise is the same.
    let (given, path, csv, outbound, store_keys) = unsafe {
        let given = sized::required(options)?;
        let path = text::required("path", given.path)?;
        let csv = text::optional("catalogue_csv", given.catalogue_csv)?;
        (given, path, csv, outbound(&given)?, store_keys(&given)?)
    };
    let callbacks = Arc::new(Callbacks::chosen(given.on_notice, given.on_log, given.log_level)?);
    let options = EngineOptions {
        report: Arc::clone(&callbacks) as _,
        policy: policy(&given)?,
        egress: outbound.egress,
        tls: outbound.tls,
        proxy: outbound.proxy,
        catalogue: Catalogue::chosen(csv, text::flag("catalogue_accept_any", given.catalogue_accept_any)?)?,
        store_keys,
        retention: span("retention_ms", given.retention_ms, Engine::RETENTION)?,
        bounds: QueueBounds {
            per_hook: bound("max_queued_per_hook", given.max_queued_per_hook)?,
            total: bound("max_queued", given.max_queued)?,
        },
        limits: limits(cap("max_attempts_in_flight", given.max_attempts_in_flight)?),
        max_idle_connections: outbound.max_idle_connections,
        ..EngineOptions::at(path)
    };
    Ok((options, callbacks))
}

/// # Safety
/// The texts in the options are NULL or NUL-terminated.
unsafe fn outbound(given: &tieback_engine_options) -> Result<Outbound> {
    // SAFETY: the caller's promise is the same.
    let read = |what, pointer| unsafe { text::optional(what, pointer) };
    let egress = Egress {
        danger_allow_http: text::flag("danger_allow_http", given.danger_allow_http)?,
        danger_allow_private_addresses: text::flag(
            "danger_allow_private_addresses",
            given.danger_allow_private_addresses,
        )?,
        allow_networks: Network::parse_list(read("allow_networks", given.allow_networks)?.unwrap_or_default())?,
    };
    let tls = TlsOptions::chosen(
        read("extra_ca_pem", given.extra_ca_pem)?,
        read("extra_ca_file", given.extra_ca_file)?.map(Path::new),
        read("client_certificate_pem", given.client_certificate_pem)?,
        read("client_key_pem", given.client_key_pem)?,
    )?;
    let proxy = ProxyOptions::chosen(ProxyChoice {
        url: read("proxy_url", given.proxy_url)?,
        no_proxy: read("no_proxy", given.no_proxy)?,
        from_environment: text::flag("proxy_from_environment", given.proxy_from_environment)?,
        danger_proxy_resolves: text::flag("danger_proxy_resolves", given.danger_proxy_resolves)?,
    })?;
    let kept = cap("max_idle_connections", given.max_idle_connections)?;
    let max_idle_connections = kept.unwrap_or(Outbound::MAX_IDLE_CONNECTIONS);
    Ok(Outbound { tls, proxy, max_idle_connections, ..egress.into() })
}

/// # Safety
/// The texts in the options are NULL or NUL-terminated.
unsafe fn store_keys(given: &tieback_engine_options) -> Result<StoreKeys> {
    // SAFETY: the caller's promise is the same.
    let (present, old) = unsafe {
        (text::optional("store_key", given.store_key)?, text::optional("store_key_old", given.store_key_old)?)
    };
    StoreKeys::chosen(present, old.into_iter().flat_map(|keys| keys.split(',')))
}

fn policy(given: &tieback_engine_options) -> Result<RetryPolicy> {
    let default = RetryPolicy::default();
    Ok(RetryPolicy {
        connect_timeout: span("connect_timeout_ms", given.connect_timeout_ms.into(), default.connect_timeout)?,
        response_timeout: span("response_timeout_ms", given.response_timeout_ms.into(), default.response_timeout)?,
        backoff_min: span("backoff_min_ms", given.backoff_min_ms.into(), default.backoff_min)?,
        backoff_max: span("backoff_max_ms", given.backoff_max_ms.into(), default.backoff_max)?,
        give_up_after: span("give_up_after_ms", given.give_up_after_ms, default.give_up_after)?,
        max_attempts: Some(text::number("max_attempts", given.max_attempts)?).filter(|most| *most > 0),
        max_in_flight: match text::number("max_in_flight", given.max_in_flight)? {
            0 => default.max_in_flight,
            most => most,
        },
        jitter: f64::from(text::number("jitter_percent", given.jitter_percent)?) / 100.0,
        honor_retry_after: text::flag("honor_retry_after", given.honor_retry_after)?,
    })
}

fn bound(what: &str, most: i32) -> Result<Option<u64>> {
    Ok(cap(what, most)?.map(u64::from))
}

fn cap(what: &str, most: i32) -> Result<Option<u32>> {
    Ok(Some(text::number(what, most)?).filter(|most| *most > 0))
}

fn span(what: &str, millis: i64, default: Duration) -> Result<Duration> {
    if millis == 0 { Ok(default) } else { text::span(what, millis) }
}
