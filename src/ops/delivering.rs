//! Operations of the engine: publishing, delivering, operating.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Operation, Run, done, hook_id, id, needed, scope};
use crate::engine::{Engine, each_during, one_answer_each};
use crate::error::{Error, Result};
use crate::types::{Id, Published, Scope};
use crate::wire::own::{self, Members};

const SCOPE: (&str, &str) = ("scope", "`company_id`, or `project_id` with or without its `company_id`");
const HOOK_ID: (&str, &str) = ("hook_id", "the hook's id");
const DELIVERY_ID: (&str, &str) = ("delivery_id", "the delivery's id");
const REPORT: &str = "`idle`, `paused_lanes`, and how many `attempts` ended";

/// The operations.
pub const OPERATIONS: &[Operation] = &[
    Operation {
        name: "publish",
        about: "Publishes one event. When this is answered, the event and its deliveries are on disk.",
        takes: &[("event", "`company_id` or `project_id`, `resource_name`, `resource_id`, `event_type`, and more")],
        gives: "`id`, `ulid`, how many `deliveries`, the `hook_ids` they are for, whether it is a `duplicate`, and \
                `no_delivery` if there was none",
        example: r#"{"event": {"company_id": 5358233, "resource_name": "Company Users", "resource_id": 42,
            "event_type": "update"}}"#,
        run: Run::Deliver(publish),
    },
    Operation {
        name: "publish_many",
        about: "Publishes up to 1000 events in one transaction. An error of one is its own entry.",
        takes: &[("events", "a list of events")],
        gives: "`answers`: for each, in order, `published` or `error`",
        example: r#"{"events": [{"company_id": 5358233, "resource_name": "Company Users", "resource_id": 43,
            "event_type": "update"}]}"#,
        run: Run::Deliver(publish_many),
    },
    Operation {
        name: "send_test",
        about: "Sends a made-up event to one hook, whatever its triggers are.",
        takes: &[SCOPE, HOOK_ID],
        gives: "what `publish` gives",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1"}"#,
        run: Run::Deliver(send_test),
    },
    Operation {
        name: "start",
        about: "Starts delivering on threads of the engine's own.",
        takes: &[],
        gives: "nothing: an empty object",
        example: "{}",
        run: Run::Deliver(start),
    },
    Operation {
        name: "stop",
        about: "Stops delivering. Attempts in flight get `grace_ms` to end; what has not ended is queued again.",
        takes: &[("grace_ms", "whole milliseconds; left out, as long as an attempt can take")],
        gives: "nothing: an empty object",
        example: r#"{"grace_ms": 1000}"#,
        run: Run::Deliver(stop),
    },
    Operation {
        name: "pump",
        about: "Delivers on the caller's thread what is due, for about `budget_ms`.",
        takes: &[("budget_ms", "whole milliseconds; left out, 0: what can be done without waiting")],
        gives: REPORT,
        example: r#"{"budget_ms": 100}"#,
        run: Run::Deliver(pump),
    },
    Operation {
        name: "run_until_idle",
        about: "Delivers until nothing is in flight or due, or `timeout_ms` has passed.",
        takes: &[
            ("timeout_ms", "whole milliseconds"),
            ("wait_paused", "may be left out: true also waits for lanes in back-off"),
        ],
        gives: REPORT,
        example: r#"{"timeout_ms": 10000}"#,
        run: Run::Deliver(run_until_idle),
    },
    Operation {
        name: "redeliver",
        about: "Sends the event of a delivery that has an outcome again, as a new delivery.",
        takes: &[SCOPE, HOOK_ID, DELIVERY_ID],
        gives: "`delivery_id` of the new one",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "delivery_id": "1"}"#,
        run: Run::Deliver(redeliver),
    },
    Operation {
        name: "skip",
        about: "Gives one queued delivery up.",
        takes: &[SCOPE, HOOK_ID, DELIVERY_ID],
        gives: "nothing: an empty object",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1", "delivery_id": "4"}"#,
        run: Run::Deliver(skip),
    },
    Operation {
        name: "retry_now",
        about: "Ends the present wait of a lane in back-off.",
        takes: &[SCOPE, HOOK_ID],
        gives: "nothing: an empty object",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1"}"#,
        run: Run::Deliver(|engine, members| order(engine, members, Engine::retry_now)),
    },
    Operation {
        name: "pause",
        about: "Starts nothing on a hook's lane until `resume`; new events still queue.",
        takes: &[SCOPE, HOOK_ID],
        gives: "nothing: an empty object",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1"}"#,
        run: Run::Deliver(|engine, members| order(engine, members, Engine::pause)),
    },
    Operation {
        name: "resume",
        about: "Lets a paused lane go on.",
        takes: &[SCOPE, HOOK_ID],
        gives: "nothing: an empty object",
        example: r#"{"scope": {"company_id": 5358233}, "hook_id": "1"}"#,
        run: Run::Deliver(|engine, members| order(engine, members, Engine::resume)),
    },
    Operation {
        name: "stats",
        about: "Tells how much there is to do.",
        takes: &[],
        gives: "figures",
        example: "{}",
        run: Run::Deliver(stats),
    },
    Operation {
        name: "notices",
        about: "Tells what happened since the last call: lanes that paused, resumed or were flushed, and a store that \
                failed.",
        takes: &[],
        gives: "`notices`, oldest first",
        example: "{}",
        run: Run::Deliver(notices),
    },
    Operation {
        name: "purge",
        about: "Removes at once what has been kept for longer than the engine's retention.",
        takes: &[],
        gives: "how many `deliveries`, `events` and `hooks` went",
        example: "{}",
        run: Run::Deliver(purge),
    },
    Operation {
        name: "backup",
        about: "Copies the store to a new file while the engine runs.",
        takes: &[("path", "the file"), ("replace", "may be left out: true allows a file that is there already")],
        gives: "nothing: an empty object",
        example: r#"{"path": "hooks-backup.db", "replace": true}"#,
        run: Run::Deliver(backup),
    },
    Operation {
        name: "check_integrity",
        about: "Looks for damage in the store.",
        takes: &[("quick", "may be left out: true leaves out what compares every row of the log")],
        gives: "`sound`, `findings`, and whether there are `more` than are listed",
        example: r#"{"quick": true}"#,
        run: Run::Deliver(check_integrity),
    },
    Operation {
        name: "compact",
        about: "Gives the space of what was removed back to the file system. Nobody writes meanwhile.",
        takes: &[],
        gives: "nothing: an empty object",
        example: "{}",
        run: Run::Deliver(compact),
    },
];

fn publish(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let event = needed(members, "event", "the event to publish", own::event_from_json)?;
    members.end()?;
    Ok(own::published_to_json(&engine.publish(&event)?))
}

fn publish_many(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let events = members.each("events", Engine::MAX_PUBLISH, own::event_from_json)?;
    let events = members.need("events", "a list of events", events)?;
    members.end()?;
    let answers = each_during("publish_many", one_answer_each(events, |good| engine.publish_many(good))?);
    let entry = |answer: &Result<Published>| match answer {
        Ok(published) => json!({"published": own::published_to_json(published)}),
        Err(error) => json!({"error": own::error_to_json(error)}),
    };
    Ok(json!({"answers": answers.iter().map(entry).collect::<Value>()}))
}

fn send_test(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    members.end()?;
    Ok(own::published_to_json(&engine.send_test(&scope, &hook_id)?))
}

fn start(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    members.end()?;
    engine.start()?;
    Ok(done())
}

fn stop(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let grace = members.millis("grace_ms")?.unwrap_or_else(|| engine.attempt_limit());
    members.end()?;
    engine.stop(grace)?;
    Ok(done())
}

fn pump(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let budget = members.millis("budget_ms")?.unwrap_or(Duration::ZERO);
    members.end()?;
    Ok(own::idle_report_to_json(&engine.pump(budget)?))
}

fn run_until_idle(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let timeout = members.millis("timeout_ms")?;
    let timeout = members.need("timeout_ms", "whole milliseconds, such as 10000", timeout)?;
    let wait_paused = members.flag("wait_paused")?.unwrap_or_default();
    members.end()?;
    Ok(own::idle_report_to_json(&engine.run_until_idle(timeout, wait_paused)?))
}

fn redeliver(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id, delivery_id) = (scope(members)?, hook_id(members)?, id(members, "delivery_id")?);
    members.end()?;
    let made = engine.redeliver(&scope, &hook_id, &delivery_id)?;
    Ok(json!({"delivery_id": made.as_str()}))
}

fn skip(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let (scope, hook_id, delivery_id) = (scope(members)?, hook_id(members)?, id(members, "delivery_id")?);
    members.end()?;
    engine.skip(&scope, &hook_id, &delivery_id)?;
    Ok(done())
}

fn order(
    engine: &Engine,
    members: &mut Members<'_>,
    order: fn(&Engine, &Scope, &Id) -> Result<(), Error>,
) -> Result<Value> {
    let (scope, hook_id) = (scope(members)?, hook_id(members)?);
    members.end()?;
    order(engine, &scope, &hook_id)?;
    Ok(done())
}

fn stats(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    members.end()?;
    Ok(own::stats_to_json(&engine.stats()?))
}

fn notices(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    members.end()?;
    Ok(json!({"notices": engine.notices()?.iter().map(own::notice_to_json).collect::<Value>()}))
}

fn purge(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    members.end()?;
    Ok(own::purged_to_json(&engine.purge()?))
}

fn backup(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let path = members.text("path")?;
    let path = members.need("path", "the file of the backup", path)?;
    let replace = members.flag("replace")?.unwrap_or_default();
    members.end()?;
    engine.backup(Path::new(path), replace)?;
    Ok(done())
}

fn check_integrity(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    let quick = members.flag("quick")?.unwrap_or_default();
    members.end()?;
    Ok(own::integrity_report_to_json(&engine.check_integrity(quick)?))
}

fn compact(engine: &Engine, members: &mut Members<'_>) -> Result<Value> {
    members.end()?;
    engine.compact()?;
    Ok(done())
}
