//! The native half of the Python package `tieback`: one engine class over plain dicts, lists and texts.
//!
//! Everything a caller sees (models, exceptions, iterators) is Python, in `python/tieback/`. Here a call is converted,
//! made without the GIL, and its answer converted back.

mod answer;
mod boundary;
mod convert;
mod engine;
mod opened;
mod wait;

use pyo3::prelude::*;

/// The native half of `tieback`. Not for use by itself: its functions can change with every version.
#[pymodule]
mod _tieback {
    use super::*;

    #[pymodule_export]
    use super::engine::Engine;

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// The scope with its ids checked, as the texts that every answer has.
    #[pyfunction]
    fn scope(py: Python<'_>, scope: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let scope = convert::read(py, "scope", scope, tieback::wire::own::scope_from_json)?;
        convert::to_python(py, &tieback::wire::own::scope_to_json(&scope))
    }
}
