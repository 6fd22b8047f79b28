//! Commits and loads: how they are grouped, and what happens when they fail.

use std::time::Duration;

use tieback::policy::dispatch::Input;
use tieback::policy::lane::Verdict;
use tieback::policy::queue::Commit;
use tieback::store::Queue;

use crate::bench::{Bench, Operation};

fn commits(bench: &Bench) -> Vec<Commit> {
    let commits = bench.operations.iter().filter_map(|operation| match operation {
        Operation::Commit(commit) => Some(commit.clone()),
        _ => None,
    });
    commits.collect()
}

#[test]
fn one_commit_is_under_way_at_a_time_and_the_next_one_takes_all_that_ended_meanwhile() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let all: Vec<_> = (0..20).map(|number| bench.queue(hook, &format!("r{number}"))).collect();
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    for delivery in &all[..7] {
        bench.answer(*delivery, 200);
    }
    assert_eq!(commits(&bench).iter().map(|commit| commit.settled.len()).collect::<Vec<_>>(), [1]);
    bench.operations.retain(|operation| matches!(operation, Operation::Commit(_)));
    bench.step();
    let next = commits(&bench);
    assert_eq!(next.len(), 1);
    let kept: Vec<_> = next[0].settled.iter().map(|settled| settled.delivery).collect();
    assert_eq!(kept, all[1..7], "in the order in which they ended");
}

#[test]
fn answers_that_come_together_are_kept_together() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let all: Vec<_> = (0..5).map(|number| bench.queue(hook, &format!("r{number}"))).collect();
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    let answers = all.iter().map(|delivery| bench.answer_of(*delivery, 200)).collect();
    bench.on(Input::Ended(answers));
    assert_eq!(commits(&bench)[0].settled.len(), 5);
}

#[test]
fn failed_commit_stops_all_starts_and_comes_again_whole() {
    let mut bench = Bench::new();
    let (hook, other) = (bench.hook(), bench.hook());
    let [first, second, third] = ["a", "b", "a"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.answer(first, 200);
    assert_eq!(bench.in_flight(), [second]);
    let Some(Operation::Commit(commit)) = bench.operations.pop_front() else { panic!("a commit is due") };
    bench.on(Input::CommitFailed(commit));
    assert!(!bench.dispatch.is_idle());
    let elsewhere = bench.publish(other, "x");
    bench.answer(second, 200);
    assert!(bench.flying.is_empty() && bench.operations.is_empty(), "every attempt now would be one to repeat");
    assert_eq!(bench.alarm, Some(Duration::from_secs(1)));
    bench.pass(Duration::from_secs(1));
    let again = commits(&bench);
    assert_eq!(
        again[0].settled.iter().map(|one| (one.delivery, one.verdict)).collect::<Vec<_>>(),
        [(first, Verdict::Delivered)]
    );
    bench.settle();
    assert_eq!(bench.in_flight(), [third, elsewhere]);
    bench.drain();
    assert_eq!(bench.attempts(hook), 3, "each attempt is kept once");
    assert!(bench.dispatch.is_idle());
}

#[test]
fn failed_load_is_tried_again_and_meanwhile_the_worker_is_not_idle() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let delivery = bench.publish(hook, "a");
    for second in 1..4 {
        assert!(matches!(bench.operations.pop_front(), Some(Operation::Claim(..))));
        bench.on(Input::LoadFailed);
        assert!(bench.operations.is_empty() && !bench.dispatch.is_idle());
        assert_eq!(bench.alarm, Some(Duration::from_secs(second)));
        bench.pass(Duration::from_secs(1));
    }
    bench.settle();
    assert_eq!(bench.in_flight(), [delivery]);
    bench.drain();
    assert!(bench.dispatch.is_idle());
}

#[test]
fn change_whose_reading_failed_is_read_again_before_anything_starts() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    bench.publish(hook, "a");
    bench.drain();
    bench.on(Input::Changed(vec![hook]));
    bench.operations.clear();
    bench.on(Input::LoadFailed);
    bench.publish(hook, "b");
    let Some(Operation::Load(requests)) = bench.operations.front().cloned() else { panic!("a load is due") };
    assert_eq!(requests[0].limit, 0, "control and destination come first");
    bench.settle();
    assert_eq!(bench.flying.len(), 1);
}

#[test]
fn work_told_of_while_a_load_is_under_way_is_not_forgotten() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let first = bench.publish(hook, "a");
    let answer = bench.operate();
    let second = bench.publish(hook, "b");
    bench.on(answer);
    assert_eq!(bench.in_flight(), [first]);
    assert!(bench.drain().contains(&second));
    // And so when the load had found nothing at all.
    bench.on(Input::Work(vec![hook]));
    let answer = bench.operate();
    let third = bench.publish(hook, "c");
    bench.on(answer);
    assert_eq!(bench.drain(), [third]);
}

#[test]
fn load_that_ran_before_a_commit_brings_nothing_twice() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let first = bench.queue(hook, "a");
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.publish(hook, "b");
    bench.answer(first, 200);
    let order = bench.drain();
    assert!(!order.contains(&first));
    assert_eq!(bench.attempts(hook), 2);
}

#[test]
fn late_failure_that_is_put_out_of_memory_is_loaded_again_in_its_place() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    Bench::wide(hook, &mut bench);
    let [probe, late] = ["a", "b"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bench.answer(probe, 500);
    bench.answer(late, 500);
    let next = bench.publish(hook, "c");
    bench.store.skip(&bench.scope, hook, probe, bench.now.wall).unwrap();
    bench.pass(Duration::from_secs(1));
    // The commit tells that the probe is gone. The queue is loaded before the late failure is kept, and passes it by.
    bench.step();
    assert!(matches!(bench.operations.front(), Some(Operation::Load(_))));
    bench.step();
    assert!(matches!(bench.operations.front(), Some(Operation::Commit(_))));
    assert_eq!(bench.drain(), [late, next]);
}
