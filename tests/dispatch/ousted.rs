//! A worker that was taken for dead while it lived: it hears so at the next thing that it wants of the store.

use tieback::policy::dispatch::Input;
use tieback::store::Workers;

use crate::bench::Bench;

/// Ends this worker as another one would that thinks it dead.
fn bury(bench: &Bench) {
    let seen = bench.store.look(None, 0).unwrap().others;
    assert_eq!(seen.len(), 1);
    bench.store.bury(&seen).unwrap();
}

#[test]
fn what_it_could_not_claim_is_claimed_under_a_new_name_at_once() {
    let mut bench = Bench::new();
    let (held, free) = (bench.hook(), bench.hook());
    let first = bench.queue(held, "a");
    bench.on(Input::Work(vec![held]));
    bench.settle();
    let before = bench.dispatch.worker();
    bury(&bench);
    let other = bench.queue(free, "b");
    bench.on(Input::Work(vec![free]));
    // No time passes, and nobody tells of the lane again.
    bench.settle();
    assert!(bench.dispatch.worker().is_some() && bench.dispatch.worker() != before);
    assert!(bench.in_flight().contains(&other), "{:?}", bench.in_flight());
    assert_eq!(bench.in_flight().iter().filter(|delivery| **delivery == first).count(), 2, "the lane was free again");
}

#[test]
fn an_answer_that_came_too_late_tells_it_too() {
    let mut bench = Bench::new();
    let hook = bench.hook();
    let [first, second] = ["a", "a"].map(|resource| bench.queue(hook, resource));
    bench.on(Input::Work(vec![hook]));
    bench.settle();
    bury(&bench);
    bench.answer(first, 204);
    bench.settle();
    assert_eq!(bench.in_flight(), [first], "its verdict did not count, so it is sent again");
    assert_eq!(bench.drain(), [first, second]);
    assert_eq!(bench.attempts(hook), 3);
}
