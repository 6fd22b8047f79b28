//! Runs cbindgen over `src/capi`, and over nothing else: what the rest of the crate has is not part of the ABI. The
//! header is a manual too: its front part and the headings of its groups of functions, with their examples, are the
//! texts in `src/capi/manual`.

use std::fs;
use std::path::{Path, PathBuf};
use std::{env, str};

use crate::version::{Version, number};

/// The groups of functions in their order: the text that heads each, and the function that it begins with.
const GROUPS: [(&str, &str); 14] = [
    ("versions", "tieback_version"),
    ("engine", "tieback_engine_options_init"),
    ("cancelling", "tieback_cancel_new"),
    ("service", "tieback_scope_init"),
    ("hooks", "tieback_hook_options_init"),
    ("triggers", "tieback_trigger_create"),
    ("events", "tieback_event_options_init"),
    ("deliveries", "tieback_delivery_query_init"),
    ("operating", "tieback_engine_pause"),
    ("upkeep", "tieback_engine_backup"),
    ("notices", "tieback_engine_notices"),
    ("errors", "tieback_status_name"),
    ("texts", "tieback_string_free"),
    ("flat", "tieback_call"),
];

/// Writes `tieback.h` into OUT_DIR and tells the tests where it is.
pub fn generate(root: &Path, version: &Version) {
    println!("cargo::rerun-if-changed=src/capi");
    println!("cargo::rerun-if-changed=cbindgen.toml");

    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))
        .unwrap_or_else(|error| panic!("cbindgen.toml cannot be used: {error}"));
    // The macros that begin structs follow; cbindgen.toml has them.
    let struct_macros = config.after_includes.take().unwrap_or_default();
    config.after_includes = Some(version_macros(version) + &struct_macros);
    config.header = Some(front(root));

    // A single source, whose modules cbindgen follows in the order of their declaration.
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/capi/mod.rs"))
        .generate()
        .unwrap_or_else(|error| panic!("src/capi has no C header: {error}"));

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("tieback.h");
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = str::from_utf8(&generated).expect("cbindgen writes UTF-8");
    let header = in_groups(root, generated);
    fs::write(&out, header).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
    println!("cargo::rustc-env=TIEBACK_GENERATED_HEADER={}", out.display());
}

/// What stands before everything else.
fn front(root: &Path) -> String {
    let front = manual(root, "front").replace("@STATIC_LIBS@", &static_libs(root));
    format!("/*! @file\n *\n{} */", lines_of_comment(&front))
}

/// The header with a heading before each group. `/*!` is a comment for doxygen as `/**` is, but one that is not of the
/// function after it.
fn in_groups(root: &Path, header: &str) -> String {
    let mut rest = header;
    let mut whole = String::with_capacity(2 * header.len());
    for (nth, (group, first)) in GROUPS.iter().enumerate() {
        let at = comment_of(rest, first).unwrap_or_else(|| panic!("{first}, with which the group {group} begins"));
        let text = manual(root, group);
        let text = text.strip_prefix("# ").unwrap_or_else(|| panic!("{group}.md has no title"));
        let (title, text) = text.split_once('\n').unwrap_or_else(|| panic!("{group}.md has no text"));
        whole += &rest[..at];
        if nth > 0 {
            whole += "/*! @} */\n\n";
        }
        whole += &format!("/*! @defgroup {group} {title}\n{} * @{{\n */\n\n", lines_of_comment(text));
        rest = &rest[at..];
    }
    let end = rest.rfind("#ifdef __cplusplus").expect("the functions are declared as C's");
    whole + &rest[..end] + "/*! @} */\n\n" + &rest[end..]
}

/// Where the comment of a function begins.
fn comment_of(header: &str, function: &str) -> Option<usize> {
    let call = format!("{function}(");
    let is_whole = |at: &usize| matches!(header.as_bytes().get(at.wrapping_sub(1)), Some(b' ' | b'*'));
    let is_declared = |at: &usize| !header[..*at].rsplit('\n').next().unwrap_or_default().starts_with(" *");
    let at = header.match_indices(&call).map(|(at, _)| at).find(|at| is_whole(at) && is_declared(at))?;
    header[..at].rfind("/**")
}

fn manual(root: &Path, name: &str) -> String {
    let path = root.join(format!("src/capi/manual/{name}.md"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each line behind ` *`.
fn lines_of_comment(text: &str) -> String {
    assert!(!text.contains("*/") && !text.contains("/*"), "a comment inside a comment: {text}");
    text.lines().map(|line| if line.is_empty() { " *\n".to_owned() } else { format!(" * {line}\n") }).collect()
}

/// What a program links after the static library on Linux.
fn static_libs(root: &Path) -> String {
    let path = root.join("build/static-libs.txt");
    let list = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line = list.lines().find_map(|line| line.strip_prefix("linux "));
    line.unwrap_or_else(|| panic!("{} has no line for linux", path.display())).to_owned()
}

fn version_macros(version: &Version) -> String {
    let Version { major, minor } = version;
    let patch = number("CARGO_PKG_VERSION_PATCH");
    let text = env!("CARGO_PKG_VERSION");
    let combined = major << 16 | minor << 8 | patch;
    let abi = version.abi_number();
    format!(
        r#"
/**
 * The version of this header, as text. `tieback_version()` gives the library's.
 */
#define TIEBACK_VERSION "{text}"

/**
 * The version's first number.
 */
#define TIEBACK_VERSION_MAJOR {major}

/**
 * The version's second number.
 */
#define TIEBACK_VERSION_MINOR {minor}

/**
 * The version's third number.
 */
#define TIEBACK_VERSION_PATCH {patch}

/**
 * The version as one number that grows, 0xMMNNPP: for `#if TIEBACK_VERSION_NUMBER >= 0x000100`.
 */
#define TIEBACK_VERSION_NUMBER 0x{combined:06x}

/**
 * Whether this header is of version a.b.c or a later one: for `#if`.
 */
#define TIEBACK_VERSION_AT_LEAST(a, b, c) (TIEBACK_VERSION_NUMBER >= (((a) << 16) | ((b) << 8) | (c)))

/**
 * The ABI that this header describes. A library fits when its `tieback_abi_version()` is the same.
 */
#define TIEBACK_ABI_VERSION {abi}
"#
    )
}
