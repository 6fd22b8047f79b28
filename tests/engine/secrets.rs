//! Secrets: what endpoints echo of them is not kept, a store key seals them, and one that cannot be read holds up its
//! own hook alone.

use std::fs;
use std::sync::Arc;

use serde_json::{Value, json};
use tieback::engine::{Engine, EngineOptions};
use tieback::error::ErrorKind;
use tieback::policy::seal::StoreKeys;
use tieback::service::Service;
use tieback::store::memory::MemoryStore;
use tieback::types::{DestinationHeaders, HookStatus, HookUpdate, Id, NoticeKind, PageRequest};

use crate::stage::{EVENT, RESOURCE, Stage};
use crate::support::rig::{Rig, event};
use crate::support::sink::{Answer, Sink};

const FIRST: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SECOND: &str = "0001020304050607080910111213141516171819202122232425262728293031";

/// An endpoint that answers like a framework's error page: with the whole request.
fn echoing() -> Sink {
    Sink::start(|request, _| {
        let token = request.header("Authorization").unwrap_or_default().to_owned();
        let bare = token.trim_start_matches("Bearer ").to_owned();
        let body = json!({"error": "no such route", "headers": {"authorization": token}, "token": bare}).to_string();
        let headers = vec![("X-Echo".to_owned(), token), ("X-Token".to_owned(), format!("<{bare}>"))];
        Answer::StatusWith { status: 404, headers, body: body.into_bytes() }
    })
}

fn keeps_nothing_of_an_echo(stage: &Stage) {
    stage.publish(1);
    stage.rig.run();
    let attempt = stage.log()[0].attempts[0].clone();
    assert_eq!(attempt.response_status, Some(404));
    let body: Value = serde_json::from_slice(&attempt.response_body).expect("the body is JSON still");
    let masked = json!({"error": "no such route", "headers": {"authorization": "*****"}, "token": "*****"});
    assert_eq!(body, masked);
    let header = |wanted: &str| attempt.response_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    assert_eq!(header("x-echo").unwrap().1, "*****");
    assert_eq!(header("x-token").unwrap().1, "<*****>");
}

#[test]
fn what_an_endpoint_echoes_of_a_secret_is_kept_by_no_store() {
    keeps_nothing_of_an_echo(&Stage::in_rig(echoing(), Rig::on(Arc::new(MemoryStore::new()), |_| {})));

    let keys = StoreKeys::chosen(Some(FIRST), []).unwrap();
    let stage = Stage::with(echoing(), |options| options.store_keys = keys);
    keeps_nothing_of_an_echo(&stage);
    for entry in fs::read_dir(stage.rig.folder()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(12).any(|window| window == b"secret-token"), "the secret is in a file");
    }
}

#[test]
fn a_hook_whose_secrets_cannot_be_read_waits_and_holds_up_no_other() {
    let keys = || StoreKeys::chosen(Some(FIRST), []).unwrap();
    let stage = Stage::with(Sink::always(204), |options| options.store_keys = keys());
    let other = stage.rig.hook_named(&stage.scope, "other", &stage.sink.url("/other"));
    stage.rig.trigger(&stage.scope, &other, RESOURCE, EVENT);
    let path = stage.rig.path();
    stage.rig.engine.publish(&event(&stage.scope, RESOURCE, 1, EVENT)).unwrap();
    let file = rusqlite::Connection::open(&path).unwrap();
    let moved =
        "UPDATE hook SET destination_headers = (SELECT destination_headers FROM hook WHERE id = 2) WHERE id = 1";
    file.execute_batch(moved).unwrap();
    file.close().unwrap();

    let report = stage.rig.run();
    assert_eq!((report.idle, report.attempts), (true, 1), "the other hook is served");
    let [notice] = &stage.rig.engine.notices().unwrap()[..] else { panic!("one notice") };
    assert_eq!(notice.hook.map(Id::from).as_ref(), Some(&stage.hook.id));
    let NoticeKind::StoreFailed { reason } = &notice.kind else { panic!("{notice:?}") };
    assert!(reason.contains("hook 1") && reason.contains("cannot be opened"), "{reason}");
    stage.publish(2);
    assert_eq!(stage.rig.run().attempts, 1);
    // Which reads the hook anew.
    stage.rig.engine.retry_now(&stage.scope, &stage.hook.id).unwrap();
    assert_eq!(stage.rig.run().attempts, 0);
    assert_eq!(stage.notices(), [""; 0], "it is told once");
    assert_eq!(stage.statuses(), ["enqueued"; 2], "nothing is lost");
    let all = stage.rig.service.hook_list(&stage.scope, &Default::default(), &PageRequest::default()).unwrap();
    assert_eq!(all.items.iter().map(|hook| hook.status.as_str()).collect::<Vec<_>>(), ["unreadable", "active"]);
    let shown = stage.rig.service.hook_show(&stage.scope, &stage.hook.id).unwrap_err();
    assert_eq!(shown.kind(), ErrorKind::Storage);

    let headers = DestinationHeaders::parse([("Authorization", "Bearer given-again")]).unwrap();
    let change = HookUpdate { destination_headers: Some(headers), ..HookUpdate::default() };
    let mended = stage.rig.service.hook_update(&stage.scope, &stage.hook.id, &change).unwrap();
    assert_eq!(mended.status, HookStatus::Active);
    assert_eq!(stage.rig.run().attempts, 2);
    assert_eq!(stage.statuses(), ["delivered"; 2]);
    let last = stage.sink.requests().pop().unwrap();
    assert_eq!(last.header("Authorization"), Some("Bearer given-again"));
}

fn open_with(path: &std::path::Path, mut options: Value) -> tieback::error::Result<Engine> {
    options["path"] = json!(path);
    Engine::open(EngineOptions::from_json(&options)?)
}

#[test]
fn keys_are_given_in_json_and_changed_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let open = |options: Value| open_with(&path, options);
    open(json!({})).unwrap().close();
    open(json!({"store_key": FIRST})).unwrap().close();
    for wrong in [json!({}), json!({"store_key": SECOND})] {
        let error = open(wrong).err().expect("it is sealed");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains("is sealed with a key of the id "), "{error}");
    }
    open(json!({"store_key": SECOND, "store_key_old": [FIRST]})).unwrap().close();
    open(json!({"store_key": SECOND})).unwrap().close();
}

#[test]
fn errors_about_keys_never_repeat_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    for (options, told) in [
        (json!({"store_key": "sesame"}), "store_key: the key has 6 characters"),
        (json!({"store_key": ["sesame"]}), "`store_key` is a list"),
        (json!({"store_key": FIRST, "store_key_old": ["sesame"]}), "store_key_old: the key has 6 characters"),
        (json!({"store_key": FIRST, "store_key_old": "sesame"}), "`store_key_old` is a text"),
        (json!({"store_key_old": [FIRST]}), "store_key_old is given without store_key"),
        (json!({"store_key": "0".repeat(64)}), "the same byte"),
    ] {
        let error = open_with(&path, options).err().expect("it is refused");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(told) && !shown.contains("sesame") && !shown.contains(FIRST), "{shown}");
    }
    assert!(!path.exists());
}
