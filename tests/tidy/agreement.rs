//! Things that are written in two places say the same.

use std::collections::BTreeSet;

use crate::tree::{File, expect_clean, files, root};

#[test]
fn versions_agree() {
    let version = env!("CARGO_PKG_VERSION");
    let files = files();
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());

    let changelog = text("CHANGELOG.md").expect("CHANGELOG.md is there");
    assert_eq!(newest_entry(changelog), Some(version), "the top entry of CHANGELOG.md, and Cargo.toml");

    // Either the two say it themselves, or pyproject.toml leaves it to its crate.
    for manifest in ["python/Cargo.toml", "python/pyproject.toml"] {
        if let Some(stated) = text(manifest).and_then(stated_version) {
            assert_eq!(stated, version, "{manifest}, and Cargo.toml");
        }
    }
}

#[test]
fn make_targets_that_documents_name_exist() {
    let files = files();
    let makefile = files.iter().find(|file| file.path == "Makefile").expect("the Makefile is there");
    let targets = documented_targets(&makefile.text);
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    let unknown = documents.flat_map(|file| {
        let named = commands(&file.text).into_iter().filter(|target| !targets.contains(target));
        named.map(|target| format!("{}: `make {target}` is not in `make help`", file.path)).collect::<Vec<_>>()
    });
    expect_clean(unknown.collect());
}

#[test]
fn links_between_documents_lead_somewhere() {
    let files = files();
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    expect_clean(documents.flat_map(dead_links).collect());
}

#[test]
fn files_that_documents_name_exist() {
    let files = files();
    let documents = files.iter().filter(|file| file.path.ends_with(".md"));
    expect_clean(documents.flat_map(missing_files).collect());
}

/// The version of the first `## [...]` heading.
fn newest_entry(changelog: &str) -> Option<&str> {
    changelog.lines().find_map(|line| line.strip_prefix("## [")?.split(']').next())
}

/// The first `version = "..."` of a manifest, which is its package's.
fn stated_version(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
}

/// Targets with a `## ` comment: those of `make help`.
fn documented_targets(makefile: &str) -> BTreeSet<String> {
    let documented = makefile.lines().filter(|line| line.contains("## ") && !line.starts_with('\t'));
    documented.filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect()
}

/// The targets of `make x` in code: in a span, or at the beginning of a line of a block.
fn commands(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
            continue;
        }
        let code: Vec<&str> = if in_block { vec![line.trim()] } else { line.split('`').skip(1).step_by(2).collect() };
        let called = code.iter().filter_map(|code| code.strip_prefix("make ")?.split_whitespace().next());
        found.extend(called.map(str::to_owned));
    }
    found
}

fn dead_links(file: &File) -> Vec<String> {
    let folder = root().join(&file.path).parent().expect("a file is in a folder").to_owned();
    let targets = file.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let paths = targets.filter_map(|target| target.split('#').next()).filter(|path| !path.is_empty());
    let local = paths.filter(|path| !path.contains(':'));
    let dead = local.filter(|path| !folder.join(path).exists());
    dead.map(|path| format!("{}: links to {path}, which is not there", file.path)).collect()
}

/// Code spans that are a path in one of the tree's own folders.
fn missing_files(file: &File) -> Vec<String> {
    const FOLDERS: [&str; 7] = ["src/", "tests/", "examples/", "python/", "data/", "scripts/", "include/"];
    let spans = file.text.split('`').skip(1).step_by(2);
    let paths =
        spans.filter(|span| FOLDERS.iter().any(|folder| span.starts_with(folder)) && !span.contains(['*', ' ']));
    let missing = paths.filter(|path| !root().join(path).exists());
    missing.map(|path| format!("{}: names {path}, which is not there", file.path)).collect()
}

#[test]
fn agreement_rules_see_a_difference() {
    assert_eq!(newest_entry("# Changelog\n\n## [0.2.0] - unreleased\n\n## [0.1.0]"), Some("0.2.0"));
    assert_eq!(stated_version("[package]\nname = \"x\"\nversion = \"0.2.0\"\n"), Some("0.2.0"));
    let makefile = "VERSION := 1 # no\nall: ## everything\n\techo a: ## b\nhidden: all\n";
    assert_eq!(documented_targets(makefile), BTreeSet::from(["all".to_owned()]));
    let document = "Run `make demo`, then make a cake.\n```sh\nmake test # all\n```\n`cargo make x`";
    assert_eq!(commands(document), ["demo", "test"]);
    let file =
        File { path: "docs/x.md".to_owned(), text: "[a](../Cargo.toml) [b](gone.md#c) [d](https://e)".to_owned() };
    assert_eq!(dead_links(&file).len(), 1);
    let text = "`src/lib.rs`, `src/gone.rs`, `tests/*.json`, src/none.rs and `make x`".to_owned();
    assert_eq!(missing_files(&File { path: "docs/x.md".to_owned(), text }).len(), 1);
}
