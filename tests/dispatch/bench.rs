//! A dispatch machine with its store on a bench: operations are done, and attempts answered, when the test says so.

use std::collections::VecDeque;
use std::time::Duration;

use tieback::policy::dispatch::{Answer, Dispatch, Effect, Input, Limits, Sending};
use tieback::policy::queue::{Colleague, Commit, LoadRequest, Tenure};
use tieback::policy::retry::RetryPolicy;
use tieback::store::memory::MemoryStore;
use tieback::store::{Log, Publishing, Queue, Registry, Workers};
use tieback::time::{Moment, Timestamp};
use tieback::types::{
    Attempt, DeliveryId, DeliveryQuery, DeliveryStatus, DestinationHeaders, DestinationUrl, Event, HookCreate, HookId,
    HookUpdate, Id, Metadata, Namespace, Notice, PageRequest, PayloadVersion, Scope, TriggerCreate, WorkerId,
};

#[derive(Clone, Debug)]
pub enum Operation {
    Renew(WorkerId),
    Claim(WorkerId, Vec<LoadRequest>),
    Load(Vec<LoadRequest>),
    Release(Vec<(HookId, Tenure)>),
    Retire(WorkerId),
    Bury(Vec<Colleague>),
    Commit(Commit),
    Sweep,
}

pub struct Bench {
    pub dispatch: Dispatch,
    pub store: MemoryStore,
    pub now: Moment,
    pub scope: Scope,
    /// On the wire, oldest first.
    pub flying: Vec<Sending>,
    pub operations: VecDeque<Operation>,
    pub notices: Vec<Notice>,
    pub alarm: Option<Duration>,
    /// How many effects the last input had.
    pub effects: usize,
    /// Every load that was asked for.
    pub loads: Vec<LoadRequest>,
    published: u128,
    hooks: u32,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(RetryPolicy::default(), Limits::default())
    }

    pub fn with(policy: RetryPolicy, limits: Limits) -> Self {
        Self {
            dispatch: Dispatch::new(policy, limits),
            store: MemoryStore::new(),
            now: Moment { wall: Timestamp::parse("2025-02-06T23:34:12Z").unwrap(), monotonic: Duration::ZERO },
            scope: Scope::company(1).unwrap(),
            flying: Vec::new(),
            operations: VecDeque::new(),
            notices: Vec::new(),
            alarm: None,
            effects: 0,
            loads: Vec::new(),
            published: 0,
            hooks: 0,
        }
    }

    /// Lanes that start with one at a time are wide after a few successes.
    pub fn wide(hook: HookId, bench: &mut Self) {
        for number in 0..4 {
            bench.publish(hook, &format!("warm-{number}"));
        }
        bench.drain();
    }

    pub fn hook(&mut self) -> HookId {
        self.hooks += 1;
        let create = HookCreate {
            namespace: Namespace::parse(&format!("hook-{}", self.hooks)).unwrap(),
            payload_version: PayloadVersion::V4,
            destination_url: DestinationUrl::parse("https://example.com/one").unwrap(),
            destination_headers: DestinationHeaders::default(),
            signing_secrets: Default::default(),
            rate_limit: None,
        };
        let hook = self.store.insert_hook(&self.scope, &create, self.now.wall).unwrap();
        let hook = HookId::from_id(&hook.id).unwrap();
        let trigger = TriggerCreate::new(&format!("Things {hook}"), "update").unwrap();
        self.store.insert_triggers(&self.scope, hook, &[trigger], self.now.wall).unwrap();
        hook
    }

    /// Queues a delivery, without a word to the machine.
    pub fn queue(&mut self, hook: HookId, resource: &str) -> DeliveryId {
        self.queue_bytes(hook, resource, 0)
    }

    /// One whose payload is that much larger. Only v2.0 and v3.0 can carry it.
    pub fn queue_bytes(&mut self, hook: HookId, resource: &str, bytes: usize) -> DeliveryId {
        self.published += 1;
        let mut event = Event::new(&self.scope, &format!("Things {hook}"), Id::new(resource), "update");
        event.ulid = Some(ulid::Ulid::from_parts(1, self.published).to_string());
        event.timestamp = Some(self.now.wall);
        if bytes > 0 {
            let source_operation_id = Some("x".repeat(bytes));
            event.metadata = Some(Metadata { source_operation_id, ..Metadata::default() });
        }
        let given = self.published.to_string();
        let publishing =
            Publishing { event, named: true, given, deprecated: false, only: None, bounds: Default::default() };
        let published = self.store.publish(&[publishing], self.now.wall).unwrap().pop().unwrap().unwrap();
        assert_eq!(published.hooks, [hook]);
        let page = PageRequest { limit: 1, after: None };
        let newest = self.store.deliveries(&self.scope, hook, &DeliveryQuery::default(), &page).unwrap();
        DeliveryId::from_id(&newest.items[0].id).unwrap()
    }

    /// Queues a delivery and says so.
    pub fn publish(&mut self, hook: HookId, resource: &str) -> DeliveryId {
        let delivery = self.queue(hook, resource);
        self.on(Input::Work(vec![hook]));
        delivery
    }

    /// Payloads that can be made large.
    pub fn use_v2(&mut self, hook: HookId) {
        let change = HookUpdate { payload_version: Some(PayloadVersion::V2), ..HookUpdate::default() };
        self.store.update_hook(&self.scope, hook, &change, self.now.wall).unwrap();
    }

    pub fn update(&mut self, hook: HookId, change: HookUpdate) {
        self.store.update_hook(&self.scope, hook, &change, self.now.wall).unwrap();
    }

    pub fn on(&mut self, input: Input) {
        let mut effects = self.dispatch.on(input, self.now);
        if let Some(at) = effects.iter().position(|effect| matches!(effect, Effect::Enlist)) {
            // That is no part of what these tests are about: it is done at once.
            effects.remove(at);
            let worker = self.store.enlist(self.now.wall).unwrap();
            effects.extend(self.dispatch.on(Input::Enlisted(Some(worker)), self.now));
        }
        self.effects = effects.len();
        for effect in effects {
            match effect {
                Effect::Load(requests) => {
                    self.loads.extend(&requests);
                    self.operations.push_back(Operation::Load(requests));
                }
                Effect::Enlist => unreachable!("a machine asks for that once"),
                Effect::Renew(worker) => self.operations.push_back(Operation::Renew(worker)),
                Effect::Claim(worker, requests) => {
                    self.loads.extend(&requests);
                    self.operations.push_back(Operation::Claim(worker, requests));
                }
                Effect::Release(lanes) => self.operations.push_back(Operation::Release(lanes)),
                Effect::Retire(worker) => self.operations.push_back(Operation::Retire(worker)),
                Effect::Look => self.operations.push_back(Operation::Bury(Vec::new())),
                Effect::Bury(others) => self.operations.push_back(Operation::Bury(others)),
                Effect::Send(sending) => self.flying.push(sending),
                Effect::Commit(commit) => self.operations.push_back(Operation::Commit(commit)),
                Effect::Sweep => self.operations.push_back(Operation::Sweep),
                Effect::WakeAt(at) => self.alarm = Some(at),
                Effect::Notice(notice) => self.notices.push(notice),
            }
        }
    }

    /// The store does its next operation, which gives the input that answers it.
    pub fn operate(&mut self) -> Input {
        match self.operations.pop_front().expect("an operation was asked for") {
            Operation::Renew(worker) => Input::Renewed(Some(self.store.renew(worker, self.now.wall).unwrap())),
            Operation::Claim(worker, requests) => Input::Loaded(self.store.claim(worker, &requests).unwrap()),
            // Nothing answers these; a machine may be woken at any time.
            Operation::Release(lanes) => {
                self.store.release(&lanes).unwrap();
                Input::Woke
            }
            Operation::Retire(worker) => {
                self.store.retire(worker).unwrap();
                Input::Woke
            }
            Operation::Bury(others) => {
                self.store.bury(&others).unwrap();
                Input::Looked(self.store.look(self.dispatch.worker(), self.dispatch.seen()).unwrap())
            }
            Operation::Load(requests) => Input::Loaded(self.store.load(&requests).unwrap()),
            Operation::Commit(commit) => Input::Committed(self.store.commit(&commit).unwrap()),
            Operation::Sweep => Input::Swept(self.store.sweep_flushed(3, self.now.wall).unwrap()),
        }
    }

    /// Does and answers the next operation.
    pub fn step(&mut self) {
        let input = self.operate();
        self.on(input);
    }

    /// Does and answers operations until none is left.
    pub fn settle(&mut self) {
        for _ in 0..1000 {
            if self.operations.is_empty() {
                return;
            }
            self.step();
        }
        panic!("the machine asks for ever more: {:?}", self.operations);
    }

    pub fn in_flight(&self) -> Vec<DeliveryId> {
        self.flying.iter().map(|sending| sending.delivery).collect()
    }

    pub fn answer_of(&mut self, delivery: DeliveryId, status: u16) -> Answer {
        let at = self.flying.iter().position(|sending| sending.delivery == delivery);
        let Sending { hook, delivery, tenure, epoch, .. } = self.flying.remove(at.expect("it is in flight"));
        let attempt = Attempt {
            started_at: self.now.wall,
            completed_at: self.now.wall,
            response_status: Some(status),
            ..Attempt::default()
        };
        Answer { hook, delivery, tenure, epoch, attempt, dice: 0.0 }
    }

    /// The endpoint answers; nothing is kept yet.
    pub fn answer(&mut self, delivery: DeliveryId, status: u16) {
        let answer = self.answer_of(delivery, status);
        self.on(Input::Ended(vec![answer]));
    }

    /// Time passes, and the alarm rings if its time has come.
    pub fn pass(&mut self, span: Duration) {
        self.now.monotonic += span;
        self.now.wall = self.now.wall.plus(span);
        if self.alarm.is_some_and(|at| at <= self.now.monotonic) {
            self.alarm = None;
            self.on(Input::Woke);
        }
    }

    /// Everything is answered well until nothing is left. Gives the order of the starts.
    pub fn drain(&mut self) -> Vec<DeliveryId> {
        let mut order = Vec::new();
        loop {
            self.settle();
            let Some(first) = self.in_flight().first().copied() else { return order };
            order.push(first);
            self.answer(first, 204);
        }
    }

    pub fn status(&self, hook: HookId, delivery: DeliveryId) -> DeliveryStatus {
        let page = PageRequest { limit: 1000, after: None };
        let page = self.store.deliveries(&self.scope, hook, &DeliveryQuery::default(), &page).unwrap();
        let delivery = page.items.into_iter().find(|item| item.id == delivery.into());
        delivery.expect("the delivery is in the log").status
    }

    pub fn attempts(&self, hook: HookId) -> usize {
        let page = PageRequest { limit: 1000, after: None };
        let page = self.store.deliveries(&self.scope, hook, &DeliveryQuery::default(), &page).unwrap();
        page.items.iter().map(|item| item.attempts.len()).sum()
    }
}
