//! Reading a JSON object strictly: members are taken one by one, and none may be left over.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Error, Result, shown};
use crate::types::Id;

/// The members of one object of the input. Every method that reads one returns `None` when it is absent or null.
pub struct Members<'a> {
    /// Where the object is in the input: empty for the input itself, else such as `metadata`.
    path: String,
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Members<'a> {
    /// The input itself.
    ///
    /// # Errors
    /// `invalid_argument` when it is no object.
    pub fn of(input: &'a Value) -> Result<Self> {
        Self::at(String::new(), input)
    }

    /// An object inside the input.
    ///
    /// # Errors
    /// `invalid_argument` when it is no object.
    pub fn at(path: String, value: &'a Value) -> Result<Self> {
        match value {
            Value::Object(object) => Ok(Self { path, object, known: Vec::new() }),
            _ => Err(wrong_type(&path, value, "an object")),
        }
    }

    /// The member as it is, null included.
    pub fn raw(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name)
    }

    /// A member that `read` turns into something, given its path.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str, &'a Value) -> Result<T>,
    ) -> Result<Option<T>> {
        match self.raw(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(&self.path_of(name), value).map(Some),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// `invalid_argument` for another type.
    pub fn text(&mut self, name: &'static str) -> Result<Option<&'a str>> {
        self.read(name, text)
    }

    /// A list of texts.
    ///
    /// # Errors
    /// `invalid_argument` for another type.
    pub fn texts(&mut self, name: &'static str) -> Result<Option<Vec<&'a str>>> {
        self.read(name, |path, value| list(path, value, |path, value| text(&path, value)))
    }

    /// A text that `parse` checks; its error is given the member's path.
    ///
    /// # Errors
    /// `invalid_argument` for another type; those of `parse`.
    pub fn parsed<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T>) -> Result<Option<T>> {
        self.read(name, |path, value| parse(text(path, value)?).map_err(|error| within(path, error)))
    }

    /// A list of texts that `parse` checks; its error is given the item's path.
    ///
    /// # Errors
    /// As for [`Members::parsed`].
    pub fn each_parsed<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Result<T>) -> Result<Option<Vec<T>>> {
        let item = |path: String, value| parse(text(&path, value)?).map_err(|error| within(&path, error));
        self.read(name, |path, value| list(path, value, item))
    }

    /// An id: a text, or a whole number.
    ///
    /// # Errors
    /// `invalid_argument` for another type.
    pub fn id(&mut self, name: &'static str) -> Result<Option<Id>> {
        self.read(name, id)
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// `invalid_argument` for another type.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>> {
        self.read(name, |path, value| value.as_bool().ok_or_else(|| wrong_type(path, value, "true or false")))
    }

    /// A whole number of 32 bits.
    ///
    /// # Errors
    /// `invalid_argument` for another type or number.
    pub fn whole32(&mut self, name: &'static str) -> Result<Option<u32>> {
        self.read(name, |path, value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| wrong_type(path, value, "a whole number from 0 to 4294967295"))
        })
    }

    /// A span in whole milliseconds.
    ///
    /// # Errors
    /// `invalid_argument` for another type or number.
    pub fn millis(&mut self, name: &'static str) -> Result<Option<Duration>> {
        self.read(name, |path, value| {
            let millis = value.as_u64().map(Duration::from_millis);
            millis.ok_or_else(|| wrong_type(path, value, "a whole number of milliseconds"))
        })
    }

    /// A number, which may have a fraction.
    ///
    /// # Errors
    /// `invalid_argument` for another type.
    pub fn fraction(&mut self, name: &'static str) -> Result<Option<f64>> {
        self.read(name, |path, value| value.as_f64().ok_or_else(|| wrong_type(path, value, "a number")))
    }

    /// A list of which each item is read by itself: an item that cannot be read is its own error.
    ///
    /// # Errors
    /// `invalid_argument` when it is no list, or has more than `most` items.
    pub fn each<T>(
        &mut self,
        name: &'static str,
        most: usize,
        read: impl Fn(&Value) -> Result<T>,
    ) -> Result<Option<Vec<Result<T>>>> {
        self.read(name, |path, value| each_of(path, name, value, most, &read))
    }

    /// Insists on a member.
    ///
    /// # Errors
    /// `invalid_argument` when it is absent.
    pub fn need<T>(&self, name: &str, expected: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Error::invalid(format!("member `{}` is missing: give {expected}", self.path_of(name))))
    }

    /// Insists that no member is left over. Nothing is taken back: call it last.
    ///
    /// # Errors
    /// `invalid_argument` that names the unknown member, and those that are known here.
    pub fn end(&mut self) -> Result<()> {
        match self.object.keys().find(|name| !self.known.contains(&name.as_str())) {
            None => Ok(()),
            Some(unknown) => Err(Error::invalid(format!(
                "member `{}` is unknown: known here are {}",
                shown(&self.path_of(unknown)),
                self.known.join(", ")
            ))),
        }
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// The items of a list, each with its path.
///
/// # Errors
/// `invalid_argument` when it is no list; those of `read`.
pub(super) fn list<'a, T>(
    path: &str,
    value: &'a Value,
    read: impl Fn(String, &'a Value) -> Result<T>,
) -> Result<Vec<T>> {
    let items = value.as_array().ok_or_else(|| wrong_type(path, value, "a list"))?;
    items.iter().enumerate().map(|(index, item)| read(format!("{path}[{index}]"), item)).collect()
}

pub(super) fn text<'a>(path: &str, value: &'a Value) -> Result<&'a str> {
    value.as_str().ok_or_else(|| wrong_type(path, value, "a text"))
}

/// An id is kept as written; whether it is usable is for the operation to say.
pub(super) fn id(path: &str, value: &Value) -> Result<Id> {
    match value {
        Value::String(text) => Ok(Id::new(text.as_str())),
        Value::Number(number) if !number.is_f64() => Ok(Id::new(number.to_string())),
        _ => Err(wrong_type(path, value, "an id: a text or a whole number")),
    }
}

/// The same error, saying at which member of the input.
pub(crate) fn within(path: &str, error: Error) -> Error {
    if path.is_empty() {
        return error;
    }
    Error::new(error.kind(), format!("member `{path}`: {}", error.message()))
}

/// Reads a list that stands alone, each item by itself: an item that cannot be read is its own error.
///
/// # Errors
/// `invalid_argument`, which calls it `what`, when it is no list, or has more than `most` items.
pub fn list_from_json<T>(
    what: &str,
    most: usize,
    read: impl Fn(&Value) -> Result<T>,
    input: &Value,
) -> Result<Vec<Result<T>>> {
    each_of(what, what, input, most, read)
}

fn each_of<T>(
    path: &str,
    name: &str,
    value: &Value,
    most: usize,
    read: impl Fn(&Value) -> Result<T>,
) -> Result<Vec<Result<T>>> {
    let items = value.as_array().ok_or_else(|| wrong_type(path, value, "a list"))?;
    if items.len() > most {
        let count = items.len();
        return Err(Error::invalid(format!("{count} {name} are too many for one call: give at most {most}")));
    }
    Ok(items.iter().map(read).collect())
}

/// Names the type that came, and of numbers the value. Texts are not repeated: they may be secret.
pub(super) fn wrong_type(path: &str, value: &Value, expected: &str) -> Error {
    let came = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    if path.is_empty() {
        Error::invalid(format!("the input is {came}: give {expected}"))
    } else {
        Error::invalid(format!("member `{path}` is {came}: give {expected}"))
    }
}
