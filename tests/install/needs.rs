//! What a program links after the static library: rustc says it, `build/static-libs.txt` has it, and whatever else
//! names it has it from there.

use std::env;
use std::fs;
use std::process::Command;

use crate::stage::{expect_done, said, static_libs};

#[test]
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_os = "macos"))]
fn static_libs_are_what_rustc_says() {
    // A static library of one line, made of the crate that cargo has built together with this test: it needs whatever
    // the crate and all that it is made of need.
    let built = env::current_exe().unwrap().parent().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("needs.rs");
    fs::write(&source, "//! Needs what tieback needs.\npub use tieback;\n").unwrap();
    let mut command = Command::new(env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned()));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["--edition", "2024", "--crate-type", "staticlib", "--print", "native-static-libs"]);
    command.arg("--extern").arg(format!("tieback={}", built.join("libtieback.rlib").display()));
    command.arg("-L").arg(format!("dependency={}", built.display()));
    command.arg("-o").arg(folder.path().join("libneeds.a")).arg(source);
    let output = command.output().unwrap();
    expect_done(&output);
    let said = said(&output);
    let list = said.lines().find_map(|line| line.split_once("native-static-libs: "));
    let (_, list) = list.unwrap_or_else(|| panic!("rustc has not said what a static library needs: {said}"));
    assert_eq!(list.trim(), static_libs(), "build/static-libs.txt is to say what rustc says");
}

#[test]
fn manuals_name_the_static_libs() {
    let linux = include_str!("../../build/static-libs.txt").lines().find_map(|line| line.strip_prefix("linux "));
    let linux = linux.unwrap();
    for path in ["include/tieback.h", "docs/building.md"] {
        let text = fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(text.contains(linux), "{path} does not name {linux}");
    }
}

#[test]
fn no_second_list_of_static_libs_is_kept() {
    // Whoever needs the list reads the file: what is written twice comes to differ.
    for path in
        ["Makefile", "cbindgen.toml", "tests/c/compile.rs", "packaging", "scripts", "build.rs", "build/header.rs"]
    {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        let files = match fs::read_dir(&path) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => vec![path.into()],
        };
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains("-lgcc_s"), "{} has a list of its own", file.display());
        }
    }
}
