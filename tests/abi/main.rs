//! What programs are compiled against is what `abi/tieback.abi` describes (`abi/README.md`).
//!
//! Linux with 64-bit pointers only: elsewhere the same header has other sizes.
#![cfg(all(feature = "capi", target_os = "linux", target_pointer_width = "64"))]

#[path = "../optional/mod.rs"]
mod optional;
#[path = "../c/prototypes.rs"]
#[allow(dead_code, reason = "the comments are nothing to an ABI")]
mod prototypes;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HEADER: &str = include_str!("../../include/tieback.h");

/// How a header compares with a description.
#[derive(Debug, PartialEq)]
enum Verdict {
    Same,
    /// It has more: what was built before still runs.
    Grown,
    /// What was built before may not run, and what abidiff says of it.
    Broken,
}

fn has_abigail(what: &str) -> bool {
    optional::has("abidw", what) && optional::has("abidiff", what)
}

/// Describes a header, by way of a library of C that has all of its functions, empty.
fn describe(header: &str, folder: &Path) -> PathBuf {
    let mut source = "#include <tieback.h>\n".to_owned();
    for function in prototypes::read(header) {
        let parameters = function.parameters.iter().map(|(kind, name)| format!("{kind} {name}")).collect::<Vec<_>>();
        let parameters = if parameters.is_empty() { "void".to_owned() } else { parameters.join(", ") };
        source += &format!("{} {}({parameters}) {{ for (;;) {{ }} }}\n", function.returns, function.name);
    }
    // The functions pass enumerations as numbers, so nothing else leads to what the numbers mean.
    for name in header.lines().filter_map(|line| line.strip_prefix("enum ")?.split_whitespace().next()) {
        source += &format!("enum {name} numbers_of_{name};\n");
    }
    let path = |name: &str| folder.join(name);
    fs::write(path("tieback.h"), header).unwrap();
    fs::write(path("tieback.c"), source).unwrap();
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    done(Command::new(compiler).current_dir(folder).args([
        "-std=c99",
        "-g",
        "-O0",
        "-w",
        "-shared",
        "-fPIC",
        "-nostdlib",
        "-I.",
        "-o",
        "tieback.so",
        "tieback.c",
    ]));
    // Nothing that differs from one machine to the next.
    done(Command::new("abidw").current_dir(folder).args([
        "--no-architecture",
        "--no-corpus-path",
        "--no-comp-dir-path",
        "--no-elf-needed",
        "--no-show-locs",
        "--type-id-style",
        "hash",
        "--out-file",
        "tieback.abi",
        "tieback.so",
    ]));
    path("tieback.abi")
}

/// Compares two descriptions, and says what abidiff says.
fn compare(old: &Path, new: &Path) -> (Verdict, String) {
    let run = |options: &[&str]| {
        let output = Command::new("abidiff").args(options).arg(old).arg(new).output().unwrap();
        // Bits: 1 and 2 say that it has not compared, 4 that something has changed.
        let code = output.status.code().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(code & 3, 0, "abidiff: {said}");
        (code != 0, said)
    };
    let (has_changed, all) = run(&["--harmless"]);
    let (has_other_than_new_functions, report) = run(&["--harmless", "--no-added-syms"]);
    match (has_changed, has_other_than_new_functions && !tells_of_growth_only(&report)) {
        (false, _) => (Verdict::Same, all),
        (true, false) => (Verdict::Grown, all),
        (true, true) => (Verdict::Broken, report),
    }
}

/// Whether structs that say their size have got further fields behind what was their end, and nothing else.
///
/// abidiff could be told to pass over fields that are inserted at the end, but then passes over whatever else has
/// happened to the same struct.
fn tells_of_growth_only(report: &str) -> bool {
    let mut size_before = None;
    report.lines().map(str::trim).filter(|line| !line.is_empty()).all(|line| {
        let number_after = |words: &str| {
            let (_, rest) = line.split_once(words)?;
            rest.split(' ').next()?.parse::<u64>().ok()
        };
        if let Some(bits) = number_after("type size changed from ") {
            size_before = Some(bits);
            true
        } else if let Some(bits) = number_after(", at offset ") {
            size_before.is_some_and(|size| bits >= size)
        } else if let Some((_, name)) = line.split_once("underlying type 'struct ") {
            size_before = None;
            let name = name.split('\'').next().unwrap_or_default();
            ["_options", "_change", "_query"].iter().any(|ending| name.ends_with(ending))
        } else {
            let leads_there = line.contains("has some indirect sub-type changes:")
                || line.contains("has sub-type changes:")
                || line.contains("with some indirect sub-type change")
                || line.contains("data member insertion")
                || line.contains("in pointed to type '")
                || line.contains("in unqualified underlying type '")
                || line.ends_with("changed, as reported earlier");
            leads_there || (line.contains("changes summary: 0 Removed") && line.contains(" 0 Added"))
        }
    })
}

fn done(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn header_is_the_abi_that_is_described() {
    if !has_abigail("the comparison of the ABI with its description") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let new = describe(HEADER, folder.path());
    // Where `make abi` takes it from.
    fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/target")).unwrap();
    fs::copy(&new, concat!(env!("CARGO_MANIFEST_DIR"), "/target/tieback.abi")).unwrap();
    let (verdict, said) = compare(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/abi/tieback.abi")), &new);
    match verdict {
        Verdict::Same => {}
        Verdict::Grown => panic!("the ABI has grown: `make abi` describes it anew\n{said}"),
        Verdict::Broken => {
            panic!("programs that were built before do not fit this ABI (see abi/README.md)\n{said}")
        }
    }
}

/// The header with one text in place of another, which it has once.
fn with(old: &str, new: &str) -> String {
    assert_eq!(HEADER.matches(old).count(), 1, "the header has `{old}` once");
    HEADER.replace(old, new)
}

#[test]
fn breakage_is_told_from_growth() {
    if !has_abigail("the rule of what breaks the ABI") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let describe_in = |name: &str, header: &str| {
        let folder = folder.path().join(name);
        fs::create_dir(&folder).unwrap();
        describe(header, &folder)
    };
    let present = describe_in("present", HEADER);

    let published = "int64_t tieback_published_deliveries(const tieback_published *published);";
    let last = "} tieback_event_options;";
    let more = format!("{published}\n\n/** New. */\nint32_t tieback_more(const char *what);");
    let cases = [
        ("as-it-is", HEADER.to_owned(), Verdict::Same),
        ("new-function", with(published, &more), Verdict::Grown),
        ("new-field", with(last, &format!("int64_t more;\n{last}")), Verdict::Grown),
        ("in-the-padding", with("int32_t log_level;", "int32_t log_level;\nint32_t more;"), Verdict::Broken),
        (
            "grown-and-broken",
            with(last, &format!("int64_t more;\n{last}"))
                .replace("int32_t clear_rate_limit;", "int64_t clear_rate_limit;"),
            Verdict::Broken,
        ),
        ("scope", with("} tieback_scope;", "int64_t more;\n} tieback_scope;"), Verdict::Broken),
        ("renamed", with(published, &published.replace("_deliveries", "_count")), Verdict::Broken),
        ("parameter", with(published, &published.replace("published)", "published, int32_t all)")), Verdict::Broken),
        ("narrower", with(published, &published.replace("int64_t", "int32_t")), Verdict::Broken),
        ("unsigned", with(published, &published.replace("int64_t", "uint64_t")), Verdict::Broken),
        ("inserted", with("int32_t clear_rate_limit;", "int64_t other;\nint32_t clear_rate_limit;"), Verdict::Broken),
        ("field-type", with("int32_t max_attempts_in_flight;", "int64_t max_attempts_in_flight;"), Verdict::Broken),
        ("number", with("TIEBACK_TIMEOUT = 61", "TIEBACK_TIMEOUT = 63"), Verdict::Broken),
    ];
    for (name, header, expected) in cases {
        let (verdict, said) = compare(&present, &describe_in(name, &header));
        assert_eq!(verdict, expected, "{name}: {said}");
    }
}
