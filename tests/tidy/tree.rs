//! The files of the repository, and how a rule says what is wrong with them.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// What a build or a tool leaves behind.
const NOT_OURS: &[&str] = &["target", "__pycache__", "node_modules"];

/// What begins with a dot and is part of the repository all the same.
const DOTTED: &[&str] = &[".ci", ".github", ".gitignore"];

/// A text file of the repository.
pub struct File {
    /// Its path from the root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub fn under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file of the repository.
pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found);
    assert!(found.iter().any(|file| file.path == "src/lib.rs"), "the walk found no src/lib.rs: it is broken");
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<File>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().unwrap();
        let skipped = NOT_OURS.contains(&name.as_str()) || (name.starts_with('.') && !DOTTED.contains(&name.as_str()));
        if skipped {
            continue;
        }
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), found);
        } else if kind.is_file() {
            // What is no text (a database, a built module) is nobody's code.
            found.extend(fs::read_to_string(entry.path()).ok().map(|text| File { path, text }));
        }
    }
}

/// Fails with everything that a rule found in the tree.
pub fn expect_clean(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

/// Every token of a text with its line, groups opened up.
pub fn tokens(stream: TokenStream) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for tree in stream {
        let inner = match &tree {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        };
        flat.push(tree);
        flat.extend(inner.into_iter().flat_map(tokens));
    }
    flat
}
