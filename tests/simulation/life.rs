//! The life of processes: how they start, stand still, stop and die.

use std::collections::VecDeque;
use std::time::Duration;

use tieback::policy::dispatch::Input;
use tieback::policy::lease::LEASE;
use tieback::store::Workers;

use crate::ledger::Request;
use crate::process::{Away, Process};
use crate::world::{Happening, World};

/// What befalls one of the processes, or all of them.
#[derive(Clone, Copy, Debug)]
pub enum Accident {
    /// SIGKILL: nothing that was written is lost.
    Kill,
    /// Everything dies, and what was not synced is lost.
    PowerCut,
    /// SIGSTOP, or a host that does something else: it goes on later, where it was.
    Freeze,
    /// It is told to stop.
    Stop,
}

impl World {
    pub fn befall(&mut self, accident: Accident) {
        if self.calm {
            return;
        }
        if let Accident::PowerCut = accident {
            return self.power_cut();
        }
        let at_work: Vec<u64> =
            self.processes.iter().filter(|process| process.is_at_work()).map(|process| process.number).collect();
        // Something should be under way in it.
        let busy =
            |number: &&u64| self.processes.iter().any(|one| one.number == **number && one.worker.in_flight() > 0);
        let chosen = at_work.iter().find(busy).copied().filter(|_| !self.dice.one_in(3));
        let Some(number) = chosen.or_else(|| self.dice.pick(&at_work).copied()) else { return };
        match accident {
            Accident::Kill => self.kill(number),
            Accident::Freeze => self.freeze(number),
            Accident::Stop | Accident::PowerCut => self.stop(number),
        }
    }

    /// Another process begins, if there is room for one.
    pub fn starts(&mut self) {
        if self.processes.len() >= self.most_processes {
            return;
        }
        self.number += 1;
        let offset = Duration::from_micros(self.dice.below(10_000_000_000));
        let in_place = !self.calm && self.dice.one_in(5);
        let process = Process::new(self.number, offset, self.now.monotonic, in_place, &self.truth);
        self.processes.push(process);
        let look = self.store.look(None, 0).unwrap();
        self.truth.owners.check_look(None, &look);
        let number = self.number;
        self.on(number, Input::Looked(look));
        if let Some(process) = self.process(number) {
            process.worker.operations.push_back(crate::worker::Operation::Sweep);
        }
        self.operate(number);
        if in_place {
            let after = self.length_of_a_run();
            self.plan(after, Happening::RunEnds { process: number });
        }
    }

    /// The host has other things to do. What is idle gives its lanes back before.
    pub fn run_ends(&mut self, number: u64) {
        if self.calm {
            return;
        }
        self.truth.totals.runs_in_place += 1;
        let is_idle = self.process(number).is_some_and(|process| process.worker.is_idle());
        // Whoever is busy may be asked as well.
        if is_idle || self.dice.one_in(3) {
            self.on(number, Input::Rest);
        }
        // In place: the host waits for it.
        while is_idle
            && let Some(operation) = self.process(number).and_then(|process| process.worker.operations.pop_front())
        {
            if let Some(done) = self.carry_out(number, operation) {
                self.carried_out(number, done);
            }
        }
        let span = self.within((LEASE * 2).max(self.pace));
        if let Some(process) = self.process(number) {
            process.away = Some(Away::Resting);
            self.plan(span, Happening::Back { process: number });
        }
    }

    fn length_of_a_run(&mut self) -> Duration {
        Duration::from_millis(100) + self.within(Duration::from_secs(10))
    }

    fn freeze(&mut self, number: u64) {
        let most = [Duration::from_secs(5), LEASE * 2, LEASE * 10][self.dice.below(3) as usize];
        let span = Duration::from_secs(1) + self.within(most);
        self.truth.totals.freezes += 1;
        if self.dice.one_in(4) {
            // A machine that sleeps often has another time when it wakes.
            let at = self.within(span.min(LEASE));
            self.plan(at, Happening::WallJumps);
        }
        let Some(process) = self.process(number) else { return };
        process.away = Some(Away::Frozen);
        self.truth.totals.frozen_with_attempts_in_flight +=
            u64::from(self.processes.iter().any(|one| one.number == number && one.worker.in_flight() > 0));
        self.plan(span, Happening::Back { process: number });
        // Some requests are still in its hands.
        let (dice, mut held_up) = (&mut self.dice, VecDeque::new());
        self.agenda.retain(|_, happening| match happening {
            Happening::Reaches { hook, request } if request.sent.0 == number && dice.one_in(3) => {
                held_up.push_back(Happening::Reaches { hook: *hook, request: *request });
                false
            }
            _ => true,
        });
        if let Some(process) = self.process(number) {
            process.held_up = held_up;
        }
    }

    /// It goes on. What it missed comes all at once.
    pub fn back(&mut self, number: u64) {
        let now = self.now.monotonic;
        let Some(process) = self.process(number).filter(|process| process.away.is_some()) else { return };
        let away = process.away.take();
        process.back_at = now;
        let in_place = process.in_place;
        if away == Some(Away::Resting) {
            process.look_due = now;
        }
        let held_up = std::mem::take(&mut process.held_up);
        for happening in held_up {
            self.plan(Duration::ZERO, happening);
        }
        let lost = self
            .processes
            .iter()
            .filter(|one| one.number == number)
            .any(|one| one.worker.id().is_some_and(|worker| self.truth.owners.enlisted(worker).is_none()));
        self.truth.totals.stalled_workers_that_woke_without_their_lanes += u64::from(lost);
        if in_place && away == Some(Away::Resting) {
            let after = self.length_of_a_run();
            self.plan(after, Happening::RunEnds { process: number });
        }
    }

    fn stop(&mut self, number: u64) {
        self.truth.totals.stops += 1;
        self.on(number, Input::Stop);
        let patience = self.within(self.truth.policy.attempt_limit() * 2);
        let Some(process) = self.process(number) else { return };
        process.stopping = true;
        self.plan(patience, Happening::PatienceEnds { process: number });
        self.end_if_done(number);
    }

    /// What is still in flight is abandoned; what is known is kept.
    pub fn patience_ends(&mut self, number: u64) {
        let Some(process) = self.process(number) else { return };
        process.abandoned = true;
        let abandoned = process.worker.in_flight() as u64;
        process.worker.abandon();
        self.truth.totals.abandoned_attempts += abandoned;
        self.lose_requests(number);
        self.end_if_done(number);
    }

    /// A process that stops ends when nothing is under way any more.
    pub fn end_if_done(&mut self, number: u64) {
        let Some(process) = self.process(number).filter(|process| process.stopping && process.away.is_none()) else {
            return;
        };
        let is_done = !process.worker.operating && process.worker.operations.is_empty();
        if !is_done || !(process.abandoned || process.worker.is_idle()) {
            return;
        }
        let (worker, abandoned) = (process.worker.id(), process.abandoned);
        if let Some(worker) = worker.filter(|_| !self.fails()) {
            self.retire(number, worker, !abandoned);
        }
        self.gone(number);
    }

    fn kill(&mut self, number: u64) {
        self.truth.totals.kills += 1;
        self.lose_requests(number);
        self.gone(number);
    }

    /// The process is no more, and everybody can see it.
    fn gone(&mut self, number: u64) {
        let Some(at) = self.processes.iter().position(|process| process.number == number) else { return };
        let process = self.processes.remove(at);
        process.enlisted.iter().for_each(|worker| self.store.kill(*worker));
        let after = self.time_until_restart();
        self.plan(after, Happening::Starts);
    }

    /// What is not synced is lost, with everything that runs.
    pub fn power_cut(&mut self) {
        self.truth.totals.power_cuts += 1;
        for process in std::mem::take(&mut self.processes) {
            self.lose_requests(process.number);
            process.enlisted.iter().for_each(|worker| self.store.kill(*worker));
        }
        self.store.crash();
        self.truth.owners = self.synced_owners.clone();
        let enlisted: Vec<_> = self.truth.owners.workers().map(|(worker, _)| worker).collect();
        enlisted.into_iter().for_each(|worker| self.store.kill(worker));
        self.check_store();
        for _ in 0..self.most_processes {
            let after = self.time_until_restart();
            self.plan(after, Happening::Starts);
        }
    }

    fn time_until_restart(&mut self) -> Duration {
        let most = if self.dice.one_in(4) { self.truth.policy.give_up_after * 2 } else { Duration::from_secs(5) };
        if self.calm { Duration::ZERO } else { self.within(most) }
    }

    /// What the process had on the wire may still arrive, or not.
    fn lose_requests(&mut self, number: u64) {
        let (dice, totals) = (&mut self.dice, &mut self.truth.totals);
        self.agenda.retain(|_, happening| match happening {
            Happening::Reaches { request: Request { sent: (process, _), .. }, .. } if *process == number => {
                let arrives = dice.one_in(2);
                totals.attempts_lost_on_the_wire += u64::from(!arrives);
                arrives
            }
            _ => true,
        });
    }
}
