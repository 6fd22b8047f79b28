//! Plain Python objects to JSON values and back: dicts, lists, texts, numbers, booleans, None. Whole numbers stay
//! exact.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Number, Value};
use tieback::error::{Error, Result};

use crate::boundary::exception;

/// The deepest nesting that is taken, the same as from JSON text. It also ends a list that contains itself.
const MAX_DEPTH: usize = 128;

/// Why an object cannot be taken. A type that JSON has no form for is a `TypeError`, and always the whole call's; a
/// value that it has none for is `invalid_argument`, and may be one item's answer.
pub enum Unfit {
    Type(PyErr),
    Value(Error),
}

impl From<PyErr> for Unfit {
    fn from(error: PyErr) -> Self {
        Self::Type(error)
    }
}

/// Reads an argument: to JSON, and from there to what `parse` makes of it.
pub fn read<T>(
    py: Python<'_>,
    operation: &'static str,
    object: &Bound<'_, PyAny>,
    parse: impl FnOnce(&Value) -> Result<T>,
) -> PyResult<T> {
    read_item(operation, object, parse)?.map_err(|error| exception(py, &error))
}

/// Reads an item of a call on many: a wrong value is that item's answer.
pub fn read_item<T>(
    operation: &'static str,
    object: &Bound<'_, PyAny>,
    parse: impl FnOnce(&Value) -> Result<T>,
) -> PyResult<Result<T>> {
    match value_at("", object, 0) {
        Ok(value) => Ok(parse(&value).map_err(|error| error.during(operation))),
        Err(Unfit::Value(error)) => Ok(Err(error.during(operation))),
        Err(Unfit::Type(error)) => Err(error),
    }
}

fn value_at(path: &str, object: &Bound<'_, PyAny>, depth: usize) -> Result<Value, Unfit> {
    if depth > MAX_DEPTH {
        return Err(refuse(format!("the value is nested deeper than {MAX_DEPTH} levels: give a flatter one")));
    }
    if object.is_none() {
        Ok(Value::Null)
    } else if let Ok(flag) = object.cast::<PyBool>() {
        Ok(Value::Bool(flag.is_true()))
    } else if let Ok(text) = object.cast::<PyString>() {
        text_at(path, text).map(Value::String)
    } else if let Ok(number) = object.cast::<PyInt>() {
        whole(number).ok_or_else(|| {
            refuse(format!("{} has over 64 bits, which JSON numbers do not keep: give it as text", place(path)))
        })
    } else if let Ok(number) = object.cast::<PyFloat>() {
        let double = number.value();
        Number::from_f64(double)
            .map(Value::Number)
            .ok_or_else(|| refuse(format!("{} is {double}: JSON has only finite numbers", place(path))))
    } else if let Ok(members) = object.cast::<PyDict>() {
        members_at(path, members, depth).map(Value::Object)
    } else if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        let mut items = Vec::with_capacity(object.len()?);
        for (index, item) in object.try_iter()?.enumerate() {
            items.push(value_at(&format!("{path}[{index}]"), &item?, depth + 1)?);
        }
        Ok(Value::Array(items))
    } else {
        Err(Unfit::from(PyTypeError::new_err(format!(
            "{} is of type {}: give a str, int, float, bool, None, list, tuple or dict",
            place(path),
            object.get_type().name()?
        ))))
    }
}

fn members_at(path: &str, members: &Bound<'_, PyDict>, depth: usize) -> Result<Map<String, Value>, Unfit> {
    let mut map = Map::new();
    for (name, value) in members {
        let Ok(name) = name.cast::<PyString>() else {
            let came = name.get_type().name()?;
            let message = format!("{} has a key of type {came}: give str keys", place(path));
            return Err(PyTypeError::new_err(message).into());
        };
        let name = text_at(path, name)?;
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        map.insert(name, value_at(&below, &value, depth + 1)?);
    }
    Ok(map)
}

fn text_at(path: &str, text: &Bound<'_, PyString>) -> Result<String, Unfit> {
    // Only a lone surrogate has no UTF-8. Python's own error would repeat the text, which may be secret.
    text.to_cow().map(String::from).map_err(|_| {
        refuse(format!("{} has a lone surrogate, which is no Unicode text: decode it properly first", place(path)))
    })
}

fn refuse(message: String) -> Unfit {
    Unfit::Value(Error::invalid(message))
}

fn whole(number: &Bound<'_, PyInt>) -> Option<Value> {
    let signed = number.extract::<i64>().map(Value::from);
    signed.or_else(|_| number.extract::<u64>().map(Value::from)).ok()
}

fn place(path: &str) -> String {
    if path.is_empty() { "the value".to_owned() } else { format!("`{}`", path.escape_debug()) }
}

/// A JSON value as a Python object.
pub fn to_python(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::Null => py.None(),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any().unbind(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(signed), _) => signed.into_pyobject(py)?.into_any().unbind(),
            (None, Some(unsigned)) => unsigned.into_pyobject(py)?.into_any().unbind(),
            (None, None) => number.as_f64().into_pyobject(py)?.into_any().unbind(),
        },
        Value::String(text) => PyString::new(py, text).into_any().unbind(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(to_python(py, item)?)?;
            }
            list.into_any().unbind()
        }
        Value::Object(members) => {
            let dict = PyDict::new(py);
            for (name, member) in members {
                dict.set_item(name, to_python(py, member)?)?;
            }
            dict.into_any().unbind()
        }
    })
}
