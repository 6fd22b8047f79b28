//! The shared library exports what its header declares, and nothing else; and it knows its own name.
#![cfg(all(feature = "capi", unix))]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

mod optional;

/// The library that cargo has built together with this test, beside it.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let name = format!("{}tieback{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let path = test.parent().unwrap().join(name);
    assert!(path.exists(), "{} is not there", path.display());
    path
}

fn output_of(tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tool).args(arguments).arg(library()).output().unwrap();
    assert!(output.status.success(), "{tool}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn exported() -> BTreeSet<String> {
    let is_macos = cfg!(target_os = "macos");
    let listing = output_of("nm", if is_macos { &["-gU"] } else { &["-D", "--defined-only"] });
    let names = listing.lines().filter_map(|line| line.split_whitespace().nth(2));
    names.map(|name| if is_macos { name.trim_start_matches('_') } else { name }.to_owned()).collect()
}

/// The functions of the header: names of ours with a parameter list, outside comments and macros.
fn declared() -> BTreeSet<String> {
    let header = include_str!("../include/tieback.h");
    let mut names = BTreeSet::new();
    let mut in_comment = false;
    for line in header.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
            continue;
        }
        if line.starts_with(['#', '/']) {
            continue;
        }
        let before = line.split('(').next().filter(|before| before.len() < line.len()).unwrap_or_default();
        let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if name.starts_with("tieback_") {
            names.insert(name.to_owned());
        }
    }
    names
}

#[test]
fn library_exports_what_the_header_declares_and_nothing_else() {
    if !optional::has("nm", "the check of the library's symbols") {
        return;
    }
    let declared = declared();
    assert!(declared.contains("tieback_version"), "the header was not understood: {declared:?}");
    assert_eq!(exported(), declared);
}

#[test]
#[cfg(target_os = "linux")]
fn library_is_named_after_its_abi() {
    if !optional::has("readelf", "the check of the library's SONAME") {
        return;
    }
    let version: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').collect();
    let abi = if version[0] == "0" { format!("0.{}", version[1]) } else { version[0].to_owned() };
    let dynamic = output_of("readelf", &["--dynamic", "--wide"]);
    assert!(dynamic.contains(&format!("[libtieback.so.{abi}]")), "{dynamic}");
}

#[test]
#[cfg(target_os = "linux")]
fn library_stays_mapped_when_it_is_closed() {
    if optional::has("readelf", "the check that the library is not unloaded") {
        let dynamic = output_of("readelf", &["--dynamic", "--wide"]);
        assert!(dynamic.contains("NODELETE"), "{dynamic}");
    }
}
