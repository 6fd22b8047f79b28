//! Answers whose parts are bytes: JSON has none, Python has.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use serde_json::Value;
use tieback::types::{Delivery, Page};
use tieback::wire::own::delivery_to_json;

use crate::convert::to_python;

/// A page of items that are JSON.
pub fn page<T>(py: Python<'_>, page: &Page<T>, item: impl Fn(&T) -> Value) -> PyResult<Py<PyAny>> {
    page_of(py, page, |one| to_python(py, &item(one)))
}

/// A page of deliveries.
pub fn deliveries(py: Python<'_>, page: &Page<Delivery>) -> PyResult<Py<PyAny>> {
    page_of(py, page, |one| delivery(py, one))
}

fn page_of<T>(py: Python<'_>, page: &Page<T>, item: impl Fn(&T) -> PyResult<Py<PyAny>>) -> PyResult<Py<PyAny>> {
    let items = PyList::empty(py);
    for one in &page.items {
        items.append(item(one)?)?;
    }
    let answer = PyDict::new(py);
    answer.set_item("items", items)?;
    answer.set_item("next", page.next.as_ref().map(|next| next.as_str()))?;
    Ok(answer.into_any().unbind())
}

/// A delivery, its payload and the bodies of its answers byte for byte.
fn delivery(py: Python<'_>, delivery: &Delivery) -> PyResult<Py<PyAny>> {
    let answer = to_python(py, &delivery_to_json(delivery))?;
    let members = answer.bind(py);
    members.set_item("payload", PyBytes::new(py, &delivery.payload))?;
    for (made, attempt) in members.get_item("attempts")?.try_iter()?.zip(&delivery.attempts) {
        made?.set_item("response_body", PyBytes::new(py, &attempt.response_body))?;
    }
    Ok(answer)
}
