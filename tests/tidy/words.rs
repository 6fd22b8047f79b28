//! The text of the files: nothing unfinished, nothing endless, nothing that is true on one machine only.

use proc_macro2::TokenTree;

use crate::tree::{File, expect_clean, files, tokens};

const LINES_MAX: usize = 700;
const COLUMNS_MAX: usize = 120;

/// Names of unfinished business. Written in halves, so that this file has none.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

const UNFINISHED_MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// Where people's and builders' own folders begin.
const MACHINE_FOLDERS: &[&str] = &["/home/", "/root/", "/Users/", "/work/", "C:\\Users\\"];

/// What is written by hand, line by line. Prose and data run as long as they like.
const CODE: &[&str] = &[".rs", ".py", ".pyi", ".c", ".h", ".hpp", ".sh", ".sql", ".toml", "Makefile", ".ci/run"];

#[test]
fn nothing_is_left_unfinished() {
    expect_clean(files().iter().flat_map(unfinished).collect());
}

#[test]
fn source_files_are_small() {
    let sources = files().into_iter().filter(|file| file.under("src/"));
    let long = sources.filter(|file| file.text.lines().count() > LINES_MAX);
    expect_clean(
        long.map(|file| format!("{}: over {LINES_MAX} lines; it holds more than one idea", file.path)).collect(),
    );
}

#[test]
fn rust_files_begin_by_saying_what_they_are() {
    let silent = files().into_iter().filter(|file| file.is_rust() && !file.text.starts_with("//! "));
    expect_clean(silent.map(|file| format!("{}: does not begin with `//!`", file.path)).collect());
}

#[test]
fn lines_of_code_fit_a_screen() {
    let code = files().into_iter().filter(|file| CODE.iter().any(|ending| file.path.ends_with(ending)));
    expect_clean(code.flat_map(|file| long_lines(&file)).collect());
}

#[test]
fn files_name_no_folder_of_one_machine() {
    expect_clean(files().iter().flat_map(machine_folders).collect());
}

fn unfinished(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
        if let Some(word) = words.find(|word| UNFINISHED.contains(word)) {
            wrong.push(format!("{}:{}: {word}", file.path, number + 1));
        }
    }
    if file.is_rust() {
        let tokens = tokens(file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path)));
        for pair in tokens.windows(2) {
            if let [TokenTree::Ident(name), TokenTree::Punct(mark)] = pair
                && mark.as_char() == '!'
                && mark.spacing() == proc_macro2::Spacing::Alone
                && UNFINISHED_MACROS.iter().any(|forbidden| name == forbidden)
            {
                wrong.push(format!("{}:{}: {name}!", file.path, name.span().start().line));
            }
        }
    }
    wrong
}

/// A body of the wire, alone on its line, is easier to compare whole than broken.
fn is_wire_body(line: &str) -> bool {
    ["r#\"", "br#\""].iter().any(|opening| line.trim_start().starts_with(opening))
}

fn long_lines(file: &File) -> Vec<String> {
    let lines = file.text.lines().enumerate();
    let long = lines.filter(|(_, line)| line.chars().count() > COLUMNS_MAX && !is_wire_body(line));
    long.map(|(number, _)| format!("{}:{}: over {COLUMNS_MAX} columns", file.path, number + 1)).collect()
}

fn machine_folders(file: &File) -> Vec<String> {
    // The list above is the one place that has to name them.
    if file.path == "tests/tidy/words.rs" {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let starts = |folder: &&&str| {
            // Inside a longer path or a URL it is no root.
            line.match_indices(**folder)
                .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-}".contains(c)))
        };
        if let Some(folder) = MACHINE_FOLDERS.iter().find(starts) {
            wrong.push(format!("{}:{}: {folder} is a folder of one machine", file.path, number + 1));
        }
    }
    wrong
}

#[test]
fn text_rules_see_what_they_forbid() {
    let file = |text: &str| File { path: "src/x.rs".to_owned(), text: text.to_owned() };
    for text in [format!("// {}: later", UNFINISHED[0]), format!("fn f() {{ {}!() }}", UNFINISHED_MACROS[0])] {
        assert_eq!(unfinished(&file(&text)).len(), 1, "{text}");
    }
    assert_eq!(unfinished(&file("fn todo() {} fn f(a: bool) -> bool { dbg != a }")), [] as [String; 0]);
    assert_eq!(long_lines(&file(&"é".repeat(COLUMNS_MAX))).len(), 0);
    assert_eq!(long_lines(&file(&"e".repeat(COLUMNS_MAX + 1))).len(), 1);
    assert_eq!(machine_folders(&file("const A: &str = \"/home/ann/x\";")).len(), 1);
    assert_eq!(machine_folders(&file("// https://example.com/home/ann and ${ROOT}/work/x")).len(), 0);
}
