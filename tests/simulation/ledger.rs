//! What ought to be in the store, kept apart from it, and what the endpoints have seen.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use tieback::policy::lane::Verdict;
use tieback::policy::queue::{Commit, Committed, LoadRequest, Loaded, Tenure};
use tieback::store::Log;
use tieback::store::memory::MemoryStore;
use tieback::types::{DeliveryId, DeliveryQuery, DeliveryStatus, HookId, Id, PageRequest, Scope, Why};

use crate::owners::Owners;
use crate::totals::Totals;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Queued,
    Delivered,
    Discarded(Why),
}

#[derive(Clone, Debug)]
pub struct Row {
    pub hook: HookId,
    pub resource: String,
    pub status: Status,
    /// When it got its outcome, on the world's clock, and under which tenure, if a worker gave it.
    pub settled_at: Duration,
    pub settled_by: Option<Tenure>,
    /// Attempts that the store has kept.
    pub attempts: u32,
    /// Whether the endpoint has ever had it.
    pub seen: bool,
    /// The attempts that the endpoint has answered with 2xx.
    pub taken: Vec<Sent>,
}

/// By whom an attempt was made: the number of the process, and the right that it believed to have.
pub type Sent = (u64, Tenure);

#[derive(Debug, Default)]
pub struct Ledger {
    pub rows: BTreeMap<DeliveryId, Row>,
    /// What has no outcome, by hook; no hook is there without any.
    queued: BTreeMap<HookId, BTreeSet<DeliveryId>>,
    /// Tenures that ended with nothing in flight: what their attempts came to is known to whoever comes next.
    pub let_go: HashSet<(HookId, Sent)>,
}

/// A request as the endpoint sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub delivery: DeliveryId,
    pub sent: Sent,
    /// It is answered with 2xx.
    pub taken: bool,
    /// It was sent by a process that has died since, or under a tenure that is over.
    pub is_stale: bool,
}

impl Ledger {
    pub fn queue(&mut self, delivery: DeliveryId, hook: HookId, resource: String) {
        let row = Row {
            hook,
            resource,
            status: Status::Queued,
            settled_at: Duration::ZERO,
            settled_by: None,
            attempts: 0,
            seen: false,
            taken: Vec::new(),
        };
        self.queued.entry(hook).or_default().insert(delivery);
        assert!(self.rows.insert(delivery, row).is_none(), "delivery {delivery} has been there before");
    }

    /// A delivery gets its outcome.
    pub fn settle(&mut self, delivery: DeliveryId, status: Status, now: Duration, by: Option<Tenure>) {
        let row = self.row(delivery);
        (row.status, row.settled_at, row.settled_by) = (status, now, by);
        let hook = row.hook;
        if let Some(queued) = self.queued.get_mut(&hook) {
            queued.remove(&delivery);
            if queued.is_empty() {
                self.queued.remove(&hook);
            }
        }
    }

    fn row(&mut self, delivery: DeliveryId) -> &mut Row {
        self.rows.get_mut(&delivery).unwrap_or_else(|| panic!("delivery {delivery} was never published"))
    }

    pub fn is_queued(&self, delivery: DeliveryId) -> bool {
        self.rows.get(&delivery).is_some_and(|row| row.status == Status::Queued)
    }

    pub fn of(&self, hook: HookId) -> impl DoubleEndedIterator<Item = (DeliveryId, &Row)> {
        self.rows.iter().filter(move |(_, row)| row.hook == hook).map(|(id, row)| (*id, row))
    }

    pub fn queued(&self, hook: HookId) -> impl DoubleEndedIterator<Item = DeliveryId> {
        self.queued.get(&hook).into_iter().flatten().copied()
    }

    /// The hooks that have something queued.
    pub fn waiting_hooks(&self) -> impl Iterator<Item = HookId> {
        self.queued.keys().copied()
    }

    /// An earlier delivery of the same resource that has no outcome in the store.
    pub fn in_front_of(&self, delivery: DeliveryId) -> Option<DeliveryId> {
        let this = &self.rows[&delivery];
        self.queued(this.hook).take_while(|id| *id < delivery).find(|id| self.rows[id].resource == this.resource)
    }

    /// The endpoint has a request. First sights of one resource come in order, whatever comes again. One that was taken
    /// comes again only if whoever sent it first could not have its outcome kept.
    pub fn sees(&mut self, request: Request, totals: &mut Totals) {
        let Request { delivery, sent, taken, is_stale } = request;
        let row = &self.rows[&delivery];
        if !row.seen && !is_stale {
            let overtaken = self.of(row.hook).rev().take_while(|(id, _)| *id > delivery);
            for (later, other) in overtaken {
                assert!(!(other.resource == row.resource && other.seen), "{later} was seen before {delivery}");
            }
        }
        totals.duplicates += u64::from(!row.taken.is_empty());
        totals.duplicates_sent_by_the_stale += u64::from(!row.taken.is_empty() && is_stale);
        for before in &row.taken {
            assert_ne!(*before, sent, "{delivery} was taken, and is sent again by the same right");
            let was_known = !is_stale && self.let_go.contains(&(row.hook, *before));
            assert!(!was_known, "{delivery} was taken from {before:?}, who had let go of the lane");
        }
        let row = self.row(delivery);
        row.seen = true;
        row.taken.extend(taken.then_some(sent));
    }

    /// A commit was done: the same in the ledger, and the store's answer held against it. Whatever has no right to the
    /// lane changes nothing; its attempts are facts all the same.
    pub fn commit(
        &mut self,
        commit: &Commit,
        committed: &Committed,
        owners: &Owners,
        now: Duration,
        totals: &mut Totals,
    ) {
        let mut expected = Committed::default();
        for settled in &commit.settled {
            let holds = owners.holds(settled.hook, settled.tenure);
            let row = self.row(settled.delivery);
            row.attempts += 1;
            if !holds {
                expected.lose(settled.hook, settled.tenure);
                continue;
            }
            if row.status != Status::Queued {
                expected.gone.push(settled.delivery);
                continue;
            }
            let status = match settled.verdict {
                Verdict::Queued => continue,
                Verdict::Discarded(why) => Status::Discarded(why),
                Verdict::Delivered => {
                    let is_taken = !row.taken.is_empty();
                    assert!(is_taken, "{} counts as delivered, but its endpoint has not taken it", settled.delivery);
                    Status::Delivered
                }
            };
            self.settle(settled.delivery, status, now, Some(settled.tenure));
        }
        for write in &commit.lanes {
            if !owners.holds(write.hook, write.tenure) {
                expected.lose(write.hook, write.tenure);
            } else if write.flush {
                let discarded = self.discard(write.hook, Why::Flushed, now);
                let through = self.of(write.hook).next_back().map(|(id, _)| id).unwrap_or_default();
                expected.flushed.push((write.hook, through, discarded));
            }
        }
        assert_eq!(*committed, expected);
        totals.outcomes_of_gone_deliveries += expected.gone.len() as u64;
        totals.flushes += expected.flushed.len() as u64;
        totals.tenures_found_lost_by_a_commit += expected.lost.len() as u64;
    }

    pub fn discard(&mut self, hook: HookId, why: Why, now: Duration) -> u64 {
        let queued: Vec<_> = self.queued(hook).collect();
        queued.iter().for_each(|delivery| self.settle(*delivery, Status::Discarded(why), now, None));
        queued.len() as u64
    }

    /// A load brings what is queued next, in order, without a gap.
    pub fn check_load(&self, request: &LoadRequest, loaded: &Loaded) {
        let mut queued = self.queued(request.hook).filter(|id| *id > request.after);
        for brought in &loaded.deliveries {
            assert_eq!(Some(brought.delivery), queued.next());
            assert_eq!(brought.attempts, self.rows[&brought.delivery].attempts, "attempts of {}", brought.delivery);
        }
        assert!(loaded.more || queued.next().is_none(), "hook {}: more was queued", request.hook);
        assert!(loaded.deliveries.len() <= request.limit as usize);
    }

    /// The store has exactly these deliveries, with these outcomes and attempts.
    pub fn check_store(&self, store: &MemoryStore, scope: &Scope, hook: HookId) {
        let mut after: Option<Id> = None;
        let mut rows = self.of(hook).rev();
        loop {
            let page = PageRequest { limit: 1000, after };
            let page = store.deliveries(scope, hook, &DeliveryQuery::default(), &page).unwrap();
            for delivery in page.items {
                let (id, row) = rows.next().unwrap_or_else(|| panic!("delivery {} came from nowhere", delivery.id));
                assert_eq!(delivery.id, id.into(), "hook {hook}: deliveries were lost or made up");
                let status = match delivery.status {
                    DeliveryStatus::Enqueued | DeliveryStatus::Retrying => Status::Queued,
                    DeliveryStatus::Delivered => Status::Delivered,
                    _ => Status::Discarded(delivery.why.unwrap()),
                };
                assert_eq!(status, row.status, "delivery {id}");
                assert_eq!(delivery.attempts.len(), row.attempts as usize, "attempts of delivery {id}");
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(rows.next().map(|(id, _)| id), None, "hook {hook}: lost");
    }
}

/// Counts what has become of a delivery.
pub fn count(status: Status, totals: &mut Totals) {
    match status {
        Status::Queued => {}
        Status::Delivered => totals.delivered += 1,
        Status::Discarded(Why::Flushed) => totals.discarded_by_flush += 1,
        Status::Discarded(Why::Operator) => totals.discarded_by_operator += 1,
        Status::Discarded(Why::HookDeleted) => totals.discarded_with_hook += 1,
        Status::Discarded(_) => totals.discarded_after_most_attempts += 1,
    }
}
