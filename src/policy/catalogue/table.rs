//! Reading a catalogue from CSV.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Levels, has_word};
use crate::error::{Error, Result, shown};
use crate::types::Resource;

const COLUMNS: [&str; 7] = ["level", "resource_name", "create", "update", "delete", "deprecated_events", "note"];

pub(super) fn read(text: &str) -> Result<Levels> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|cause| malformed(&cause))?;
    if header.iter().ne(COLUMNS) {
        return Err(Error::invalid(format!(
            "line 1 of the catalogue has the columns `{}`: they must be {}",
            shown(&header.iter().collect::<Vec<_>>().join(",")),
            COLUMNS.join(",")
        )));
    }
    let mut levels = Levels::default();
    for record in reader.records() {
        let record = record.map_err(|cause| malformed(&cause))?;
        let line = record.position().map_or(0, csv::Position::line);
        add(&mut levels, &record).map_err(|wrong| Error::invalid(format!("line {line} of the catalogue: {wrong}")))?;
    }
    Ok(levels)
}

/// `csv` names the line itself, and nothing of the content.
fn malformed(cause: &csv::Error) -> Error {
    Error::invalid(format!("the catalogue does not parse: {cause}"))
}

/// The error says what is wrong with the line.
fn add(levels: &mut Levels, record: &StringRecord) -> Result<(), String> {
    let [level, name, create, update, delete, deprecated, note] = std::array::from_fn(|column| &record[column]);
    let resources = match level {
        "company" => &mut levels.company,
        "project" => &mut levels.project,
        other => return Err(format!("level `{}` is unknown: use company or project", shown(other))),
    };
    if name.is_empty() {
        return Err("resource_name is empty".to_owned());
    }
    if resources.keys().any(|other| other.eq_ignore_ascii_case(name)) {
        return Err(format!("`{}` is there twice at the {level} level", shown(name)));
    }
    let mut event_types = Vec::new();
    for (event, cell) in [("create", create), ("update", update), ("delete", delete)] {
        match cell {
            "true" => event_types.push(event.to_owned()),
            "false" => {}
            other => return Err(format!("{event} is `{}`: use true or false", shown(other))),
        }
    }
    let deprecated_event_types: Vec<String> =
        deprecated.split([' ', ';']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if let Some(stray) = deprecated_event_types.iter().find(|event| !has_word(&event_types, event)) {
        return Err(format!("deprecated event `{}` is none of the resource's events", shown(stray)));
    }
    let resource = Resource { name: name.to_owned(), event_types, deprecated_event_types, note: note.to_owned() };
    resources.insert(name.to_owned(), resource);
    Ok(())
}
