//! COBOL: the copybooks and the program in `bindings/cobol`, compiled strictly by GnuCOBOL in the dialects that shops
//! use, and run against a real endpoint.
#![cfg(all(feature = "capi", unix))]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[path = "../optional/mod.rs"]
mod optional;
#[path = "../support/mod.rs"]
mod support;

use support::sink::{Answer, Sink};

const FIELDS: &str = include_str!("../../bindings/cobol/tieback.cpy");
const CALLS: &str = include_str!("../../bindings/cobol/tiebackp.cpy");
const NIGHTLY: &str = include_str!("../../bindings/cobol/nightly.cob");

/// Dialects that have COMP-5 and BY VALUE.
const DIALECTS: [&str; 4] = ["default", "ibm", "mf", "rm"];

/// Bound when the program is linked.
const LINKED: [&str; 3] = ["-fstatic-call", "-L", "."];

/// A folder with the shared library under the names that it is asked for by.
struct Workshop {
    folder: tempfile::TempDir,
}

impl Workshop {
    /// `None`, said aloud, where there is no COBOL.
    fn open() -> Option<Self> {
        if !optional::has("cobc", "the COBOL programs") {
            return None;
        }
        let library = std::env::current_exe().unwrap().parent().unwrap().join("libtieback.so");
        assert!(library.exists(), "{} is not there: `cargo build --lib` makes it", library.display());
        let folder = tempfile::tempdir().unwrap();
        let version: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').collect();
        let abi = if version[0] == "0" { format!("0.{}", version[1]) } else { version[0].to_owned() };
        for name in ["libtieback.so".to_owned(), format!("libtieback.so.{abi}")] {
            std::os::unix::fs::symlink(&library, folder.path().join(name)).unwrap();
        }
        Some(Self { folder })
    }

    fn store(&self) -> String {
        self.folder.path().join("hooks.db").to_str().unwrap().to_owned()
    }

    fn compile(&self, source: &str, dialect: &str, linking: &[&str]) -> PathBuf {
        self.compile_as("-fixed", source, dialect, linking)
    }

    fn compile_as(&self, format: &str, source: &str, dialect: &str, linking: &[&str]) -> PathBuf {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = self.folder.path().join("program");
        let output = Command::new("cobc")
            .current_dir(self.folder.path())
            .args(["-x", format, "-Wall", "-Werror", &format!("-std={dialect}"), "-I"])
            .arg(root.join("bindings/cobol"))
            .args(linking)
            .arg("-o")
            .arg(&program)
            .arg(root.join(source))
            .args(if linking.is_empty() { &[][..] } else { &["-ltieback"] })
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{source} in {dialect}: {said}");
        program
    }

    fn run(&self, program: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null());
        command.env("LD_LIBRARY_PATH", self.folder.path()).current_dir(self.folder.path());
        command.output().unwrap()
    }
}

fn printed(output: &Output) -> String {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn status_numbers_of_the_copybook_are_those_of_the_header() {
    let header = include_str!("../../include/tieback.h");
    let (_, body) = header.split_once("enum tieback_status").expect("the header has the statuses");
    let body = body.split_once('}').expect("they end").0;
    let numbered = body.lines().filter_map(|line| line.trim().strip_prefix("TIEBACK_")?.split_once(" = "));
    let declared: BTreeMap<String, i32> =
        numbered.map(|(name, number)| (name.replace('_', "-"), whole(number.trim_end_matches(',')))).collect();
    assert!(declared.len() > 10, "the header was not understood: {declared:?}");
    let conditions = FIELDS.lines().filter_map(|line| line.trim().strip_prefix("88  TB-")?.split_once("VALUE "));
    let single = conditions.clone().filter(|(name, _)| !name.starts_with("GROUP-"));
    let known: BTreeMap<String, i32> =
        single.map(|(name, number)| (name.trim().to_owned(), whole(number.trim_end_matches('.')))).collect();
    assert_eq!(known, declared);
    // Every status but that of success is in exactly one group.
    let groups: Vec<(i32, i32)> = conditions
        .filter(|(name, _)| name.starts_with("GROUP-"))
        .map(|(_, range)| range.trim_end_matches('.').split_once(" THRU ").expect("a group is a range"))
        .map(|(from, to)| (whole(from), whole(to)))
        .collect();
    for (name, number) in &declared {
        let holding = groups.iter().filter(|(from, to)| (from..=to).contains(&number)).count();
        assert_eq!(holding, usize::from(*number != 0), "{name} is in {holding} groups");
    }
}

fn whole(text: &str) -> i32 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no number"))
}

#[test]
fn sources_keep_to_the_fixed_format_and_to_names_that_every_compiler_takes() {
    let edges = include_str!("edges.cob");
    for (name, text) in [("tieback.cpy", FIELDS), ("tiebackp.cpy", CALLS), ("nightly.cob", NIGHTLY), ("edges", edges)] {
        for (number, line) in text.lines().enumerate() {
            assert!(line.len() <= 72 && line.is_ascii(), "{name}:{}: {line}", number + 1);
            assert!(line.is_empty() || line.starts_with("      "), "{name}:{}: {line}", number + 1);
            let long = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find(|word| word.len() > 30);
            assert_eq!(long, None, "{name}:{}", number + 1);
        }
    }
}

#[test]
fn snippets_of_the_readme_are_part_of_the_program() {
    let readme = include_str!("../../bindings/cobol/README.md");
    let snippets: Vec<&str> = readme.split("```cobol\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(snippets.len() > 1, "README.md shows code");
    for snippet in snippets {
        assert!(NIGHTLY.contains(snippet), "this is not in nightly.cob as it stands:\n{snippet}");
    }
}

#[test]
fn program_creates_a_hook_publishes_delivers_and_reads_deliveries_in_every_dialect() {
    let Some(workshop) = Workshop::open() else { return };
    for dialect in DIALECTS {
        let _ = std::fs::remove_file(workshop.store());
        let program = workshop.compile("bindings/cobol/nightly.cob", dialect, &LINKED);
        let sink = Sink::start(|_, nth| Answer::Status(if nth == 0 { 503 } else { 204 }));
        let output = printed(&workshop.run(&program, &[&workshop.store(), &sink.url("/events")], &[]));
        let lines: Vec<String> =
            output.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let (pieces, lines): (Vec<String>, Vec<String>) =
            lines.into_iter().partition(|line| line.starts_with("pieces "));
        assert!(whole(pieces[0].trim_start_matches("pieces ")) > 3, "{dialect}: the list comes in pieces: {pieces:?}");
        let expected = [
            "opened",
            "hook 1",
            "published 10042 deliveries 1",
            "published 10043 deliveries 1",
            "published 10044 deliveries 1",
            "refused: operation `hook_lst` is unknown; did you mean hook_list?",
            "attempts 4",
            "delivery of 10044 delivered 204",
            "delivery of 10043 delivered 204",
            "delivery of 10042 delivered 503",
            "closed",
        ];
        assert_eq!(lines, expected, "{dialect}");
        // What the fields had is what the endpoint got: quotes and backslashes whole, the padding gone.
        let bodies = sink.requests().into_iter().map(|request| serde_json::from_slice(&request.body).unwrap());
        let bodies: Vec<serde_json::Value> = bodies.collect();
        let got = bodies.iter().map(|body| (&body["resource_id"], &body["metadata"]["source_operation_id"]));
        let got: Vec<(i64, &str)> = got.map(|(id, name)| (id.as_i64().unwrap(), name.as_str().unwrap())).collect();
        let first = (10042, "Nut \"M8\" \\ A2");
        assert_eq!(got, [first, first, (10043, "Washer 8,4"), (10044, "Anchor M12")], "{dialect}");
    }
}

/// A comment is one in both formats, and no line needs its columns.
#[test]
fn copybooks_serve_programs_in_the_free_format_too() {
    let Some(workshop) = Workshop::open() else { return };
    let program = workshop.compile_as("-free", "bindings/cobol/nightly.cob", "default", &LINKED);
    let sink = Sink::always(204);
    let output = printed(&workshop.run(&program, &[&workshop.store(), &sink.url("/events")], &[]));
    assert!(output.ends_with("closed\n"), "{output}");
    assert_eq!(sink.requests().len(), 3);
}

#[test]
fn failure_ends_the_program_with_its_status_and_reason() {
    let Some(workshop) = Workshop::open() else { return };
    let program = workshop.compile("bindings/cobol/nightly.cob", "default", &LINKED);
    let output = workshop.run(&program, &["missing/hooks.db", "http://127.0.0.1:1/"], &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("engine_open: status +0000000100: the directory of the store"), "{said}");
}

#[test]
fn edges_of_fields_handles_and_buffers_are_as_the_copybooks_say() {
    let Some(workshop) = Workshop::open() else { return };
    for dialect in ["default", "ibm"] {
        let _ = std::fs::remove_file(workshop.store());
        let program = workshop.compile("tests/cobol/edges.cob", dialect, &LINKED);
        let output = workshop.run(&program, &[&workshop.store()], &[]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said.trim(), "all is as it should be", "{dialect}: {output:?}");
        assert!(output.status.success(), "{dialect}: {output:?}");
    }
}

/// As where programs are compiled once and told at run time where their calls are.
#[test]
fn program_that_is_not_linked_finds_the_library_by_cob_pre_load() {
    let Some(workshop) = Workshop::open() else { return };
    let program = workshop.compile("tests/cobol/edges.cob", "default", &[]);
    let here = workshop.folder.path().to_str().unwrap();
    let variables = [("COB_PRE_LOAD", "libtieback"), ("COB_LIBRARY_PATH", here)];
    let output = workshop.run(&program, &[&workshop.store()], &variables);
    assert_eq!(printed(&output).trim(), "all is as it should be");
    let without = workshop.run(&program, &[&workshop.store()], &[]);
    assert!(!without.status.success(), "it was linked after all");
}
