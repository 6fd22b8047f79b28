//! `include/tieback.h` is what `src/capi` says, and says what everything in it is.
#![cfg(feature = "header")]

use std::ffi::CStr;
use std::fs;

use tieback::capi::{tieback_abi_version, tieback_version};

fn committed() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/include/tieback.h");
    fs::read_to_string(path).unwrap_or_else(|error| panic!("include/tieback.h: {error}; run `make header`"))
}

#[test]
fn committed_header_is_the_generated_one() {
    let generated = fs::read_to_string(env!("TIEBACK_GENERATED_HEADER")).unwrap();
    let committed = committed();
    let differs = generated.lines().zip(committed.lines()).position(|(a, b)| a != b);
    if let Some(line) = differs {
        panic!(
            "include/tieback.h differs from src/capi, first in line {}; run `make header`\n  is     {}\n  ought  {}",
            line + 1,
            committed.lines().nth(line).unwrap(),
            generated.lines().nth(line).unwrap(),
        );
    }
    assert!(generated == committed, "include/tieback.h is longer or shorter than src/capi says; run `make header`");
}

#[test]
fn header_says_what_everything_in_it_is() {
    let silent = undocumented(&committed());
    assert!(silent.is_empty(), "without a comment in include/tieback.h:\n  {}", silent.join("\n  "));
}

/// The first lines of what has no comment right above: functions, types, macros, and the members of types.
fn undocumented(header: &str) -> Vec<String> {
    let lines: Vec<&str> = header.lines().map(str::trim).collect();
    let mut silent = Vec::new();
    let mut enumerations = Vec::new();
    let mut in_comment = false;
    let mut goes_on = false;
    let mut open_parentheses = 0;
    for (index, line) in lines.iter().enumerate() {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
            continue;
        }
        if line.starts_with("//") || line.is_empty() || (line.starts_with('#') && !line.starts_with("#define ")) {
            continue;
        }
        if !goes_on {
            let is_commented = index > 0 && lines[index - 1].ends_with("*/");
            if !is_commented && !is_frame(line, &enumerations) {
                silent.push(format!("{}: {line}", index + 1));
            }
            enumerations.extend(line.strip_prefix("enum ").and_then(|rest| rest.split_whitespace().next()));
        }
        open_parentheses += line.matches('(').count() as i32 - line.matches(')').count() as i32;
        let is_ended = line.starts_with('#') || line.ends_with([';', ',', '{', '}']);
        goes_on = open_parentheses != 0 || !is_ended;
    }
    silent
}

/// Whether a line is no thing of its own: the guard, a closing brace, or the second name of an enumeration, which C
/// before C23 declares apart.
fn is_frame(line: &str, enumerations: &[&str]) -> bool {
    let is_second_name = |name: &&str| line.starts_with("typedef ") && line.ends_with(&format!(" {name};"));
    line == "#define TIEBACK_H"
        || line == "extern \"C\" {"
        || line.starts_with('}')
        || line.starts_with("{")
        || enumerations.iter().any(is_second_name)
}

#[test]
fn comment_rule_sees_what_is_undocumented() {
    let documented = r#"
#define TIEBACK_H
/**
 * What came of it.
 */
enum tieback_status
#if defined(__cplusplus)
  : int32_t
#endif
 {
    /**
     * All is well.
     */
    TIEBACK_OK = 0,
};
#ifndef __cplusplus
typedef int32_t tieback_status;
#endif

/** Options. */
typedef struct tieback_options {
    /** The size. */
    size_t struct_size;
} tieback_options;

extern "C" {
/** Opens. */
tieback_status tieback_open(const char *path,
                            int32_t (*call)(void *),
                            void **out);
}"#;
    let count = documented.matches("/**").count();
    assert_eq!(undocumented(documented), [] as [String; 0]);

    // Each comment taken away is missed, and so is each comment that stands apart.
    for nth in 0..count {
        let (at, _) = documented.match_indices("/**").nth(nth).unwrap();
        let end = at + documented[at..].find("*/").unwrap() + "*/".len();
        for instead in ["", "/** Apart. */\n"] {
            let silent = [&documented[..at], instead, &documented[end..]].concat();
            assert_eq!(undocumented(&silent).len(), 1, "{silent}");
        }
    }
    assert_eq!(undocumented("#define TIEBACK_A 1\ntypedef int32_t tieback_code;\n").len(), 2);
}

#[test]
fn header_and_library_state_the_same_versions() {
    let header = committed();
    let stated = |name: &str| {
        let line = header.lines().find_map(|line| line.strip_prefix(&format!("#define {name} ")));
        line.unwrap_or_else(|| panic!("include/tieback.h has no {name}")).to_owned()
    };
    let version = tieback_version();
    assert!(!version.is_null());
    // SAFETY: the library's own static text.
    #[allow(unsafe_code)]
    let version = unsafe { CStr::from_ptr(version) }.to_str().unwrap();
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    assert_eq!(stated("TIEBACK_VERSION"), format!("\"{version}\""));
    assert_eq!(stated("TIEBACK_ABI_VERSION"), tieback_abi_version().to_string());

    let parts: Vec<u32> = ["MAJOR", "MINOR", "PATCH"]
        .map(|part| stated(&format!("TIEBACK_VERSION_{part}")))
        .map(|n| n.parse().unwrap())
        .to_vec();
    assert_eq!(version, format!("{}.{}.{}", parts[0], parts[1], parts[2]));
    let number = u32::from_str_radix(stated("TIEBACK_VERSION_NUMBER").trim_start_matches("0x"), 16).unwrap();
    assert_eq!(number, parts[0] << 16 | parts[1] << 8 | parts[2]);
}
