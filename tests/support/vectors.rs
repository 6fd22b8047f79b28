//! The documented payloads of `tests/vectors`.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// One file.
pub struct Vector {
    pub file: String,
    pub content: Value,
}

impl Vector {
    /// A member that is a text.
    pub fn text(&self, member: &str) -> &str {
        self.content[member].as_str().unwrap_or_else(|| panic!("{} has a text `{member}`", self.file))
    }
}

/// All of them, by name.
pub fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut vectors: Vec<Vector> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| Vector {
            file: path.file_name().unwrap().to_string_lossy().into_owned(),
            content: serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap(),
        })
        .collect();
    vectors.sort_by(|a, b| a.file.cmp(&b.file));
    vectors
}

/// Drops the white space outside strings. Written out, so that no JSON library has a say in order or numbers.
pub fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            let keep = in_string || !c.is_ascii_whitespace();
            if escaped {
                escaped = false;
            } else if c == '"' {
                in_string = !in_string;
            } else {
                escaped = in_string && c == '\\';
            }
            keep
        })
        .collect()
}
