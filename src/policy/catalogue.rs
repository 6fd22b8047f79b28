//! The catalogue: which resources there are at each level, with which events.

use std::collections::BTreeMap;

use crate::error::{Error, Result, shown};
use crate::types::{Level, Resource, TriggerCreate};

mod nearest;
mod table;

/// The catalogue that is built in: company and project resources as a sandbox answered them.
const BUILTIN: &str = include_str!("../../data/webhook-resources.csv");

/// Which resources there are at each level, with which events. Names are exact; events compare without case.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// `None` accepts everything.
    levels: Option<Levels>,
}

/// Resources by name.
type Resources = BTreeMap<String, Resource>;

#[derive(Clone, Debug, Default)]
struct Levels {
    company: Resources,
    project: Resources,
}

impl Levels {
    fn of(&self, level: Level) -> &Resources {
        match level {
            Level::Company => &self.company,
            Level::Project => &self.project,
        }
    }
}

impl Catalogue {
    /// The one that is built in.
    pub fn builtin() -> Self {
        Self::from_csv(BUILTIN).expect("the built-in table parses: it is part of the source, and tests read it")
    }

    /// Reads a table with the columns `level`, `resource_name`, `create`, `update`, `delete`, `deprecated_events`
    /// (separated by blanks or `;`) and `note`.
    ///
    /// # Errors
    /// `invalid_argument` with the line.
    pub fn from_csv(text: &str) -> Result<Self> {
        Ok(Self { levels: Some(table::read(text)?) })
    }

    /// Accepts every resource and event, and lists none.
    pub fn accept_any() -> Self {
        Self { levels: None }
    }

    /// The one that options ask for: a table of their own, everything, or else the built-in one.
    ///
    /// # Errors
    /// `invalid_argument` for both, and with the line for a table that cannot be read.
    pub fn chosen(csv: Option<&str>, accept_any: bool) -> Result<Self> {
        match (csv, accept_any) {
            (None, false) => Ok(Self::builtin()),
            (None, true) => Ok(Self::accept_any()),
            (Some(csv), false) => Self::from_csv(csv),
            (Some(_), true) => {
                Err(Error::invalid("catalogue_csv and catalogue_accept_any are both given: give one of them"))
            }
        }
    }

    /// Whether a hook of this level can have the trigger.
    ///
    /// # Errors
    /// `invalid_argument`: no such resource at this level (with the nearest names, or the level it belongs to), no such
    /// event, or one that no longer fires.
    pub fn check_trigger(&self, level: Level, trigger: &TriggerCreate) -> Result<()> {
        let Some(levels) = &self.levels else { return Ok(()) };
        let (name, event_type) = (&trigger.resource_name, &trigger.event_type);
        let resource = levels.of(level).get(name).ok_or_else(|| {
            let place = match level {
                Level::Company => "it never fires on a company hook; use a hook of the project",
                Level::Project => "it never fires on a project hook; use a hook of the company",
            };
            levels.unknown(level, name, place)
        })?;
        if deprecates(resource, event_type) {
            return Err(Error::invalid(format!(
                "`{name}` no longer fires `{event_type}`: {}",
                if resource.note.is_empty() { "the event is deprecated" } else { &resource.note }
            )));
        }
        if !has_word(&resource.event_types, event_type) {
            let offered: Vec<&str> =
                resource.event_types.iter().map(String::as_str).filter(|event| !deprecates(resource, event)).collect();
            return Err(Error::invalid(format!(
                "`{name}` has no event `{}`: it has {}",
                shown(event_type),
                offered.join(", ")
            )));
        }
        Ok(())
    }

    /// Whether an event of this resource can be published at this level. The event type is free: payload v4.0 has more
    /// of them than triggers do.
    ///
    /// # Errors
    /// `invalid_argument`: no such resource at this level.
    pub fn check_event(&self, level: Level, resource_name: &str) -> Result<()> {
        match &self.levels {
            Some(levels) if !levels.of(level).contains_key(resource_name) => {
                let place = match level {
                    Level::Company => "its events belong to a project; give the project_id",
                    Level::Project => "its events belong to no project; leave out the project_id",
                };
                Err(levels.unknown(level, resource_name, place))
            }
            _ => Ok(()),
        }
    }

    /// Whether the resource's event no longer fires.
    pub fn is_deprecated(&self, level: Level, resource_name: &str, event_type: &str) -> bool {
        let resource = self.levels.as_ref().and_then(|levels| levels.of(level).get(resource_name));
        resource.is_some_and(|resource| deprecates(resource, event_type))
    }

    /// The resources of a level, by name.
    pub fn list(&self, level: Level) -> Vec<Resource> {
        self.levels.as_ref().map(|levels| levels.of(level).values().cloned().collect()).unwrap_or_default()
    }
}

impl Levels {
    /// What to say of a name that is not in the catalogue at this level; `place` says where it would be right if it is
    /// one of the other level.
    fn unknown(&self, level: Level, name: &str, place: &str) -> Error {
        let other = level.other();
        if self.of(other).contains_key(name) {
            return Error::invalid(format!("`{name}` is a {other}-level resource: {place}"));
        }
        let here = nearest::names(name, self.of(level).keys());
        let there = nearest::names(name, self.of(other).keys());
        let quoted = |names: &[nearest::Near<'_>]| {
            let quoted: Vec<String> = names.iter().map(|near| format!("`{}`", near.name)).collect();
            quoted.join(", ")
        };
        let advice = match (here.first(), there.first()) {
            (Some(mine), Some(others)) if others.likeness <= mine.likeness => {
                format!("did you mean {}?", quoted(&here))
            }
            (Some(_), None) => format!("did you mean {}?", quoted(&here)),
            (_, Some(_)) => format!("did you mean {}? That is {other}-level: {place}", quoted(&there[..1])),
            (None, None) => "list the resources to see what there is".to_owned(),
        };
        Error::invalid(format!(
            "`{}` is no {level}-level resource (names are exact, capitals included): {advice}",
            shown(name)
        ))
    }
}

fn deprecates(resource: &Resource, event_type: &str) -> bool {
    has_word(&resource.deprecated_event_types, event_type)
}

fn has_word(words: &[String], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}
