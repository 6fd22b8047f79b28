//! What creating, changing and listing hooks takes.

use std::ffi::c_char;

use super::boundary::guard;
use super::sized::{self, Growing};
use super::text;
use crate::error::{Error, Result};
use crate::types::{
    DestinationHeaders, DestinationUrl, HookCreate, HookQuery, HookUpdate, Namespace, PageRequest, PayloadVersion,
    RateLimit, SigningSecrets,
};
use crate::wire::own;

/// The status of a hook that delivers, in a `tieback_hook_change`.
pub const TIEBACK_HOOK_ACTIVE: i32 = 1;

/// The status of a hook that is kept but delivers nothing, in a `tieback_hook_change`.
pub const TIEBACK_HOOK_DISABLED: i32 = 2;

/// A hook to create. Begin with TIEBACK_HOOK_OPTIONS_INIT.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_hook_options {
    /// The size of this struct.
    pub struct_size: usize,
    /// Lower-case a-z, digits and dashes; one hook per scope and namespace. Must be given.
    pub namespace_: *const c_char,
    /// "v2.0", "v3.0" or "v4.0". Must be given.
    pub payload_version: *const c_char,
    /// Where it delivers: an https URL without credentials. Must be given.
    pub destination_url: *const c_char,
    /// The names of the headers that every delivery carries; NULL when there are none.
    pub header_names: *const *const c_char,
    /// Their values, in the same order. Answers show them masked.
    pub header_values: *const *const c_char,
    /// How many headers there are.
    pub header_count: usize,
    /// The secrets with which every delivery is signed, as Standard Webhooks has it: each "whsec_" and 24 to 64 bytes
    /// in base64, at most 8. NULL when deliveries are not signed. Answers show them masked.
    pub signing_secrets: *const *const c_char,
    /// How many secrets there are.
    pub signing_secret_count: usize,
    /// The most attempts in `rate_limit_per_ms`, spaced evenly; 0 for no limit.
    pub rate_limit_attempts: i32,
    /// How many may go at once after a quiet time: 0 means 1.
    pub rate_limit_burst: i32,
    /// The span of the rate limit: 1 to 86,400,000 (a day).
    pub rate_limit_per_ms: i64,
}

/// What to change on a hook. Begin with TIEBACK_HOOK_CHANGE_INIT; what is NULL or 0 stays as it is.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_hook_change {
    /// The size of this struct.
    pub struct_size: usize,
    /// Another namespace.
    pub namespace_: *const c_char,
    /// Another payload version, for events published from now on.
    pub payload_version: *const c_char,
    /// Another URL, used from the next attempt on.
    pub destination_url: *const c_char,
    /// The names of other headers, in place of all present ones.
    pub header_names: *const *const c_char,
    /// Their values, in the same order.
    pub header_values: *const *const c_char,
    /// How many headers there are.
    pub header_count: usize,
    /// 1 takes all headers away.
    pub clear_headers: i32,
    /// TIEBACK_HOOK_ACTIVE or TIEBACK_HOOK_DISABLED.
    pub status: i32,
    /// 1 sends the present headers to another scheme, host or port than they were given for. Without it, a change that
    /// moves the URL there and gives no headers is TIEBACK_INVALID_ARGUMENT: who sees only their masks could have them
    /// sent to a server of his own.
    pub danger_keep_headers: i32,
    /// Other signing secrets, in place of all present ones. To change one without a gap: first the old and the new,
    /// then, when the endpoint has the new one, the new one alone.
    pub signing_secrets: *const *const c_char,
    /// How many secrets there are.
    pub signing_secret_count: usize,
    /// 1 takes all secrets away: deliveries are not signed any more.
    pub clear_signing_secrets: i32,
    /// Another rate limit, in force at once: the most attempts in `rate_limit_per_ms`.
    pub rate_limit_attempts: i32,
    /// The span of the rate limit.
    pub rate_limit_per_ms: i64,
    /// How many may go at once after a quiet time: 0 means 1.
    pub rate_limit_burst: i32,
    /// 1 takes the rate limit away.
    pub clear_rate_limit: i32,
}

/// Which hooks to list. Begin with TIEBACK_HOOK_QUERY_INIT; what is NULL or 0 does not narrow the list.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct tieback_hook_query {
    /// The size of this struct.
    pub struct_size: usize,
    /// Only the hook of this namespace.
    pub namespace_: *const c_char,
    /// Only hooks of this payload version.
    pub payload_version: *const c_char,
    /// 1 counts each hook's triggers.
    pub include_trigger_count: i32,
    /// How many items a page has at the most: default 100, at most 1,000.
    pub limit: i32,
    /// Where to go on: the page before's `_next_page`. NULL for the first page.
    pub after: *const c_char,
}

// SAFETY: `repr(C)`, begins with its size, and zero is a value of integers and raw pointers.
unsafe impl Growing for tieback_hook_options {
    const NAME: &'static str = "tieback_hook_options";
}

// SAFETY: as above.
unsafe impl Growing for tieback_hook_change {
    const NAME: &'static str = "tieback_hook_change";
}

// SAFETY: as above.
unsafe impl Growing for tieback_hook_query {
    const NAME: &'static str = "tieback_hook_query";
}

/// Zeroes options of `struct_size` bytes and writes the size into them: TIEBACK_HOOK_OPTIONS_INIT for languages without
/// macros.
///
/// Ownership: the options stay yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_options_init(options: *mut tieback_hook_options, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(options, struct_size) }
    })
}

/// Zeroes a change of `struct_size` bytes and writes the size into it: TIEBACK_HOOK_CHANGE_INIT for languages without
/// macros.
///
/// Ownership: the change stays yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_change_init(change: *mut tieback_hook_change, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(change, struct_size) }
    })
}

/// Zeroes a query of `struct_size` bytes and writes the size into it: TIEBACK_HOOK_QUERY_INIT for languages without
/// macros.
///
/// Ownership: the query stays yours. Threads: one. NULL: nothing happens. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn tieback_hook_query_init(query: *mut tieback_hook_query, struct_size: usize) {
    guard((), || {
        // SAFETY: the caller keeps to the header: there are `struct_size` bytes.
        unsafe { sized::init(query, struct_size) }
    })
}

/// Reads a hook to create.
///
/// # Safety
/// As for [`sized::required`]; the texts in it are NULL or NUL-terminated, the arrays have `header_count` of them.
pub unsafe fn create(options: *const tieback_hook_options) -> Result<HookCreate> {
    // SAFETY: the caller's promise is the same.
    unsafe {
        let given = sized::required(options)?;
        Ok(HookCreate {
            namespace: Namespace::parse(text::required("namespace_", given.namespace_)?)?,
            payload_version: PayloadVersion::parse(text::required("payload_version", given.payload_version)?)?,
            destination_url: DestinationUrl::parse(text::required("destination_url", given.destination_url)?)?,
            destination_headers: headers(given.header_names, given.header_values, given.header_count)?,
            signing_secrets: secrets(given.signing_secrets, given.signing_secret_count)?,
            rate_limit: rate_limit(given.rate_limit_attempts, given.rate_limit_per_ms, given.rate_limit_burst)?,
        })
    }
}

/// Reads what to change on a hook.
///
/// # Safety
/// As for [`create`].
pub unsafe fn update(change: *const tieback_hook_change) -> Result<HookUpdate> {
    // SAFETY: the caller's promise is the same.
    let (given, namespace, version, url, headers, secrets) = unsafe {
        let given = sized::required(change)?;
        (
            given,
            text::optional("namespace_", given.namespace_)?,
            text::optional("payload_version", given.payload_version)?,
            text::optional("destination_url", given.destination_url)?,
            headers(given.header_names, given.header_values, given.header_count)?,
            secrets(given.signing_secrets, given.signing_secret_count)?,
        )
    };
    let destination_headers = match (text::flag("clear_headers", given.clear_headers)?, headers.is_empty()) {
        (true, true) => Some(headers),
        (false, true) => None,
        (false, false) => Some(headers),
        (true, false) => return Err(Error::invalid("clear_headers is 1 and headers are given: do one of the two")),
    };
    let clear_secrets = text::flag("clear_signing_secrets", given.clear_signing_secrets)?;
    let signing_secrets = match (clear_secrets, secrets.is_empty()) {
        (true, true) => Some(secrets),
        (false, true) => None,
        (false, false) => Some(secrets),
        (true, false) => {
            return Err(Error::invalid("clear_signing_secrets is 1 and secrets are given: do one of the two"));
        }
    };
    let limit = rate_limit(given.rate_limit_attempts, given.rate_limit_per_ms, given.rate_limit_burst)?;
    let rate_limit = own::changed_rate_limit(limit, text::flag("clear_rate_limit", given.clear_rate_limit)?)?;
    let active = match given.status {
        0 => None,
        TIEBACK_HOOK_ACTIVE => Some(true),
        TIEBACK_HOOK_DISABLED => Some(false),
        other => {
            return Err(Error::invalid(format!(
                "status {other} is unknown: use TIEBACK_HOOK_ACTIVE (1), TIEBACK_HOOK_DISABLED (2) or 0"
            )));
        }
    };
    Ok(HookUpdate {
        namespace: namespace.map(Namespace::parse).transpose()?,
        payload_version: version.map(PayloadVersion::parse).transpose()?,
        destination_url: url.map(DestinationUrl::parse).transpose()?,
        destination_headers,
        signing_secrets,
        rate_limit,
        active,
        danger_keep_headers: text::flag("danger_keep_headers", given.danger_keep_headers)?,
    })
}

/// Reads which hooks to list; NULL means all.
///
/// # Safety
/// As for [`create`].
pub unsafe fn query(query: *const tieback_hook_query) -> Result<(HookQuery, PageRequest)> {
    // SAFETY: the caller's promise is the same.
    unsafe {
        let Some(given) = sized::optional(query)? else { return Ok(Default::default()) };
        let narrowed = HookQuery {
            namespace: text::optional("namespace_", given.namespace_)?.map(Namespace::parse).transpose()?,
            payload_version: text::optional("payload_version", given.payload_version)?
                .map(PayloadVersion::parse)
                .transpose()?,
            include_trigger_count: text::flag("include_trigger_count", given.include_trigger_count)?,
        };
        Ok((narrowed, text::page(given.limit, given.after)?))
    }
}

/// The headers of every delivery.
///
/// # Safety
/// As for the whole struct.
unsafe fn headers(
    names: *const *const c_char,
    values: *const *const c_char,
    count: usize,
) -> Result<DestinationHeaders> {
    // SAFETY: the caller's promise is the same.
    let pairs: Result<Vec<(&str, &str)>> = unsafe {
        let names = text::array("header_names", names, count)?;
        let values = text::array("header_values", values, count)?;
        let pair =
            |(name, value)| Ok((text::required("a header's name", name)?, text::required("a header's value", value)?));
        names.into_iter().zip(values).map(pair).collect()
    };
    DestinationHeaders::parse(pairs?)
}

/// The secrets that sign every delivery.
///
/// # Safety
/// As for the whole struct.
unsafe fn secrets(secrets: *const *const c_char, count: usize) -> Result<SigningSecrets> {
    // SAFETY: the caller's promise is the same.
    let texts: Result<Vec<&str>> = unsafe {
        let secrets = text::array("signing_secrets", secrets, count)?;
        secrets.into_iter().map(|secret| text::required("a signing secret", secret)).collect()
    };
    SigningSecrets::parse(texts?)
}

/// A rate limit; `None` when all three numbers are 0.
fn rate_limit(attempts: i32, per_ms: i64, burst: i32) -> Result<Option<RateLimit>> {
    if (attempts, per_ms, burst) == (0, 0, 0) {
        return Ok(None);
    }
    let attempts = text::number("rate_limit_attempts", attempts)?;
    let per = text::span("rate_limit_per_ms", per_ms)?;
    let burst = text::number("rate_limit_burst", burst)?;
    RateLimit::with_burst(attempts, per, burst.max(1)).map(Some)
}
