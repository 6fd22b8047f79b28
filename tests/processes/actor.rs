//! The processes: this program, started again, with an engine that does what it is told on its standard input.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tieback::engine::{Engine, EngineOptions};
use tieback::error::Result;
use tieback::policy::egress::Egress;
use tieback::time::{Clock, Moment, SystemClock};
use tieback::types::{Hook, PayloadVersion, Published, Scope, TriggerCreate};
use tokio::sync::watch;

use crate::support::process::{Process, tell};
use crate::support::rig::{Rig, SOON, event};

pub const RESOURCE: &str = "Company Users";
pub const EVENT: &str = "update";

const STORE: &str = "TIEBACK_TEST_ACTOR_STORE";

/// Longer than any test: what ends a wait before is what the test does.
const BACKOFF: Duration = Duration::from_secs(600);

/// A process with an engine on a file. Dropping it kills it.
pub struct Actor(Process);

impl Actor {
    /// A process that has not opened its engine yet.
    pub fn cast(path: &Path) -> Self {
        let variables = [(STORE, path.display().to_string())];
        let mut process = Process::start("actor::a_process_with_an_engine", variables);
        process.wait_for("ready");
        Self(process)
    }

    /// One whose engine is open.
    pub fn open(path: &Path) -> Self {
        let mut actor = Self::cast(path);
        actor.ask("open");
        actor
    }

    /// One that delivers.
    pub fn worker(path: &Path) -> Self {
        let mut actor = Self::open(path);
        actor.ask("start");
        actor
    }

    /// Has it do something, and gives its answer once it is done.
    pub fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.answer()
    }

    /// Has it do something, without waiting.
    pub fn tell(&mut self, line: &str) {
        self.0.say(line);
    }

    /// What it answers to [`Actor::tell`].
    pub fn answer(&mut self) -> String {
        let answer = self.0.hear("answer ");
        assert!(!answer.starts_with("failed"), "{answer}");
        answer
    }

    pub fn kill(self) {
        self.0.kill();
    }

    /// It stands still until it is thawed.
    pub fn freeze(&self) {
        self.0.signal("STOP");
    }

    pub fn thaw(&self) {
        self.0.signal("CONT");
    }
}

/// Not a claim: what [`Actor::cast`] runs. Without its variable it does nothing.
#[test]
fn a_process_with_an_engine() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let mut part = Part { path: path.into(), clock: AheadClock::default(), engine: None };
    tell("ready");
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match part.act(&words) {
            Ok(answer) => tell(&format!("answer {answer}")),
            Err(error) => tell(&format!("answer failed: {} {}", error.kind().as_str(), error.message())),
        }
    }
    // The parent is gone.
    std::process::exit(0);
}

struct Part {
    path: PathBuf,
    clock: AheadClock,
    engine: Option<Engine>,
}

impl Part {
    fn act(&mut self, words: &[&str]) -> Result<String> {
        let number = |at: usize| words[at].parse::<u64>().unwrap();
        match words[0] {
            "open" => self.engine = Some(Engine::open(self.options())?),
            "start" => self.engine().start()?,
            "stop" => self.engine().stop(SOON)?,
            "close" => self.engine = None,
            "publish" => drop(publish(self.engine(), number(1) as i64, number(2) as i64)?),
            "ahead" => self.clock.ahead.send_modify(|ahead| *ahead += Duration::from_millis(number(1))),
            "visit" => {
                let began = Instant::now();
                let engine = Engine::open(self.options())?;
                publish(&engine, number(1) as i64, number(2) as i64)?;
                drop(engine);
                return Ok(began.elapsed().as_micros().to_string());
            }
            "crowd" => return self.crowd(number(1), Duration::from_millis(number(2))),
            other => panic!("nobody knows what `{other}` is"),
        }
        Ok("done".to_owned())
    }

    /// Publishes in threads all the time; gives how many there were, and how long the slowest took in microseconds.
    fn crowd(&self, threads: u64, span: Duration) -> Result<String> {
        let (engine, count, slowest) = (self.engine(), AtomicI64::new(0), AtomicI64::new(0));
        let end = Instant::now() + span;
        std::thread::scope(|scope| {
            let publishers = (1..=threads as i64).map(|resource| {
                let (count, slowest) = (&count, &slowest);
                scope.spawn(move || -> Result<()> {
                    while Instant::now() < end {
                        let began = Instant::now();
                        publish(engine, 1, resource)?;
                        slowest.fetch_max(began.elapsed().as_micros() as i64, Ordering::Relaxed);
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            });
            let publishers: Vec<_> = publishers.collect();
            publishers.into_iter().try_for_each(|publisher| publisher.join().unwrap())
        })?;
        Ok(format!("{} {}", count.into_inner(), slowest.into_inner()))
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().expect("the engine is open")
    }

    fn options(&self) -> EngineOptions {
        let mut options = EngineOptions::at(&self.path);
        options.egress = Egress { danger_allow_http: true, danger_allow_private_addresses: true, ..Egress::default() };
        options.policy.backoff_min = BACKOFF;
        options.policy.backoff_max = BACKOFF;
        // An endpoint that holds its answer does so for as long as the test wants.
        options.policy.response_timeout = 4 * SOON;
        options.clock = Arc::new(self.clock.clone());
        options
    }
}

fn publish(engine: &Engine, company: i64, resource: i64) -> Result<Published> {
    engine.publish(&event(&Scope::company(company)?, RESOURCE, resource, EVENT))
}

/// The machine's clock, and what a test has put it ahead.
#[derive(Clone)]
struct AheadClock {
    system: Arc<SystemClock>,
    ahead: Arc<watch::Sender<Duration>>,
}

impl Default for AheadClock {
    fn default() -> Self {
        Self { system: Arc::default(), ahead: Arc::new(watch::Sender::new(Duration::ZERO)) }
    }
}

impl Clock for AheadClock {
    fn now(&self) -> Moment {
        let (Moment { wall, monotonic }, ahead) = (self.system.now(), *self.ahead.borrow());
        Moment { wall: wall.plus(ahead), monotonic: monotonic + ahead }
    }

    fn sleep_until(&self, until: Duration) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut watcher = self.ahead.subscribe();
        Box::pin(async move {
            loop {
                let ahead = *watcher.borrow_and_update();
                tokio::select! {
                    () = self.system.sleep_until(until.saturating_sub(ahead)) => return,
                    // The sender lives in `self`: it does not end.
                    _ = watcher.changed() => {}
                }
            }
        })
    }
}

/// The test's own engine on the file: it publishes and operates, and never delivers.
pub struct Desk(pub Rig);

impl Desk {
    pub fn new() -> Self {
        Self(Rig::with(|options| options.clock = Arc::new(SystemClock::new())))
    }

    /// A hook with a trigger, alone in its company.
    pub fn hook(&self, company: i64, url: &str) -> Hook {
        let scope = scope(company);
        let hook = self.0.hook(&scope, url, PayloadVersion::V2);
        self.trigger(&scope, &hook);
        hook
    }

    fn trigger(&self, scope: &Scope, hook: &Hook) {
        use tieback::service::Service;
        let trigger = TriggerCreate::new(RESOURCE, EVENT).expect("a trigger");
        self.0.service.trigger_create(scope, &hook.id, &trigger).expect("the trigger is created");
    }

    pub fn publish(&self, company: i64, resource: i64) -> Published {
        publish(&self.0.engine, company, resource).expect("it is published")
    }

    /// The statuses of a company's deliveries and how many attempts each has, oldest first.
    pub fn log(&self, company: i64, hook: &Hook) -> Vec<(String, usize)> {
        let deliveries = self.0.deliveries(&scope(company), hook);
        deliveries.into_iter().map(|one| (one.status.as_str().to_owned(), one.attempts.len())).collect()
    }

    /// Asks the file itself.
    pub fn ask<T: rusqlite::types::FromSql>(&self, query: &str) -> T {
        let file = rusqlite::Connection::open(self.0.path()).expect("the file");
        file.busy_timeout(SOON).expect("a connection");
        file.query_row(query, [], |row| row.get(0)).expect("an answer")
    }

    /// Asks until the answer is good.
    pub fn ask_until<T: rusqlite::types::FromSql + std::fmt::Debug>(&self, query: &str, good: impl Fn(&T) -> bool) {
        let deadline = Instant::now() + SOON;
        loop {
            let answer = self.ask(query);
            if good(&answer) {
                return;
            }
            assert!(Instant::now() < deadline, "`{query}` is still {answer:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

pub fn scope(company: i64) -> Scope {
    Scope::company(company).expect("a company")
}
