//! What an engine tells: published events, notices, figures, errors.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::error::{Error, Retry};
use crate::report::LogLine;
use crate::types::{Id, IdleReport, IntegrityReport, Notice, NoticeKind, Published, Purged, Restored, Stats};

/// What became of a published event; `hook_ids` are the hooks that have new work, `no_delivery` only when there was no
/// delivery.
pub fn published_to_json(published: &Published) -> Value {
    let mut answer = json!({
        "id": published.id.as_str(),
        "ulid": published.ulid,
        "deliveries": published.deliveries,
        "duplicate": published.duplicate,
        "hook_ids": published.hooks.iter().map(|hook| Id::from(*hook).as_str().to_owned()).collect::<Vec<_>>(),
    });
    if let Some(reason) = published.no_delivery {
        answer["no_delivery"] = json!(reason.as_str());
    }
    answer
}

/// What happened; `hook_id` when it was to one hook's lane, `reason` when that paused or the store failed, `discarded`
/// when it was flushed, `queued` when the store was restored.
pub fn notice_to_json(notice: &Notice) -> Value {
    let mut answer = json!({"at": notice.at.to_string(), "kind": notice.kind.as_str()});
    if let Some(hook) = notice.hook {
        answer["hook_id"] = json!(Id::from(hook).as_str());
    }
    match &notice.kind {
        NoticeKind::Paused { reason }
        | NoticeKind::StoreFailed { reason }
        | NoticeKind::OutOfDescriptors { reason } => answer["reason"] = json!(reason),
        NoticeKind::Flushed { discarded } => answer["discarded"] = json!(discarded),
        NoticeKind::Restored { queued } => answer["queued"] = json!(queued),
        NoticeKind::Resumed => {}
    }
    answer
}

/// A line for a log; `hook_id` when it is about one hook.
pub fn log_line_to_json(line: &LogLine) -> Value {
    let mut answer = json!({"at": line.at.to_string(), "level": line.level.as_str(), "message": line.message});
    if let Some(hook) = line.hook {
        answer["hook_id"] = json!(Id::from(hook).as_str());
    }
    answer
}

/// How much an engine has to do, what it keeps, and what that takes; `oldest_kept_at` when something is kept.
pub fn stats_to_json(stats: &Stats) -> Value {
    let mut answer = json!({
        "queued": stats.queued,
        "in_flight": stats.in_flight,
        "paused_lanes": stats.paused_lanes,
        "oldest_queued_age_ms": millis(stats.oldest_queued_age),
        "hooks": stats.hooks,
        "delivered": stats.delivered,
        "discarded": stats.discarded,
        "database_bytes": stats.database_bytes,
        "reusable_bytes": stats.reusable_bytes,
        "wal_bytes": stats.wal_bytes,
    });
    if let Some(moment) = stats.oldest_kept_at {
        answer["oldest_kept_at"] = json!(moment.to_string());
    }
    answer
}

/// What a look into a store found.
pub fn integrity_report_to_json(report: &IntegrityReport) -> Value {
    let findings = report.findings.iter();
    let findings: Value =
        findings.map(|found| json!({"check": found.check.as_str(), "message": found.message})).collect();
    json!({"sound": report.is_sound(), "findings": findings, "more": report.more})
}

/// What became of a restore; `backed_up_at` when the backup says it, `replaced` when a store was there before.
pub fn restored_to_json(restored: &Restored) -> Value {
    let lanes = restored.lanes.iter();
    let lanes: Value =
        lanes.map(|lane| json!({"hook_id": Id::from(lane.hook).as_str(), "queued": lane.queued})).collect();
    let mut answer = json!({"queued": restored.queued, "lanes": lanes});
    if let Some(moment) = restored.backed_up_at {
        answer["backed_up_at"] = json!(moment.to_string());
    }
    if let Some(path) = &restored.replaced {
        answer["replaced"] = json!(path.to_string_lossy());
    }
    answer
}

/// What a purge removed.
pub fn purged_to_json(purged: &Purged) -> Value {
    json!({"deliveries": purged.deliveries, "events": purged.events, "hooks": purged.hooks})
}

/// How a wait for idleness ended.
pub fn idle_report_to_json(report: &IdleReport) -> Value {
    json!({"idle": report.idle, "paused_lanes": report.paused_lanes, "attempts": report.attempts})
}

/// An error. `retry` is `"never"`, `"now"` or `{"after_ms": n}`.
pub fn error_to_json(error: &Error) -> Value {
    let mut members = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    };
    put("kind", Some(json!(error.kind().as_str())));
    put("message", Some(json!(error.message())));
    put("operation", error.operation().map(Value::from));
    put("http_status", error.http_status().map(Value::from));
    put("request_id", error.request_id().map(Value::from));
    put(
        "retry",
        Some(match error.retry() {
            Retry::Never => json!("never"),
            Retry::Now => json!("now"),
            Retry::After(wait) => json!({"after_ms": millis(wait)}),
        }),
    );
    Value::Object(members)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
