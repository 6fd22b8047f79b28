//! The names that somebody who wrote a wrong one may have meant.

/// A name, and how like the wrong one it is: 1 but for capitals, 0 not at all.
pub(super) struct Near<'a> {
    pub name: &'a str,
    pub likeness: f64,
}

/// The most names that are offered.
const OFFERED: usize = 3;
/// Less likeness than this is chance.
const LEAST: f64 = 0.6;

/// Up to three names that are like the wrong one, best first.
pub(super) fn names<'a>(wrong: &str, known: impl Iterator<Item = &'a String>) -> Vec<Near<'a>> {
    let wrong = wrong.to_lowercase();
    let mut near: Vec<Near<'a>> = known
        .map(|name| Near { name, likeness: likeness(&wrong, &name.to_lowercase()) })
        .filter(|near| near.likeness >= LEAST)
        .collect();
    near.sort_by(|a, b| b.likeness.total_cmp(&a.likeness));
    // Right but for its capitals: nothing else was meant.
    let exact = near.iter().any(|near| near.likeness >= 1.0);
    near.truncate(if exact { 1 } else { OFFERED });
    near
}

/// Both in lower case. A name that begins with the wrong one at a word's end, or has it as its last word, is like it
/// however long it is: `equipment` for `Equipment Logs`, `checklists` for `Inspection Checklists`.
fn likeness(wrong: &str, name: &str) -> f64 {
    let spelling = strsim::normalized_damerau_levenshtein(wrong, name);
    let stem = wrong.trim_end_matches('s');
    let begins = !stem.is_empty()
        && name
            .strip_prefix(stem)
            .is_some_and(|rest| rest.trim_start_matches('s').starts_with([' ', '/']) || rest == "s");
    let ends =
        !stem.is_empty() && name.trim_end_matches('s').strip_suffix(stem).is_some_and(|rest| rest.ends_with(' '));
    if begins || ends { spelling.max(0.7) } else { spelling }
}
