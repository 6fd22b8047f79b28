//! Rows to types and back. What tieback wrote is read as it was; anything else in a row is an error, not a guess.

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Row};
use zeroize::{Zeroize, Zeroizing};

use super::fault::{Fault, damaged};
use super::seal::{HEADERS, Seals};
use crate::policy::lane::{Control, Gate, LaneState, Pause};
use crate::policy::seal::Place;
use crate::time::Timestamp;
use crate::types::{
    Attempt, DeliveryId, DeliveryStatus, DestinationHeaders, DestinationUrl, EventId, Hook, HookId, HookStatus, Id,
    NoDelivery, PayloadVersion, Scope, TriggerId, Why, WorkerId,
};

/// Ids and moments are plain numbers in a row.
macro_rules! number {
    ($($name:ident: $take:expr, $make:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let take: fn($name) -> i64 = $take;
                Ok(take(*self).into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let make: fn(i64) -> $name = $make;
                value.as_i64().map(make)
            }
        }
    )*};
}

number! {
    HookId: |id| id.0, HookId;
    TriggerId: |id| id.0, TriggerId;
    DeliveryId: |id| id.0, DeliveryId;
    EventId: |key| key.0, EventId;
    WorkerId: |id| id.0, WorkerId;
    Timestamp: Timestamp::as_micros, Timestamp::from_micros;
}

/// Values of a closed set are words in a row.
macro_rules! word {
    ($($name:ident: $write:expr, $all:expr;)*) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let write: fn(&$name) -> &'static str = $write;
                Ok(write(self).into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let write: fn(&$name) -> &'static str = $write;
                let word = value.as_str()?;
                $all.into_iter().find(|one| write(one) == word).ok_or(FromSqlError::InvalidType)
            }
        }
    )*};
}

word! {
    PayloadVersion: |version| version.as_str(), PayloadVersion::ALL;
    Why: |why| why.as_str(), Why::ALL;
    NoDelivery: |reason| reason.as_str(), [
        NoDelivery::NoHookInScope,
        NoDelivery::NoTrigger,
        NoDelivery::HookDisabled,
        NoDelivery::VersionCannotCarryId,
        NoDelivery::EventDeprecated,
    ];
    Gate: status_of_gate, [Gate::Open, Gate::Held, Gate::Gone];
}

/// A hook's status is what its lane's gate follows from; it is kept once, as the hook's.
fn status_of_gate(gate: &Gate) -> &'static str {
    match gate {
        Gate::Open => "active",
        Gate::Held => "disabled",
        Gate::Gone => "deleted",
    }
}

/// Where a delivery stands, in the words of the wire.
pub fn standing(row: &Row<'_>) -> Result<DeliveryStatus, Fault> {
    let word: String = row.get("standing")?;
    STANDINGS.into_iter().find(|status| status.as_str() == word).ok_or_else(|| damaged("a delivery's status"))
}

/// Every standing of a delivery of this store.
pub const STANDINGS: [DeliveryStatus; 5] = [
    DeliveryStatus::Enqueued,
    DeliveryStatus::Retrying,
    DeliveryStatus::Delivered,
    DeliveryStatus::Discarded,
    DeliveryStatus::Failed,
];

/// A count that cannot be negative.
pub fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, number))
}

/// A count as a column holds it. A count that has outgrown 63 bits stays at the largest.
pub fn counted(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A hook that is not deleted.
pub struct HookRow {
    pub id: HookId,
    pub scope: Scope,
    pub namespace: String,
    pub payload_version: PayloadVersion,
    pub gate: Gate,
    pub destination_url: DestinationUrl,
    stored_headers: Zeroizing<String>,
    pub trigger_count: Option<u64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl HookRow {
    /// Reads `hook.*` and `trigger_count`.
    pub fn read(row: &Row<'_>) -> Result<Self, Fault> {
        let scope = match (row.get("company_id")?, row.get("project_id")?) {
            (company_id, Some(project_id)) => Scope::project(project_id, company_id),
            (Some(company_id), None) => Scope::company(company_id),
            (None, None) => return Err(damaged("a hook's scope")),
        };
        Ok(Self {
            id: row.get("id")?,
            scope: scope.map_err(|_| damaged("a hook's scope"))?,
            namespace: row.get("namespace")?,
            payload_version: row.get("payload_version")?,
            gate: row.get("status")?,
            destination_url: destination_url(row)?,
            stored_headers: Zeroizing::new(row.get("destination_headers")?),
            trigger_count: row.get::<_, Option<i64>>("trigger_count")?.map(i64::unsigned_abs),
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
        })
    }

    /// Whether it has headers, whether they can be read or not.
    pub fn has_headers(&self) -> bool {
        *self.stored_headers != NO_HEADERS
    }

    /// Its headers in clear.
    pub fn headers(&self, seals: &Seals) -> Result<DestinationHeaders, Fault> {
        destination_headers(self.id, &self.stored_headers, seals)
    }

    /// The hook as answers show it.
    pub fn into_hook(self, seals: &Seals) -> Result<Hook, Fault> {
        let headers = self.headers(seals)?;
        Ok(self.shown(headers.masked()))
    }

    /// The hook as answers show it, even when its secrets cannot be read; its status says so then.
    pub fn into_hook_at_least(self, seals: &Seals) -> Hook {
        match self.headers(seals) {
            Ok(headers) => self.shown(headers.masked()),
            Err(_) => Hook { status: HookStatus::Unreadable, ..self.shown(Vec::new()) },
        }
    }

    fn shown(self, destination_headers: Vec<(String, String)>) -> Hook {
        Hook {
            id: self.id.into(),
            company_id: self.scope.company_id().map(Id::from),
            project_id: self.scope.project_id().map(Id::from),
            namespace: self.namespace,
            payload_version: self.payload_version.to_string(),
            destination_url: self.destination_url.as_str().to_owned(),
            destination_headers,
            status: if self.gate == Gate::Open { HookStatus::Active } else { HookStatus::Disabled },
            trigger_count: self.trigger_count,
            created_at: Some(self.created_at),
            updated_at: Some(self.updated_at),
        }
    }
}

/// Reads `destination_url`.
pub fn destination_url(row: &Row<'_>) -> Result<DestinationUrl, Fault> {
    let text: String = row.get("destination_url")?;
    // The text may have a token in its query: neither it nor the parser's words are passed on.
    DestinationUrl::parse(&text).map_err(|_| damaged("a hook's destination URL"))
}

/// Headers as their column holds them when there are none: no secret, and so never sealed.
pub const NO_HEADERS: &str = "[]";

/// Reads headers out of the text of their column: a JSON array of names and values, sealed when the store has a key.
pub fn destination_headers(hook: HookId, stored: &str, seals: &Seals) -> Result<DestinationHeaders, Fault> {
    let unreadable = || damaged("a hook's destination headers");
    let text = seals.open(stored, Place { hook, column: HEADERS })?;
    let mut pairs: Vec<(String, String)> = serde_json::from_str(&text).map_err(|_| unreadable())?;
    let headers = DestinationHeaders::parse(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    pairs.iter_mut().for_each(|(_, value)| value.zeroize());
    headers.map_err(|_| unreadable())
}

/// Headers as their column is to hold them. They are secret, so the text is wiped when it has been stored.
pub fn headers_to_column(
    tx: &Connection,
    hook: HookId,
    headers: &DestinationHeaders,
    seals: &Seals,
) -> Result<Zeroizing<String>, Fault> {
    if headers.is_empty() {
        return Ok(Zeroizing::new(NO_HEADERS.to_owned()));
    }
    let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name, value.expose())).collect();
    let text = Zeroizing::new(to_json(&pairs)?);
    seals.seal(tx, &text, Place { hook, column: HEADERS })
}

/// Pairs of texts as a column holds them.
pub fn to_json<T: AsRef<str>>(pairs: &[(T, T)]) -> Result<String, Fault> {
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
    serde_json::to_string(&pairs).map_err(|_| damaged("headers"))
}

/// Reads what operators and the service want of a lane, from `hook.status` and `lane.*`.
pub fn control(row: &Row<'_>) -> Result<Control, Fault> {
    Ok(Control {
        gate: row.get("status")?,
        suspended: row.get("suspended")?,
        resets: count(row, "resets")?,
        nudges: count(row, "nudges")?,
    })
}

/// Reads a lane's retry state, from `lane.*`.
pub fn lane_state(row: &Row<'_>) -> Result<LaneState, Fault> {
    let pause = match row.get::<_, Option<u32>>("pause_step")? {
        None => None,
        Some(step) => Some(Pause {
            step,
            streak: Duration::from_nanos(count(row, "pause_streak_ns")?),
            wait: Duration::from_nanos(count(row, "pause_wait_ns")?),
            resume_at: row.get("resume_at")?,
            probe: row.get("probe")?,
        }),
    };
    Ok(LaneState {
        epoch: count(row, "epoch")?,
        pause,
        discard_through: row.get("discard_through")?,
        resets_seen: count(row, "resets_seen")?,
        nudges_seen: count(row, "nudges_seen")?,
    })
}

/// A span as a column holds it, in nanoseconds; 292 years at the most.
pub fn span(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}

/// Reads an attempt.
pub fn attempt(row: &Row<'_>) -> Result<Attempt, Fault> {
    let headers = row.get_ref("response_headers")?.as_str().map_err(|_| damaged("an attempt's headers"))?;
    Ok(Attempt {
        started_at: row.get("started_at")?,
        completed_at: row.get("completed_at")?,
        response_status: row.get("response_status")?,
        response_headers: serde_json::from_str(headers).map_err(|_| damaged("an attempt's headers"))?,
        response_body: row.get("response_body")?,
        response_body_truncated: row.get("response_body_truncated")?,
        response_error: row.get("response_error")?,
    })
}
