//! Publishing: one answer each, nothing twice, from many threads.

use std::collections::BTreeSet;
use std::thread;

use tieback::engine::Engine;
use tieback::error::ErrorKind;
use tieback::time::Timestamp;
use tieback::types::{Event, Id};

use crate::stage::{EVENT, RESOURCE, Stage};
use crate::support::rig::event;
use crate::support::sink::{Answer, Sink};

fn named(stage: &Stage, resource_id: i64, ulid: &str) -> Event {
    Event { ulid: Some(ulid.to_owned()), ..event(&stage.scope, RESOURCE, resource_id, EVENT) }
}

#[test]
fn the_same_event_again_makes_nothing_and_says_so() {
    let stage = Stage::new(Sink::always(204));
    let given = named(&stage, 1, "invoice-4711-v1");
    let first = stage.rig.engine.publish(&given).unwrap();
    assert!(!first.duplicate);
    stage.rig.run();
    let second = stage.rig.engine.publish(&given).unwrap();
    assert!(second.duplicate);
    assert_eq!((&second.id, &second.ulid, second.deliveries), (&first.id, &first.ulid, 1));
    stage.rig.run();
    assert_eq!(stage.arrived(), [1]);

    let stage = stage.reopen();
    assert!(stage.rig.engine.publish(&given).unwrap().duplicate, "also by the next engine");
    stage.rig.run();
    assert_eq!(stage.arrived(), [1]);
}

#[test]
fn the_same_id_with_other_content_is_a_conflict_that_changes_nothing() {
    let stage = Stage::new(Sink::always(204));
    stage.rig.engine.publish(&named(&stage, 1, "same")).unwrap();
    let other = stage.rig.engine.publish(&named(&stage, 2, "same")).unwrap_err();
    assert_eq!(other.kind(), ErrorKind::Conflict);
    assert!(other.message().contains("same"), "{other}");
    let numbered = |resource| Event { id: Some(Id::from(77)), ..event(&stage.scope, RESOURCE, resource, EVENT) };
    assert_eq!(stage.rig.engine.publish(&numbered(3)).unwrap().id, Id::from(77));
    assert!(stage.rig.engine.publish(&numbered(3)).unwrap().duplicate);
    assert_eq!(stage.rig.engine.publish(&numbered(4)).unwrap_err().kind(), ErrorKind::Conflict);
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 3]);
}

#[test]
fn bad_events_between_good_ones_are_errors_in_their_places() {
    let stage = Stage::new(Sink::always(204));
    let good = |id| event(&stage.scope, RESOURCE, id, EVENT);
    let unknown = event(&stage.scope, "Company Usres", 3, EVENT);
    let mut homeless = good(4);
    homeless.company_id = None;
    let twice = named(&stage, 6, "twice");
    let clash = named(&stage, 7, "twice");
    let events = [unknown, good(1), homeless, good(2), twice.clone(), clash, twice];
    let answers = stage.rig.engine.publish_many(&events).unwrap();
    let kinds: Vec<Option<ErrorKind>> =
        answers.iter().map(|answer| answer.as_ref().err().map(tieback::error::Error::kind)).collect();
    let invalid = Some(ErrorKind::InvalidArgument);
    assert_eq!(kinds, [invalid, None, invalid, None, None, Some(ErrorKind::Conflict), None]);
    assert!(answers[6].as_ref().unwrap().duplicate, "the same one twice in one call is one event");
    assert!(answers[0].as_ref().unwrap_err().message().contains("Company Users"), "the nearest name is offered");
    stage.rig.run();
    assert_eq!(stage.arrived(), [1, 2, 6]);
}

#[test]
fn a_call_with_bad_events_alone_or_none_publishes_nothing() {
    let stage = Stage::new(Sink::always(204));
    assert!(stage.rig.engine.publish_many(&[]).unwrap().is_empty());
    let answers = stage.rig.engine.publish_many(&[event(&stage.scope, "Nonsense", 1, EVENT)]).unwrap();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].is_err());
    assert_eq!(stage.rig.run().attempts, 0);
}

#[test]
fn a_thousand_events_are_one_call_and_one_more_is_refused_whole() {
    let stage = Stage::new(Sink::always(204));
    let events: Vec<Event> = (1..=1001).map(|id| event(&stage.scope, RESOURCE, id, EVENT)).collect();
    let refused = stage.rig.engine.publish_many(&events).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.message().contains("1001"), "{refused}");
    assert_eq!(stage.rig.engine.stats().unwrap().queued, 0);

    let answers = stage.rig.engine.publish_many(&events[..Engine::MAX_PUBLISH]).unwrap();
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(stage.rig.engine.stats().unwrap().queued, 1000);
}

#[test]
fn events_get_ids_that_grow_and_a_ulid_of_their_time() {
    let stage = Stage::new(Sink::always(204));
    let events: Vec<Event> = (1..=50).map(|id| event(&stage.scope, RESOURCE, id, EVENT)).collect();
    let mut published = stage.rig.engine.publish_many(&events).unwrap();
    published.extend((51..=60).map(|id| Ok(stage.publish(id))));
    let published: Vec<_> = published.into_iter().map(Result::unwrap).collect();
    let ids: Vec<i64> = published.iter().map(|one| one.id.number().unwrap()).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    assert!(ids.iter().all(|id| (1..1 << 53).contains(id)), "a double holds them: {ids:?}");
    let ulids: Vec<ulid::Ulid> = published.iter().map(|one| one.ulid.parse().unwrap()).collect();
    assert!(ulids.is_sorted_by(|a, b| a < b), "{ulids:?}");
    let now = Timestamp::parse("2026-11-24T08:00:00Z").unwrap().as_micros() / 1000;
    assert!(ulids.iter().all(|ulid| ulid.timestamp_ms() == now as u64));
}

#[test]
fn eight_threads_publish_while_the_engine_delivers_and_everything_arrives_once() {
    const THREADS: i64 = 8;
    const EACH: i64 = 25;
    // A pause in the middle, so that publishing meets a paused lane too.
    let sink = Sink::start(|_, n| Answer::Status(if n == 20 { 500 } else { 204 }));
    let stage = Stage::wide(sink);
    stage.rig.engine.start().unwrap();
    thread::scope(|threads| {
        for thread in 0..THREADS {
            let stage = &stage;
            threads.spawn(move || {
                for n in 1..=EACH {
                    assert_eq!(stage.publish(thread * 1000 + n).deliveries, 1);
                }
            });
        }
    });
    stage.rig.run();
    stage.run_after(std::time::Duration::from_secs(1));
    let arrived = stage.arrived();
    let different: BTreeSet<i64> = arrived.iter().copied().collect();
    assert_eq!(different.len() as i64, THREADS * EACH);
    assert_eq!(arrived.len() as i64, THREADS * EACH + 1, "only the failed one came twice");
    assert_eq!(stage.rig.engine.stats().unwrap().queued, 0);
}
