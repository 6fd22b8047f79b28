//! SIGKILL under load, three hundred times: nothing that was acknowledged is lost, nothing is made up, each resource
//! keeps its order, and what is sent twice was in flight when a worker was killed.
//!
//! Several processes (this program, started again) share a file at any time: publishers, workers, and some that are
//! both. One of them is killed, or all at once, and others take their place while the rest live on. The endpoint is in
//! this process, and lives through all kills. Several files go through this side by side.

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::process::{Process, end_with_parent, tell};
use support::rig::{event, hook_create};
use support::sink::{Answer, Request, Sink};
use tempfile::TempDir;
use tieback::embedded::Embedded;
use tieback::engine::{Engine, EngineOptions};
use tieback::policy::egress::Egress;
use tieback::random::{Random, SeededRandom};
use tieback::service::Service;
use tieback::types::{DeliveryStatus, Event, HookQuery, Id, PageRequest, PayloadVersion, Scope, TriggerCreate};

const FILES: u64 = 3;
const KILLS_EACH: usize = 100;
/// How many processes share a file, and how many threads publish in each of them.
const SLOTS: usize = 3;
const PUBLISHERS: usize = 2;
const RESOURCES_EACH: i64 = 4;
const RESOURCES: usize = SLOTS * PUBLISHERS * RESOURCES_EACH as usize;
/// Each lane is a hook in a company of its own.
const LANES: usize = 4;
/// Between two events of one thread: what is published must be delivered too.
const PAUSE: Duration = Duration::from_millis(3);
/// The endpoint refuses each request whose number leaves this rest, so that lanes pause and probe.
const REFUSED: (usize, usize) = (40, 7);

const RESOURCE: &str = "Company Users";
const EVENT: &str = "update";

const STORE: &str = "TIEBACK_TEST_CRASH_STORE";
const ROLE: &str = "TIEBACK_TEST_CRASH_ROLE";
const SLOT: &str = "TIEBACK_TEST_CRASH_SLOT";
const GENERATION: &str = "TIEBACK_TEST_CRASH_GENERATION";

fn open(path: &Path) -> Engine {
    let mut options = EngineOptions::at(path);
    options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
    options.policy.backoff_min = Duration::from_millis(5);
    options.policy.backoff_max = Duration::from_millis(20);
    Engine::open(options).expect("the engine opens")
}

/// Not a claim: the processes that are killed. Without its variables it does nothing.
#[test]
fn a_process_that_publishes_and_delivers() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let variable = |name: &str| std::env::var(name).expect("the parent sets it");
    let (role, slot) = (variable(ROLE), variable(SLOT).parse::<usize>().unwrap());
    let generation = variable(GENERATION).parse::<i64>().unwrap();
    end_with_parent();
    tell("begun");
    let engine = open(Path::new(&path));
    if role != "publish" {
        engine.start().unwrap();
    }
    tell("open");
    thread::scope(|threads| {
        for publisher in (0..PUBLISHERS).filter(|_| role != "deliver") {
            let (engine, publisher) = (&engine, slot * PUBLISHERS + publisher);
            threads.spawn(move || {
                for number in 1.. {
                    let (ulid, event) = numbered(generation, publisher, number);
                    tell(&format!("try {ulid}"));
                    engine.publish(&event).unwrap();
                    tell(&format!("ack {ulid}"));
                    thread::sleep(PAUSE);
                }
            });
        }
        threads.spawn(|| thread::sleep(Duration::from_secs(600)));
    });
}

/// Events are numbered by their `user_id`, which grows with every process of a slot, so that order shows at the
/// endpoint.
fn numbered(generation: i64, publisher: usize, number: i64) -> (String, Event) {
    let resource = 1 + publisher as i64 * RESOURCES_EACH + number % RESOURCES_EACH;
    let ulid = format!("{generation}-{publisher}-{number}");
    let mut event = event(&lane(publisher % LANES), RESOURCE, resource, EVENT);
    event.ulid = Some(ulid.clone());
    event.user_id = Some(Id::from(generation * 1_000_000 + number));
    (ulid, event)
}

fn lane(number: usize) -> Scope {
    Scope::company(1 + number as i64).expect("a company")
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

/// One of the processes of a file.
struct Member {
    process: Process,
    role: &'static str,
}

/// When a process was killed, and whether it delivered.
struct Kill {
    began: Instant,
    ended: Instant,
    delivers: bool,
}

/// What happened to one file.
#[derive(Default)]
struct Story {
    tried: BTreeSet<String>,
    acknowledged: BTreeSet<String>,
    kills: Vec<Kill>,
    at_start_up: usize,
    by_role: BTreeMap<&'static str, usize>,
}

/// One file with its endpoint and its processes.
struct Trial {
    _folder: TempDir,
    path: PathBuf,
    sink: Sink,
    random: SeededRandom,
    generation: i64,
    story: Story,
}

impl Trial {
    fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hooks.db");
        let sink = Sink::start(|_, n| Answer::Status(if is_refused(n) { 500 } else { 204 }));
        let service = Embedded::new(Arc::new(open(&path)));
        for number in 0..LANES {
            let create = hook_create("acme-invoice-sync", &sink.url("/events"), PayloadVersion::V2);
            let hook = service.hook_create(&lane(number), &create).unwrap().id;
            service.trigger_create(&lane(number), &hook, &TriggerCreate::new(RESOURCE, EVENT).unwrap()).unwrap();
        }
        let random = SeededRandom::new(seed);
        Self { _folder: folder, path, sink, random, generation: 0, story: Story::default() }
    }

    fn dice(&self, sides: u64) -> u64 {
        self.random.next_u64() % sides
    }

    fn begin(&mut self, slot: usize) -> Member {
        let role = ["both", "publish", "deliver"][self.dice(3) as usize];
        self.generation += 1;
        let variables = [
            (STORE, self.path.display().to_string()),
            (ROLE, role.to_owned()),
            (SLOT, slot.to_string()),
            (GENERATION, self.generation.to_string()),
        ];
        Member { process: Process::start("a_process_that_publishes_and_delivers", variables), role }
    }

    fn kill(&mut self, Member { process, role }: Member) {
        let began = Instant::now();
        let told = process.kill();
        self.story.kills.push(Kill { began, ended: Instant::now(), delivers: role != "publish" });
        *self.story.by_role.entry(role).or_default() += 1;
        self.story.at_start_up += usize::from(!told.iter().any(|line| line == "open"));
        let said = |word: &'static str| told.iter().filter_map(move |line| line.strip_prefix(word)).map(str::to_owned);
        self.story.tried.extend(said("try "));
        self.story.acknowledged.extend(said("ack "));
    }

    /// Kills and begins processes until there were enough.
    fn run(&mut self) {
        let mut members: Vec<Option<Member>> = (0..SLOTS).map(|slot| Some(self.begin(slot))).collect();
        while self.story.kills.len() < KILLS_EACH - SLOTS {
            // Every sixth time all die together. Every third one is killed somewhere in its opening.
            let victims = if self.dice(6) == 0 { (0..SLOTS).collect() } else { vec![self.dice(SLOTS as u64) as usize] };
            let opening = self.dice(3) == 0;
            for slot in &victims {
                let process = &mut members[*slot].as_mut().expect("every slot is taken").process;
                process.wait_for(if opening { "begun" } else { "open" });
            }
            thread::sleep(Duration::from_micros(self.dice(if opening { 15_000 } else { 100_000 })));
            let dying: Vec<Member> = victims.iter().filter_map(|slot| members[*slot].take()).collect();
            dying.into_iter().for_each(|member| self.kill(member));
            for slot in victims {
                members[slot] = Some(self.begin(slot));
            }
        }
        members.into_iter().flatten().for_each(|member| self.kill(member));
    }

    /// Delivers what is left, and compares what arrived with what was acknowledged and with what is kept. Gives the
    /// figures.
    fn check(self) -> String {
        let engine = Arc::new(open(&self.path));
        let report = engine.run_until_idle(Duration::from_secs(120), true).unwrap();
        assert!(report.idle && report.paused_lanes == 0, "{report:?}");
        let kept = kept_payloads(&Embedded::new(engine.clone()));
        engine.close();
        let names = std::fs::read_dir(self.path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["hooks.db"], "the dead leave nothing behind");
        assert_sound(&self.path);

        let Story { tried, acknowledged, kills, at_start_up, by_role } = self.story;
        let requests = self.sink.requests();
        let mut taken: HashMap<String, Instant> = HashMap::new();
        let mut first_sights: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut repeats = vec![0; kills.len()];
        for (nth, request) in requests.iter().enumerate() {
            let Arrived { ulid, resource, number } = arrived(request);
            assert!(tried.contains(&ulid), "{ulid} was never published");
            assert_eq!(kept.get(&ulid), Some(&request.body), "{ulid} did not arrive as it was kept");
            if seen.insert(ulid.clone()) {
                first_sights.entry(resource).or_default().push(number);
            }
            if is_refused(nth) {
                continue;
            }
            if let Some(before) = taken.insert(ulid.clone(), request.received_at) {
                let between = |kill: &Kill| kill.delivers && kill.ended >= before && kill.began <= request.received_at;
                let kill = kills.iter().rposition(between);
                repeats[kill.unwrap_or_else(|| panic!("{ulid} was sent twice, and no worker died in between"))] += 1;
            }
        }
        let lost: Vec<&String> = acknowledged.iter().filter(|ulid| !taken.contains_key(*ulid)).collect();
        assert!(lost.is_empty(), "acknowledged and not delivered: {lost:?}");
        let kept: BTreeSet<&String> = kept.keys().collect();
        assert_eq!(kept, taken.keys().collect(), "what is kept as delivered was delivered");
        for (resource, numbers) in &first_sights {
            assert!(numbers.is_sorted_by(|a, b| a < b), "resource {resource} out of order: {numbers:?}");
        }
        assert!(first_sights.len() * 2 > RESOURCES, "too few events to prove something: {}", taken.len());
        let (duplicates, most) = (repeats.iter().sum::<usize>(), repeats.iter().max().copied().unwrap_or_default());
        // The next of a resource waits until the outcome of the one before is on disk: one of each and kill, at most.
        let workers = kills.iter().filter(|kill| kill.delivers).count();
        assert!(duplicates <= RESOURCES * workers, "{duplicates} duplicates by {workers} kills of workers");
        let refused = (0..requests.len()).filter(|nth| is_refused(*nth)).count();
        format!(
            "{} kills ({by_role:?}, {at_start_up} at start-up): {} events delivered ({} acknowledged), {} requests, \
             {refused} refused, {duplicates} duplicates, at most {most} after one kill",
            kills.len(),
            taken.len(),
            acknowledged.len(),
            requests.len(),
        )
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "the seed repeats a failure; the figures show that there was load")]
fn nothing_acknowledged_is_lost_by_three_hundred_kills() {
    let seed = std::env::var("TIEBACK_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| tieback::random::SystemRandom.next_u64() % 1_000_000);
    eprintln!("TIEBACK_SEED={seed}");
    let began = Instant::now();
    let trials: Vec<Trial> = thread::scope(|threads| {
        let trials = (0..FILES).map(|file| {
            threads.spawn(move || {
                let mut trial = Trial::new(seed + file);
                trial.run();
                trial
            })
        });
        let trials: Vec<_> = trials.collect();
        trials.into_iter().map(|trial| trial.join().unwrap()).collect()
    });
    let kills: Vec<&Kill> = trials.iter().flat_map(|trial| &trial.story.kills).collect();
    assert!(kills.len() >= 300, "{} kills", kills.len());
    let workers = kills.iter().filter(|kill| kill.delivers).count();
    let at_start_up: usize = trials.iter().map(|trial| trial.story.at_start_up).sum();
    assert!(workers >= 100 && at_start_up >= 15, "the kills do not hit the work: {workers}, {at_start_up}");
    for trial in trials {
        eprintln!("{}", trial.check());
    }
    eprintln!("in {:.1} s", began.elapsed().as_secs_f64());
}

/// The payload of every event, all of them delivered.
fn kept_payloads(service: &Embedded) -> HashMap<String, Vec<u8>> {
    let mut kept = HashMap::new();
    for scope in (0..LANES).map(lane) {
        let hook =
            service.hook_list(&scope, &HookQuery::default(), &PageRequest::default()).unwrap().items.remove(0).id;
        let mut page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
        loop {
            let deliveries = service.delivery_list(&scope, &hook, &Default::default(), &page).unwrap();
            for delivery in deliveries.items {
                assert_eq!(delivery.status, DeliveryStatus::Delivered, "{delivery:?}");
                let ulid = delivery.event.ulid.expect("every event has a ulid");
                assert_eq!(kept.insert(ulid.clone(), delivery.payload), None, "{ulid} is kept once");
            }
            match deliveries.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
    }
    kept
}

/// What SQLite itself says of the file.
fn assert_sound(path: &Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    let said: String = database.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(said, "ok");
    let mut broken = database.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(!broken.exists([]).unwrap(), "a row refers to one that is not there");
}
