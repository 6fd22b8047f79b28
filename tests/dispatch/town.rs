//! A dispatch machine in simulated time: endpoints that take their time, a store whose operations take some too, and
//! queues of any length. Every start is written down.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tieback::policy::dispatch::{Answer, Dispatch, Effect, Input, Limits, Sending};
use tieback::policy::lane::{Control, LaneState, Verdict};
use tieback::policy::queue::{Commit, Committed, Destination, LoadRequest, Loaded, Queued, Tenure};
use tieback::policy::retry::RetryPolicy;
use tieback::time::{Moment, Timestamp};
use tieback::types::{
    Attempt, DeliveryId, DestinationHeaders, DestinationUrl, HookId, RateLimit, SigningSecrets, WorkerId,
};

const OPERATION: Duration = Duration::from_micros(500);

/// What an endpoint does with every attempt.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    pub takes: Duration,
    /// `None`: it never answers, and the attempt ends by its time limit.
    pub status: Option<u16>,
}

impl Endpoint {
    /// Takes every delivery after so many milliseconds.
    pub fn good(millis: u64) -> Self {
        Self { takes: Duration::from_millis(millis), status: Some(204) }
    }

    /// Hangs until the time limit for an answer.
    pub fn hanging() -> Self {
        Self { takes: Duration::from_secs(5), status: None }
    }

    /// Refuses connections.
    pub fn dead() -> Self {
        Self { takes: Duration::from_millis(1), status: None }
    }
}

/// The one worker.
const WORKER: WorkerId = WorkerId(1);

#[derive(Debug)]
struct House {
    endpoint: Endpoint,
    limit: Option<RateLimit>,
    queue: BTreeSet<DeliveryId>,
    state: LaneState,
    /// How often its lane was claimed.
    fence: u64,
}

#[derive(Debug)]
enum Operation {
    Enlist,
    Renew,
    Claim(Vec<LoadRequest>),
    /// Letting go, which nothing answers.
    LetGo,
    Load(Vec<LoadRequest>),
    Commit(Commit),
}

pub struct Town {
    pub dispatch: Dispatch,
    pub now: Moment,
    /// Every start: when, and of which lane.
    pub starts: Vec<(Duration, HookId)>,
    /// How many inputs the machine was given.
    pub inputs: usize,
    houses: BTreeMap<HookId, House>,
    policy: RetryPolicy,
    flying: BTreeMap<(Duration, DeliveryId), Sending>,
    operations: VecDeque<Operation>,
    operated_at: Option<Duration>,
    alarm: Option<Duration>,
    last_delivery: i64,
}

impl Town {
    pub fn new() -> Self {
        Self::with(Limits::default())
    }

    pub fn with(limits: Limits) -> Self {
        let policy = RetryPolicy::default();
        Self {
            dispatch: Dispatch::new(policy.clone(), limits),
            now: Moment { wall: Timestamp::parse("2025-02-06T23:34:12Z").unwrap(), monotonic: Duration::ZERO },
            starts: Vec::new(),
            inputs: 0,
            houses: BTreeMap::new(),
            policy,
            flying: BTreeMap::new(),
            operations: VecDeque::new(),
            operated_at: None,
            alarm: None,
            last_delivery: 0,
        }
    }

    pub fn house(&mut self, endpoint: Endpoint) -> HookId {
        let hook = HookId(self.houses.len() as i64 + 1);
        let house = House { endpoint, limit: None, queue: BTreeSet::new(), state: LaneState::default(), fence: 0 };
        self.houses.insert(hook, house);
        hook
    }

    pub fn limited(&mut self, endpoint: Endpoint, limit: RateLimit) -> HookId {
        let hook = self.house(endpoint);
        self.houses.get_mut(&hook).unwrap().limit = Some(limit);
        hook
    }

    /// Changes a hook's rate limit, and says so.
    pub fn set_limit(&mut self, hook: HookId, limit: Option<RateLimit>) {
        self.houses.get_mut(&hook).unwrap().limit = limit;
        self.on(Input::Changed(vec![hook]));
    }

    /// Queues so many deliveries on each of these hooks, each of a resource of its own, and says so, as a worker does
    /// that was signalled by many publishers.
    pub fn publish(&mut self, hooks: &[HookId], count: usize) {
        for hook in hooks {
            for _ in 0..count {
                self.last_delivery += 1;
                self.houses.get_mut(hook).unwrap().queue.insert(DeliveryId(self.last_delivery));
            }
        }
        self.on(Input::Work(hooks.to_vec()));
    }

    pub fn queued(&self, hook: HookId) -> usize {
        self.houses[&hook].queue.len()
    }

    /// The process ends, and after a while another one takes all lanes over.
    pub fn restart(&mut self, closed: Duration) {
        self.move_to(self.now.monotonic + closed);
        self.dispatch = Dispatch::new(self.policy.clone(), Limits::default());
        (self.operated_at, self.alarm) = (None, None);
        self.flying.clear();
        self.operations.clear();
        let all = self.houses.keys().copied().collect();
        self.on(Input::Work(all));
    }

    /// When each attempt of a lane started.
    pub fn starts_of(&self, hook: HookId) -> Vec<Duration> {
        self.starts.iter().filter(|(_, other)| *other == hook).map(|(at, _)| *at).collect()
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now.monotonic + span;
        while let Some(at) = self.next_happening().filter(|at| *at <= end) {
            self.move_to(at);
            self.happen();
        }
        self.move_to(end);
    }

    /// Lets time pass until the machine is idle; gives how long that took.
    pub fn run_until_idle(&mut self) -> Duration {
        let from = self.now.monotonic;
        while !self.dispatch.is_idle() {
            let at = self.next_happening().expect("a machine that is not idle waits for something");
            self.move_to(at);
            self.happen();
        }
        self.now.monotonic - from
    }

    fn next_happening(&self) -> Option<Duration> {
        let ended = self.flying.keys().next().map(|(at, _)| *at);
        [ended, self.operated_at, self.alarm].into_iter().flatten().min()
    }

    fn move_to(&mut self, at: Duration) {
        let span = at.saturating_sub(self.now.monotonic);
        self.now.monotonic += span;
        self.now.wall = self.now.wall.plus(span);
    }

    /// Whatever is due at this moment.
    fn happen(&mut self) {
        let now = self.now.monotonic;
        if self.operated_at.is_some_and(|at| at <= now) {
            self.operated_at = None;
            let operation = self.operations.pop_front().expect("one is under way");
            let answer = self.operate(operation);
            self.on(answer);
        }
        while let Some(entry) = self.flying.first_entry().filter(|entry| entry.key().0 <= now) {
            let Sending { hook, delivery, tenure, epoch, .. } = entry.remove();
            let Endpoint { takes, status } = self.houses[&hook].endpoint;
            let attempt = Attempt {
                started_at: self.now.wall.minus(takes),
                completed_at: self.now.wall,
                response_status: status,
                response_error: status.is_none().then(|| "no answer".to_owned()),
                ..Attempt::default()
            };
            self.on(Input::Ended(vec![Answer { hook, delivery, tenure, epoch, attempt, dice: 0.0 }]));
        }
        if self.alarm.is_some_and(|at| at <= now) {
            self.alarm = None;
            self.on(Input::Woke);
        }
    }

    fn on(&mut self, input: Input) {
        self.inputs += 1;
        for effect in self.dispatch.on(input, self.now) {
            match effect {
                Effect::Enlist => self.operations.push_back(Operation::Enlist),
                Effect::Renew(_) => self.operations.push_back(Operation::Renew),
                Effect::Claim(_, requests) => self.operations.push_back(Operation::Claim(requests)),
                Effect::Release(_) | Effect::Retire(_) => self.operations.push_back(Operation::LetGo),
                Effect::Look | Effect::Bury(_) => panic!("nobody else works here"),
                Effect::Load(requests) => self.operations.push_back(Operation::Load(requests)),
                Effect::Commit(commit) => self.operations.push_back(Operation::Commit(commit)),
                Effect::Send(sending) => {
                    self.starts.push((self.now.monotonic, sending.hook));
                    let ends = self.now.monotonic + self.houses[&sending.hook].endpoint.takes;
                    self.flying.insert((ends, sending.delivery), sending);
                }
                Effect::WakeAt(at) => self.alarm = Some(at),
                Effect::Sweep => panic!("nothing is flushed here"),
                Effect::Notice(_) => {}
            }
        }
        if self.operated_at.is_none() && !self.operations.is_empty() {
            self.operated_at = Some(self.now.monotonic + OPERATION);
        }
    }

    fn operate(&mut self, operation: Operation) -> Input {
        match operation {
            Operation::Enlist => Input::Enlisted(Some(WORKER)),
            Operation::Renew => Input::Renewed(Some(true)),
            Operation::LetGo => Input::Woke,
            Operation::Claim(requests) => {
                for request in &requests {
                    self.houses.get_mut(&request.hook).unwrap().fence += 1;
                }
                Input::Loaded(requests.iter().map(|request| self.load(request)).collect())
            }
            Operation::Load(requests) => Input::Loaded(requests.iter().map(|request| self.load(request)).collect()),
            Operation::Commit(commit) => {
                for settled in commit.settled {
                    if settled.verdict != Verdict::Queued {
                        self.houses.get_mut(&settled.hook).unwrap().queue.remove(&settled.delivery);
                    }
                }
                for lane in commit.lanes {
                    self.houses.get_mut(&lane.hook).unwrap().state = lane.state;
                }
                Input::Committed(Committed::default())
            }
        }
    }

    fn load(&self, request: &LoadRequest) -> Loaded {
        let house = &self.houses[&request.hook];
        let mut rest = house.queue.range(DeliveryId(request.after.0 + 1)..);
        let queued = |delivery: &DeliveryId| Queued {
            delivery: *delivery,
            attempts: 0,
            resource: delivery.to_string().into(),
            ulid: "01JMYXMZRBVKK0PC6XS8SA4QRE".into(),
            payload: Bytes::from_static(b"{}"),
        };
        let deliveries = rest.by_ref().take(request.limit as usize).map(queued).collect();
        Loaded {
            hook: request.hook,
            tenure: Some(Tenure { worker: WORKER, fence: house.fence }),
            fence: house.fence,
            unreadable: None,
            control: Control::default(),
            state: house.state.clone(),
            destination: Some(Arc::new(Destination {
                url: DestinationUrl::parse("https://example.com/").unwrap(),
                headers: DestinationHeaders::default(),
                signing_secrets: SigningSecrets::default(),
                rate_limit: house.limit,
            })),
            deliveries,
            more: rest.next().is_some(),
        }
    }
}
