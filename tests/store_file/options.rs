//! What a file holds of a hook's options, and what becomes of them.

use rusqlite::Connection;
use tieback::error::ErrorKind;
use tieback::store::Registry;
use tieback::store::sqlite::SqliteStore;
use tieback::types::{HookCreate, HookId, SigningSecrets};

use crate::given::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What nobody needs any more is not kept.
#[test]
fn the_credentials_of_a_deleted_hook_are_gone_from_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let secrets = SigningSecrets::parse([SECRET]).unwrap();
    let create = HookCreate { signing_secrets: secrets, ..hook("acme") };
    let made = rfi_hook_in(&store, &company(), &create);
    store.delete_hook(&company(), made, at(1)).unwrap();
    drop(store);
    let file = Connection::open(&path).unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok::<(String, String), _>((row.get(0)?, row.get(1)?));
    let kept = file.query_row("SELECT destination_headers, signing_secrets FROM hook", [], row).unwrap();
    assert_eq!(kept, ("[]".to_owned(), "[]".to_owned()));
}

#[test]
fn options_that_another_program_changed_are_an_error_without_their_values() {
    for column in ["signing_secrets = 's3cret'", "signing_secrets = '[\"whsec_s3cret\"]'", "rate_attempts = 2000000"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hooks.db");
        let limit = tieback::types::RateLimit::new(1, std::time::Duration::from_secs(1)).unwrap();
        let create = HookCreate { rate_limit: Some(limit), ..hook("acme") };
        rfi_hook_in(&SqliteStore::open(&path).unwrap(), &company(), &create);
        Connection::open(&path).unwrap().execute_batch(&format!("UPDATE hook SET {column}")).unwrap();
        let store = SqliteStore::open(&path).expect("one bad row does not close the store");
        let error = store.hook(&company(), HookId(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.message().contains("damaged"), "{error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}
