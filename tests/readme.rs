//! README shows code that works: each of its snippets stands, line for line, in an example that the tests run.

use std::fs;
use std::path::Path;

#[test]
fn every_snippet_of_readme_is_part_of_an_example_that_is_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).expect(path);
    let readme = read("README.md");
    for (language, example) in [("c", "examples/c/quickstart.c"), ("python", "examples/python/quickstart.py")] {
        let snippets: Vec<&str> =
            readme.split(&format!("```{language}\n")).skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!snippets.is_empty(), "README has no {language} snippet");
        for snippet in snippets {
            assert!(read(example).contains(snippet), "this is not in {example} as it stands:\n{snippet}");
        }
        assert!(readme.contains(example), "README does not name {example}");
    }
}
