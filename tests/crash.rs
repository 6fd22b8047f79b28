//! SIGKILL under load, a hundred times on one file: nothing that was acknowledged is lost, nothing is made up, and each
//! resource keeps its order.
//!
//! The engine runs in a process of its own (this program, started again), publishes events in threads, each on
//! resources of its own, and delivers to an endpoint in this process, which lives through all kills.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::process::{Process, end_with_parent, tell};
use support::rig::{company, event, hook_create};
use support::sink::{Answer, Request, Sink};
use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::policy::egress::Egress;
use tieback::random::{Random, SeededRandom};
use tieback::service::Service;
use tieback::types::{DeliveryStatus, Event, Id, PageRequest, PayloadVersion, TriggerCreate};

const KILLS: u64 = 110;
const PUBLISHERS: i64 = 3;
const RESOURCES_EACH: i64 = 4;
/// The endpoint refuses each request whose number leaves this rest, so that lanes pause and probe.
const REFUSED: (usize, usize) = (40, 7);

const RESOURCE: &str = "Company Users";
const EVENT: &str = "update";

const STORE: &str = "TIEBACK_TEST_CRASH_STORE";
const ROLE: &str = "TIEBACK_TEST_CRASH_ROLE";
const ROUND: &str = "TIEBACK_TEST_CRASH_ROUND";

fn open(path: &Path) -> Engine {
    let mut options = EngineOptions::at(path);
    options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
    options.policy.backoff_min = Duration::from_millis(5);
    options.policy.backoff_max = Duration::from_millis(20);
    Engine::open(options).expect("the engine opens")
}

/// Not a claim: the process that is killed. Without its variables it does nothing.
#[test]
fn a_process_that_publishes_and_delivers() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let variable = |name: &str| std::env::var(name).expect("the parent sets it");
    let (role, round) = (variable(ROLE), variable(ROUND).parse::<i64>().unwrap());
    end_with_parent();
    tell("begun");
    let engine = open(Path::new(&path));
    if role != "publish" {
        engine.start().unwrap();
    }
    tell("open");
    thread::scope(|threads| {
        for publisher in (0..PUBLISHERS).filter(|_| role != "deliver") {
            let engine = &engine;
            threads.spawn(move || {
                for number in 1.. {
                    let (ulid, event) = numbered(round, publisher, number);
                    tell(&format!("try {ulid}"));
                    engine.publish(&event).unwrap();
                    tell(&format!("ack {ulid}"));
                }
            });
        }
        threads.spawn(|| thread::sleep(Duration::from_secs(600)));
    });
}

/// Events are numbered by their `user_id`, which grows with every round, so that order shows at the endpoint.
fn numbered(round: i64, publisher: i64, number: i64) -> (String, Event) {
    let resource = 1 + publisher * RESOURCES_EACH + number % RESOURCES_EACH;
    let ulid = format!("{round}-{publisher}-{number}");
    let mut event = event(&company(), RESOURCE, resource, EVENT);
    event.ulid = Some(ulid.clone());
    event.user_id = Some(Id::from(round * 1_000_000 + number));
    (ulid, event)
}

/// What a request carried.
struct Arrived {
    ulid: String,
    resource: i64,
    number: i64,
}

fn arrived(request: &Request) -> Arrived {
    let body: Value = serde_json::from_slice(&request.body).expect("a payload is JSON");
    Arrived {
        ulid: body["ulid"].as_str().expect("a ulid").to_owned(),
        resource: body["resource_id"].as_i64().expect("a resource id"),
        number: body["user_id"].as_i64().expect("a number"),
    }
}

fn is_refused(nth: usize) -> bool {
    nth % REFUSED.0 == REFUSED.1
}

#[test]
#[expect(clippy::print_stderr, reason = "the seed repeats a failure; the figures show that there was load")]
fn nothing_acknowledged_is_lost_by_a_hundred_kills() {
    let seed = std::env::var("TIEBACK_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| tieback::random::SystemRandom.next_u64() % 1_000_000);
    eprintln!("TIEBACK_SEED={seed}");
    let random = SeededRandom::new(seed);
    let began = Instant::now();

    let sink = Sink::start(|_, n| Answer::Status(if is_refused(n) { 500 } else { 204 }));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let hook = create_hook(&path, &sink);

    let mut tried = BTreeSet::new();
    let mut acknowledged = BTreeSet::new();
    let (mut at_start_up, mut publishing, mut delivering) = (0, 0, 0);
    for round in 1..=KILLS {
        let role = ["both", "both", "publish", "deliver"][(random.next_u64() % 4) as usize];
        let variables = [(STORE, path.display().to_string()), (ROLE, role.to_owned()), (ROUND, round.to_string())];
        let arrived_before = sink.requests().len();
        let mut process = Process::start("a_process_that_publishes_and_delivers", variables);
        // Every third is killed somewhere in its opening.
        let opening = random.next_u64().is_multiple_of(3);
        process.wait_for(if opening { "begun" } else { "open" });
        let most = if opening { 15_000 } else { 120_000 };
        thread::sleep(Duration::from_micros(random.next_u64() % most));
        let told = process.kill();

        let said = |word: &'static str| told.iter().filter_map(move |line| line.strip_prefix(word)).map(str::to_owned);
        tried.extend(said("try "));
        let count = acknowledged.len();
        acknowledged.extend(said("ack "));
        at_start_up += u32::from(!told.iter().any(|line| line == "open"));
        publishing += u32::from(acknowledged.len() > count);
        delivering += u32::from(sink.requests().len() > arrived_before);
    }
    eprintln!("{KILLS} kills: {at_start_up} at start-up, {publishing} while publishing, {delivering} while delivering");
    assert!(at_start_up >= 5 && publishing >= 20 && delivering >= 20, "the kills do not hit the work");

    let engine = std::sync::Arc::new(open(&path));
    let report = engine.run_until_idle(Duration::from_secs(120), true).unwrap();
    assert!(report.idle && report.paused_lanes == 0, "{report:?}");
    let kept = kept_payloads(&Embedded::new(engine.clone()), &hook);
    engine.close();
    assert_sound(&path);

    let requests = sink.requests();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut first_sights: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (nth, request) in requests.iter().enumerate() {
        let Arrived { ulid, resource, number } = arrived(request);
        assert!(tried.contains(&ulid), "{ulid} was never published");
        assert_eq!(kept.get(&ulid), Some(&request.body), "{ulid} did not arrive as it was kept");
        if seen.insert(ulid.clone()) {
            first_sights.entry(resource).or_default().push(number);
        }
        if !is_refused(nth) {
            taken.insert(ulid);
        }
    }
    let lost: Vec<&String> = acknowledged.difference(&taken).collect();
    assert!(lost.is_empty(), "acknowledged and not delivered: {lost:?}");
    assert_eq!(kept.keys().cloned().collect::<BTreeSet<String>>(), taken, "what is kept as delivered was delivered");
    assert_eq!(first_sights.len() as i64, PUBLISHERS * RESOURCES_EACH);
    for (resource, numbers) in &first_sights {
        assert!(numbers.is_sorted_by(|a, b| a < b), "resource {resource} out of order: {numbers:?}");
    }
    let (all, different) = (requests.len(), taken.len());
    let refused = (0..all).filter(|nth| is_refused(*nth)).count();
    let duplicates = all - refused - different;
    // The next of a resource waits until the outcome of the one before is on disk: one a resource and kill.
    assert!(duplicates as u64 <= KILLS * (PUBLISHERS * RESOURCES_EACH) as u64, "{duplicates} duplicates");
    eprintln!(
        "{different} events ({} acknowledged), {all} requests, {refused} refused, {duplicates} duplicates, in {:.1} s",
        acknowledged.len(),
        began.elapsed().as_secs_f64()
    );
}

fn create_hook(path: &Path, sink: &Sink) -> Id {
    let service = Embedded::new(std::sync::Arc::new(open(path)));
    let create = hook_create("acme-invoice-sync", &sink.url("/events"), PayloadVersion::V2);
    let hook = service.hook_create(&company(), &create).unwrap().id;
    service.trigger_create(&company(), &hook, &TriggerCreate::new(RESOURCE, EVENT).unwrap()).unwrap();
    hook
}

/// The payload of every event, all of them delivered.
fn kept_payloads(service: &Embedded, hook: &Id) -> HashMap<String, Vec<u8>> {
    let mut kept = HashMap::new();
    let mut page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    loop {
        let deliveries = service.delivery_list(&company(), hook, &Default::default(), &page).unwrap();
        for delivery in deliveries.items {
            assert_eq!(delivery.status, DeliveryStatus::Delivered, "{delivery:?}");
            let ulid = delivery.event.ulid.expect("every event has a ulid");
            assert_eq!(kept.insert(ulid.clone(), delivery.payload), None, "{ulid} is kept once");
        }
        match deliveries.next {
            Some(next) => page.after = Some(next),
            None => return kept,
        }
    }
}

/// What SQLite itself says of the file.
fn assert_sound(path: &Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    let said: String = database.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let mut broken = database.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!broken.exists([]).unwrap(), "a row refers to one that is not there");
}
