//! What ought to be in the store, kept apart from it, and what the endpoints have seen.

use std::collections::{BTreeMap, BTreeSet};

use tieback::policy::lane::Verdict;
use tieback::policy::queue::{Commit, Committed, LoadRequest, Loaded};
use tieback::store::Log;
use tieback::store::memory::MemoryStore;
use tieback::types::{DeliveryId, DeliveryQuery, DeliveryStatus, HookId, Id, PageRequest, Scope, Why};

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
    /// Attempts that the store has kept.
    pub attempts: u32,
    /// Whether the endpoint has ever had it.
    pub seen: bool,
    /// Whether the endpoint has ever answered it with 2xx.
    pub taken: bool,
}

#[derive(Debug, Default)]
pub struct Ledger {
    pub rows: BTreeMap<DeliveryId, Row>,
}

impl Ledger {
    pub fn queue(&mut self, delivery: DeliveryId, hook: HookId, resource: String) {
        let row = Row { hook, resource, status: Status::Queued, attempts: 0, seen: false, taken: false };
        assert!(self.rows.insert(delivery, row).is_none(), "delivery {delivery} has been there before");
    }

    pub fn row(&mut self, delivery: DeliveryId) -> &mut Row {
        self.rows.get_mut(&delivery).unwrap_or_else(|| panic!("delivery {delivery} was never published"))
    }

    pub fn is_queued(&self, delivery: DeliveryId) -> bool {
        self.rows.get(&delivery).is_some_and(|row| row.status == Status::Queued)
    }

    pub fn of(&self, hook: HookId) -> impl DoubleEndedIterator<Item = (DeliveryId, &Row)> {
        self.rows.iter().filter(move |(_, row)| row.hook == hook).map(|(id, row)| (*id, row))
    }

    pub fn queued(&self, hook: HookId) -> impl DoubleEndedIterator<Item = DeliveryId> {
        self.of(hook).filter(|(_, row)| row.status == Status::Queued).map(|(id, _)| id)
    }

    /// The hooks that have something queued.
    pub fn waiting_hooks(&self) -> BTreeSet<HookId> {
        self.rows.values().filter(|row| row.status == Status::Queued).map(|row| row.hook).collect()
    }

    /// An earlier delivery of the same resource that has no outcome in the store.
    pub fn in_front_of(&self, delivery: DeliveryId) -> Option<DeliveryId> {
        let this = &self.rows[&delivery];
        self.queued(this.hook).take_while(|id| *id < delivery).find(|id| self.rows[id].resource == this.resource)
    }

    /// The endpoint has a request. First sights of one resource come in order, whatever comes again.
    pub fn sees(&mut self, delivery: DeliveryId, from_the_dead: bool, totals: &mut Totals) {
        let row = self.rows[&delivery].clone();
        let repeated = row.seen;
        if !repeated && !from_the_dead {
            let overtaken = self.of(row.hook).rev().take_while(|(id, _)| *id > delivery);
            for (later, other) in overtaken {
                assert!(!(other.resource == row.resource && other.seen), "{later} was seen before {delivery}");
            }
        }
        totals.duplicates += u64::from(row.taken);
        self.row(delivery).seen = true;
    }

    /// A commit was done: the same in the ledger, and the store's answer held against it.
    pub fn commit(&mut self, commit: &Commit, committed: &Committed, totals: &mut Totals) {
        let mut gone = Vec::new();
        for settled in &commit.settled {
            let row = self.row(settled.delivery);
            row.attempts += 1;
            if row.status != Status::Queued {
                gone.push(settled.delivery);
                continue;
            }
            row.status = match settled.verdict {
                Verdict::Queued => Status::Queued,
                Verdict::Discarded(why) => Status::Discarded(why),
                Verdict::Delivered => {
                    assert!(row.taken, "{} counts as delivered, but its endpoint has not taken it", settled.delivery);
                    Status::Delivered
                }
            };
        }
        assert_eq!(committed.gone, gone);
        totals.outcomes_of_gone_deliveries += gone.len() as u64;
        let mut flushed = Vec::new();
        for write in commit.lanes.iter().filter(|write| write.flush) {
            let discarded = self.discard(write.hook, Why::Flushed);
            let through = self.of(write.hook).next_back().map(|(id, _)| id).unwrap_or_default();
            flushed.push((write.hook, through, discarded));
        }
        assert_eq!(committed.flushed, flushed);
        totals.flushes += flushed.len() as u64;
    }

    pub fn discard(&mut self, hook: HookId, why: Why) -> u64 {
        let mut discarded = 0;
        for row in self.rows.values_mut().filter(|row| row.hook == hook && row.status == Status::Queued) {
            row.status = Status::Discarded(why);
            discarded += 1;
        }
        discarded
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
