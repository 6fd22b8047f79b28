//! Few file descriptors and thousands of hosts: connections have a bound over all of them, and to be out of descriptors
//! is no endpoint's failure.

use std::net::IpAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tieback::engine::EngineOptions;
use tieback::error::ErrorKind;
use tieback::net::resolve::{Looking, Lookup};
use tieback::store::memory::MemoryStore;
use tieback::types::{DeliveryStatus, Hook, NoticeKind};

use super::crowd::Crowd;
use super::support::rig::{Rig, event, project};

const URLS: &str = "TIEBACK_TEST_URLS";

/// Hooks to these URLs, each with one event to deliver.
fn queue(rig: &Rig, urls: impl Iterator<Item = String>) -> Vec<Hook> {
    let scope = project();
    let hooks = urls.enumerate().map(|(n, url)| {
        let hook = rig.hook_named(&scope, &format!("hook-{n}"), &url);
        rig.trigger(&scope, &hook, "RFIs", "create");
        hook
    });
    let hooks = hooks.collect();
    publish(rig);
    hooks
}

fn publish(rig: &Rig) {
    rig.engine.publish(&event(&project(), "RFIs", 1, "create")).unwrap();
}

/// Every address of 127.0.0.0/8 is this machine, and each is another host.
fn hosts(port: u16) -> impl Iterator<Item = String> {
    (1..).map(move |n: u32| format!("http://127.{}.{}.{}:{port}/", 1 + (n >> 16), (n >> 8) & 255, n & 255))
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ten_thousand_hosts_leave_no_more_connections_than_the_bounds_say() {
    const HOOKS: usize = 10_000;
    let crowd = Arc::new(Crowd::start(Duration::ZERO).await);
    let port = crowd.address.port();
    let measured = Arc::clone(&crowd);
    tokio::task::spawn_blocking(move || {
        // In memory: this is about connections, and 20,000 transactions would wait for the disk.
        let memory = tempfile::tempdir_in("/dev/shm").unwrap();
        let rig = Rig::with(|options| {
            options.path = memory.path().join("hooks.db");
            options.limits.in_flight = 64;
            options.max_idle_connections = 100;
        });
        queue(&rig, hosts(port).take(HOOKS));
        let report = rig.run();
        assert_eq!((report.attempts, report.paused_lanes), (HOOKS as u64, 0));
        assert_eq!(measured.requests(), HOOKS);
        // Those that are being closed while others open are still counted by the endpoint.
        assert!(measured.most_open() <= 100 + 2 * 64, "{} connections at once", measured.most_open());
        assert!(measured.open() <= 100 + 64, "{} are kept", measured.open());
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_few_hosts_keep_their_connections_however_few_places_there_are() {
    let crowd = Arc::new(Crowd::start(Duration::ZERO).await);
    let port = crowd.address.port();
    let measured = Arc::clone(&crowd);
    tokio::task::spawn_blocking(move || {
        let rig = Rig::on(Arc::new(MemoryStore::new()), |options| {
            options.max_idle_connections = 1;
            options.limits.in_flight = 1;
        });
        queue(&rig, [format!("http://127.0.0.1:{port}/")].into_iter());
        for _ in 0..20 {
            publish(&rig);
        }
        rig.run();
        assert_eq!((measured.requests(), measured.accepted()), (21, 1));
    })
    .await
    .unwrap();
}

#[test]
fn bounds_are_read_from_json_and_must_make_sense() {
    let read = |name: &str, most: u32| EngineOptions::from_json(&serde_json::json!({ "path": "hooks.db", name: most }));
    assert_eq!(read("max_attempts_in_flight", 7).unwrap().limits.in_flight, 7);
    assert_eq!(read("max_idle_connections", 9).unwrap().max_idle_connections, 9);
    for name in ["max_attempts_in_flight", "max_idle_connections"] {
        for most in [0, 65_536] {
            let error = read(name, most).err().expect("it is refused");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains(&format!("{name} {most} is out of range: 1 to 65535")), "{error}");
        }
    }
}

/// The engine's process may open 48 files; its endpoints, in the parent, as many as they like.
#[cfg(unix)]
#[test]
fn to_be_out_of_file_descriptors_fails_no_attempt_and_pauses_no_lane() {
    const HOOKS: usize = 300;
    const TEST: &str = "caps::to_be_out_of_file_descriptors_fails_no_attempt_and_pauses_no_lane";
    if let Ok(urls) = std::env::var(URLS) {
        return deliver_with_few_descriptors(&urls);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Slow enough that more want to be open at once than there are descriptors.
    let crowd = runtime.block_on(Crowd::start(Duration::from_millis(30)));
    let port = crowd.address.port();
    let literal = hosts(port).take(HOOKS / 2);
    let named = std::iter::repeat_n(format!("http://hooks.example.com:{port}/"), HOOKS / 2);
    let urls: Vec<String> = literal.zip(named).flat_map(<[String; 2]>::from).collect();
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 48; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env(URLS, urls.join(" "))
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "the child failed:\n{out}\n{err}");
    assert_eq!(crowd.requests(), HOOKS);
    assert!(crowd.most_open() < 48, "{}", crowd.most_open());
}

/// Resolvers open files and sockets; where they cannot, they say no more than that the name is not found.
struct NeedsDescriptors;

impl Lookup for NeedsDescriptors {
    fn lookup(&self, _: &str) -> Looking {
        let opened = [(); 2].map(|()| std::fs::File::open("/dev/null"));
        let found = if opened.iter().all(Result::is_ok) { vec![IpAddr::from([127, 0, 0, 1])] } else { Vec::new() };
        Box::pin(async { Ok(found) })
    }
}

fn deliver_with_few_descriptors(urls: &str) {
    let rig = Rig::with(|options| options.lookup = Arc::new(NeedsDescriptors));
    let hooks = queue(&rig, urls.split(' ').map(str::to_owned));
    let report = rig.run();
    let notices = rig.engine.notices().unwrap();
    assert_eq!((report.attempts, report.paused_lanes), (hooks.len() as u64, 0), "{notices:?}");

    let [notice] = &notices[..] else { panic!("it is told once, and nothing else is: {notices:?}") };
    let NoticeKind::OutOfDescriptors { reason } = &notice.kind else { panic!("{notice:?}") };
    assert!(reason.contains("ulimit -n") && reason.contains("max_idle_connections"), "{reason}");
    assert_eq!(notice.hook, None);

    for hook in hooks {
        let deliveries = rig.deliveries(&project(), &hook);
        let [delivery] = &deliveries[..] else { panic!("one delivery a hook: {deliveries:?}") };
        assert_eq!((&delivery.status, delivery.attempts.len()), (&DeliveryStatus::Delivered, 1), "{delivery:?}");
    }
}
