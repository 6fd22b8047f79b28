//! What `docs/building.md` says of linking, done as it says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::optional;
use crate::stage::{PREFIX, Stage, expect_done, run};

/// The code of one language in the document's part about linking, block by block.
fn blocks(language: &str) -> Vec<String> {
    let document = include_str!("../../docs/building.md");
    let (_, linking) = document.split_once("\n## Linking\n").expect("docs/building.md tells of linking");
    let linking = linking.split("\n## ").next().unwrap();
    let opening = format!("```{language}\n");
    linking.split(&opening).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

/// A folder with the program, and pkg-config's file as `make install PREFIX=` the stage's folder would have written it.
fn workplace(stage: &Stage) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/install/project/consumer.c");
    fs::copy(source, folder.path().join("program.c")).unwrap();
    symlink(stage.prefix().join("lib/libtieback.a"), folder.path().join("libtieback.a")).unwrap();
    let installed = fs::read_to_string(stage.prefix().join("lib/pkgconfig/tieback.pc")).unwrap();
    let earnest = format!("prefix={PREFIX}\n");
    assert!(installed.starts_with(&earnest), "{installed}");
    let moved = installed.replacen(&earnest, &format!("prefix={}\n", stage.prefix().display()), 1);
    fs::write(folder.path().join("tieback.pc"), moved).unwrap();
    folder
}

#[test]
fn commands_that_the_manual_gives_link_programs() {
    if !optional::has("pkg-config", "the commands of docs/building.md") {
        return;
    }
    let stage = Stage::whole();
    let folder = workplace(stage);
    let commands: Vec<String> = blocks("sh").iter().flat_map(|block| block.lines()).map(str::to_owned).collect();
    assert_eq!(commands.len(), 3, "shared, static, and without pkg-config: {commands:?}");
    for command in commands {
        let mut shell = Command::new("sh");
        shell.args(["-euc", &command]).current_dir(folder.path()).env("PKG_CONFIG_LIBDIR", folder.path());
        // Where a compiler looks by itself on a machine.
        shell.env("CPATH", stage.prefix().join("include"));
        expect_done(&shell.output().unwrap());
        let is_static = command.contains("static") || command.contains("libtieback.a");
        run(&folder.path().join("program"), (!is_static).then(|| stage.prefix().join("lib")).as_deref());
        fs::remove_file(folder.path().join("program")).unwrap();
    }
}

#[test]
fn cmake_lines_that_the_manual_gives_link_a_program() {
    if !optional::has("cmake", "the CMake lines of docs/building.md") {
        return;
    }
    let stage = Stage::whole();
    let folder = workplace(stage);
    let [lines] = &blocks("cmake")[..] else { panic!("docs/building.md has one block for CMake") };
    let (find, link) = lines.split_once('\n').unwrap();
    let project = format!(
        "cmake_minimum_required(VERSION 3.13)\nproject(program C)\nadd_executable(program program.c)\n{find}\n{link}\n"
    );
    fs::write(folder.path().join("CMakeLists.txt"), project).unwrap();
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", stage.prefix().display());
    let cmake = |arguments: &[&str]| expect_done(&Command::new("cmake").args(arguments).output().unwrap());
    let built = folder.path().join("built");
    let (source, built) = (folder.path().to_str().unwrap(), built.to_str().unwrap());
    cmake(&["-S", source, "-B", built, &prefix]);
    cmake(&["--build", built]);
    run(&Path::new(built).join("program"), None);
}
