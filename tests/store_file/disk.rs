//! Disks that are full or read-only. They are made of small mounts, which takes root: where that is not possible, each
//! test says so and is skipped.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tieback::error::{Error, ErrorKind};
use tieback::store::sqlite::SqliteStore;
use tieback::store::{Queue, Store, Upkeep};
use tieback::time::Cancel;

use crate::given::*;

/// A mount that ends with the value.
struct Mount {
    at: PathBuf,
    _folder: Option<TempDir>,
}

impl Mount {
    /// A file system in memory, of this size.
    fn of_kilobytes(size: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_owned();
        mount(&["-t", "tmpfs", "-o", &format!("size={size}k"), "tieback-test"], &at)
            .then(|| Self { at, _folder: Some(folder) })
    }

    /// One file, put over itself so that it can be made read-only alone.
    fn over_file(file: &Path) -> Option<Self> {
        let text = file.to_str().unwrap();
        mount(&["--bind", text], file).then(|| Self { at: file.to_owned(), _folder: None })
    }

    fn make_read_only(&self, how: &str) {
        assert!(mount(&["-o", how], &self.at), "the mount becomes read-only");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.at).status();
    }
}

/// Mounts; where that is not possible says why.
fn mount(options: &[&str], at: &Path) -> bool {
    let why = match Command::new("mount").args(options).arg(at).output() {
        Ok(done) if done.status.success() => return true,
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(cause) => cause.to_string(),
    };
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // Past the test harness, which shows what a test prints only when it fails.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: mounting needs root ({why})");
    false
}

#[track_caller]
fn says_full(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    for word in ["full", "free some space"] {
        assert!(error.message().contains(word), "{error}");
    }
}

/// Publishes until the disk is full; gives the error and how many events are on disk.
fn publish_until_full(store: &dyn Store, from: i64) -> (Error, i64) {
    for number in from..100_000 {
        match store.publish(&[event(number)], at(0)) {
            Ok(answers) => answers.into_iter().for_each(|answer| assert!(!answer.unwrap().duplicate)),
            Err(error) => return (error, number),
        }
    }
    panic!("a small disk gets full");
}

#[test]
fn a_full_disk_loses_nothing_and_the_store_goes_on_when_there_is_room() {
    let Some(disk) = Mount::of_kilobytes(2048) else { return };
    let ballast = disk.at.join("ballast");
    fs::write(&ballast, vec![1; 1024 * 1024]).unwrap();
    let path = disk.at.join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");

    let (error, kept) = publish_until_full(&store, 0);
    says_full(&error);
    assert!(error.message().contains("nothing was changed") && error.message().contains("hooks.db"), "{error}");
    assert!(kept > 10, "{kept} events fitted");
    assert_eq!(count(&store, hook), kept, "what was answered with Ok is there, and nothing else");
    says_full(&store.publish(&[event(kept)], at(0)).unwrap_err());

    fs::remove_file(&ballast).unwrap();
    for number in kept..kept + 20 {
        assert!(!publish(&store, event(number)).duplicate, "what failed had left nothing");
    }
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(count(&store, hook), kept + 20);
}

fn count(store: &SqliteStore, hook: tieback::types::HookId) -> i64 {
    let stats = store.stats(at(0)).unwrap().queued as i64;
    assert_eq!(queued_in_parts(store, hook), stats);
    stats
}

fn queued_in_parts(store: &SqliteStore, hook: tieback::types::HookId) -> i64 {
    let (mut after, mut count) = (tieback::types::DeliveryId(0), 0);
    loop {
        let lane = store
            .load(&[tieback::store::LoadRequest { hook, after, limit: 100, bytes: usize::MAX }])
            .unwrap()
            .remove(0);
        count += lane.deliveries.len() as i64;
        after = lane.deliveries.last().map_or(after, |last| last.delivery);
        if !lane.more {
            return count;
        }
    }
}

#[test]
fn a_full_disk_does_not_spoil_what_waits_together() {
    let Some(disk) = Mount::of_kilobytes(1024) else { return };
    let store = SqliteStore::open(&disk.at.join("hooks.db")).unwrap();
    let hook = rfi_hook(&store, "acme");
    let kept: i64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let store = &store;
                scope.spawn(move || {
                    let (error, end) = publish_until_full(store, thread * 10_000);
                    says_full(&error);
                    end - thread * 10_000
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(count(&store, hook), kept);
}

#[test]
fn a_store_cannot_be_made_on_a_full_disk_and_leaves_no_files_there() {
    let Some(disk) = Mount::of_kilobytes(256) else { return };
    let mut ballast = fs::File::create(disk.at.join("ballast")).unwrap();
    while ballast.write_all(&[1; 4096]).is_ok() {}
    let error = SqliteStore::open(&disk.at.join("hooks.db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.message().contains("full"), "{error}");
    let names: Vec<_> = fs::read_dir(&disk.at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["ballast"]);
}

/// What one removes of its failed opening must not be what another has just made.
#[test]
fn first_openings_that_fail_at_once_leave_nothing_and_then_one_file_is_made_for_all() {
    const OPENINGS: usize = 4;
    let Some(disk) = Mount::of_kilobytes(2048) else { return };
    let path = disk.at.join("hooks.db");
    for room in [1980, 0] {
        let ballast = disk.at.join("ballast");
        fs::write(&ballast, vec![1; room * 1024]).unwrap();
        let start = std::sync::Barrier::new(OPENINGS);
        let opened: Vec<_> = std::thread::scope(|threads| {
            let openings = (0..OPENINGS).map(|_| {
                threads.spawn(|| {
                    start.wait();
                    let opened = SqliteStore::open(&path);
                    // Nobody has closed before all have opened.
                    start.wait();
                    opened.map(drop)
                })
            });
            let openings: Vec<_> = openings.collect();
            openings.into_iter().map(|opening| opening.join().unwrap()).collect()
        });
        fs::remove_file(&ballast).unwrap();
        let names: Vec<_> = fs::read_dir(&disk.at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        if room == 0 {
            assert!(opened.iter().all(Result::is_ok), "{opened:?}");
            assert_eq!(names, ["hooks.db"]);
        } else {
            opened.into_iter().for_each(|opened| says_full(&opened.unwrap_err()));
            assert!(names.is_empty(), "{names:?}");
        }
    }
}

#[test]
fn a_disk_that_gets_full_during_a_backup_keeps_nothing_of_it_and_the_store_is_as_it_was() {
    let Some(disk) = Mount::of_kilobytes(512) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=900);
    let to = disk.at.join("backup.db");
    let error = store.backup(&to, false, at(10), &Cancel::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.message().contains("full") && error.message().contains("backup.db"), "{error}");
    assert_eq!(fs::read_dir(&disk.at).unwrap().count(), 0);
    assert_eq!(count(&store, hook), 900);

    // One that is to be replaced stays until the new one is whole.
    fs::write(&to, "the backup of yesterday").unwrap();
    store.backup(&to, true, at(10), &Cancel::new()).unwrap_err();
    assert_eq!(fs::read(&to).unwrap(), b"the backup of yesterday");
    assert_eq!(fs::read_dir(&disk.at).unwrap().count(), 1);
}

#[test]
fn a_disk_that_gets_full_during_a_restore_keeps_the_store_that_was_there() {
    let Some(disk) = Mount::of_kilobytes(768) else { return };
    let folder = tempfile::tempdir().unwrap();
    let big = SqliteStore::open(&folder.path().join("hooks.db")).unwrap();
    let hook = rfi_hook(&big, "acme");
    queue(&big, hook, 1..=900);
    let backup = folder.path().join("backup.db");
    big.backup(&backup, false, at(10), &Cancel::new()).unwrap();

    let path = disk.at.join("hooks.db");
    let store = SqliteStore::open(&path).unwrap();
    let hook = rfi_hook(&store, "acme");
    queue(&store, hook, 1..=3);
    drop(store);
    let error = SqliteStore::restore(&backup, &path, true, at(20)).unwrap_err();
    says_full_of(&error, "hooks.db");
    let mut names: Vec<_> = fs::read_dir(&disk.at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["hooks.db"]);
    assert_eq!(count(&SqliteStore::open(&path).unwrap(), hook), 3);
}

#[track_caller]
fn says_full_of(error: &Error, name: &str) {
    says_full(error);
    assert!(error.message().contains(name), "{error}");
}

#[test]
fn a_read_only_disk_is_refused() {
    let Some(disk) = Mount::of_kilobytes(2048) else { return };
    let path = disk.at.join("hooks.db");
    rfi_hook(&SqliteStore::open(&path).unwrap(), "acme");
    disk.make_read_only("remount,ro");
    for name in ["hooks.db", "new.db"] {
        let error = SqliteStore::open(&disk.at.join(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.message().contains("cannot be written") && error.message().contains(name), "{error}");
    }
}

#[test]
fn a_read_only_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hooks.db");
    rfi_hook(&SqliteStore::open(&path).unwrap(), "acme");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    // Permissions do not bind root; a read-only mount does.
    let is_bound = fs::OpenOptions::new().append(true).open(&path).is_err();
    let mount = if is_bound { None } else { Mount::over_file(&path) };
    if let Some(mount) = &mount {
        mount.make_read_only("remount,bind,ro");
    } else if !is_bound {
        return;
    }
    let before = fs::read(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.message().contains("is read-only") && error.message().contains("hooks.db"), "{error}");
    assert!(fs::read(&path).unwrap() == before);
}
