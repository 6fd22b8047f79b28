//! Programs that find the library through pkg-config.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use crate::optional;
use crate::stage::{PREFIX, Stage, compile, expect_done, run, static_libs};

/// Asks pkg-config about what is installed below a folder that stands for `/`.
fn pkg_config(root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_LIBDIR", root.join(&PREFIX[1..]).join("lib/pkgconfig")).env_remove("PKG_CONFIG_PATH");
    command.env("PKG_CONFIG_SYSROOT_DIR", root).args(arguments).arg("tieback");
    command.output().unwrap()
}

fn flags(root: &Path, arguments: &[&str]) -> Vec<String> {
    let output = pkg_config(root, arguments);
    expect_done(&output);
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

fn sources() -> Vec<&'static str> {
    let mut sources = vec!["tests/install/project/consumer.c"];
    if optional::has("c++", "a C++ program that finds the library by pkg-config") {
        sources.push("tests/install/project/consumer.cpp");
    }
    sources
}

#[test]
fn programs_link_the_shared_library_by_pkg_config() {
    if !optional::has("pkg-config", "programs that find the library by pkg-config") {
        return;
    }
    let stage = Stage::whole();
    let folder = tempfile::tempdir().unwrap();
    for source in sources() {
        let program = folder.path().join("shared");
        compile(source, &flags(&stage.root(), &["--cflags", "--libs"]), &program);
        run(&program, Some(&stage.prefix().join("lib")));
        // It asks for the library by its ABI's name: without the name it does not run.
        let alone = Command::new(&program).arg("none.db").env_remove("LD_LIBRARY_PATH").output().unwrap();
        assert!(!alone.status.success(), "it has found another library");
    }
}

#[test]
fn programs_link_the_static_library_by_pkg_config() {
    if !optional::has("pkg-config", "programs that find the static library by pkg-config") {
        return;
    }
    // A tree without the shared library, which the linker would prefer.
    let stage = Stage::whole();
    let root = tempfile::tempdir().unwrap();
    let prefix = root.path().join(&PREFIX[1..]);
    fs::create_dir_all(prefix.join("lib")).unwrap();
    for path in ["include", "lib/libtieback.a", "lib/pkgconfig"] {
        symlink(stage.prefix().join(path), prefix.join(path)).unwrap();
    }
    for source in sources() {
        let program = root.path().join("static");
        compile(source, &flags(root.path(), &["--static", "--cflags", "--libs"]), &program);
        run(&program, None);
    }
}

#[test]
fn programs_link_the_static_library_beside_the_shared_one() {
    if !optional::has("pkg-config", "programs that find the static library by pkg-config's variable") {
        return;
    }
    let stage = Stage::whole();
    let folder = tempfile::tempdir().unwrap();
    let prefix = format!("--define-variable=prefix={}", stage.prefix().display());
    for source in sources() {
        let program = folder.path().join("static");
        let mut all = flags(&stage.root(), &["--cflags"]);
        all.extend(variable(stage, &prefix));
        compile(source, &all, &program);
        run(&program, None);
    }
}

/// What `pkg-config --variable=static_libs` says, in a tree that was moved.
fn variable(stage: &Stage, prefix: &str) -> Vec<String> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_LIBDIR", stage.prefix().join("lib/pkgconfig")).env_remove("PKG_CONFIG_PATH");
    let output = command.args([prefix, "--variable=static_libs", "tieback"]).output().unwrap();
    expect_done(&output);
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn pkg_config_knows_the_version_and_the_system_libraries() {
    if !optional::has("pkg-config", "what pkg-config says") {
        return;
    }
    let root = Stage::whole().root();
    assert_eq!(flags(&root, &["--modversion"]), [env!("CARGO_PKG_VERSION")]);
    let newer = format!(
        "{}.{}.0",
        env!("CARGO_PKG_VERSION_MAJOR"),
        1 + env!("CARGO_PKG_VERSION_MINOR").parse::<u32>().unwrap()
    );
    assert!(!pkg_config(&root, &[&format!("--atleast-version={newer}")]).status.success());
    let (shared, all) = (flags(&root, &["--libs"]), flags(&root, &["--static", "--libs"]));
    let (beginning, system) = all.split_at(shared.len());
    assert_eq!((beginning, system.join(" ").as_str()), (shared.as_slice(), static_libs()));
}
