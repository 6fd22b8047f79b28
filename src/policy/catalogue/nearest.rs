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

/// Both in lower case. Spelling finds slips; shared words find what is named otherwise: `equipment` is `Equipment
/// Logs`, and `schedule tasks` may be `Tasks`.
fn likeness(wrong: &str, name: &str) -> f64 {
    let spelling = strsim::normalized_damerau_levenshtein(wrong, name);
    let (wrong, name) = (words(wrong), words(name));
    let shared = wrong.iter().filter(|word| name.contains(word)).count();
    if shared == 0 {
        return spelling;
    }
    // The part of all words that is shared (Sorensen and Dice); never as good as the same spelling.
    let overlap = (2 * shared) as f64 / (wrong.len() + name.len()) as f64;
    spelling.max(0.5 + 0.3 * overlap.min(1.0) + 0.1 * spelling)
}

/// The words of a name in the singular.
fn words(name: &str) -> Vec<String> {
    name.split([' ', '/', '-', '_'])
        .filter(|word| !word.is_empty())
        .map(|word| match word.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => word.trim_end_matches('s').to_owned(),
        })
        .collect()
}
