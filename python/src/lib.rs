//! The native half of the Python package `tieback`: one engine class over plain dicts, lists and texts.
//!
//! Everything a caller sees (models, exceptions, iterators) is Python, in `python/tieback/`. Here a call is converted,
//! made without the GIL, and its answer converted back.

mod answer;
mod boundary;
mod cancel;
mod convert;
mod engine;
mod opened;
mod report;
mod wait;

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// The native half of `tieback`. Not for use by itself: its functions can change with every version.
#[pymodule]
mod _tieback {
    use super::*;
    use crate::cancel::Ending;

    #[pymodule_export]
    use super::cancel::Cancel;

    #[pymodule_export]
    use super::engine::Engine;

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Objects are kept for the whole process (the class of errors), so one interpreter has the module. Python refuses
    /// a second one itself from 3.12 on.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        static HOME: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
        let py = module.py();
        let sys = py.import("sys")?;
        if HOME.get_or_init(py, || sys.clone().unbind()).is(&sys) {
            return Ok(());
        }
        Err(PyImportError::new_err(
            "tieback does not support loading in subinterpreters: import it in the interpreter that has it, or in a \
             process of its own",
        ))
    }

    /// Runs the command `tieback` with these arguments, the program's name first, and gives its exit code.
    #[pyfunction]
    fn command(py: Python<'_>, arguments: Vec<OsString>) -> PyResult<u8> {
        boundary::detached(py, "command", || Ok(tieback::cli::run(arguments)))
    }

    /// What the library is made of.
    #[pyfunction]
    fn build_info(py: Python<'_>) -> PyResult<Py<PyAny>> {
        convert::to_python(py, &tieback::build_info::BuildInfo::present().to_json())
    }

    /// The event in a payload of any version.
    #[pyfunction]
    fn event_parse(py: Python<'_>, payload: Vec<u8>) -> PyResult<Py<PyAny>> {
        let event = boundary::detached(py, "event_parse", || tieback::wire::payload::parse(&payload))?;
        convert::to_python(py, &tieback::wire::own::event_to_json(&event))
    }

    /// Makes a store from a backup.
    #[pyfunction]
    fn restore(py: Python<'_>, backup: PathBuf, path: PathBuf, replace: bool) -> PyResult<Py<PyAny>> {
        let call = move || tieback::engine::Engine::restore(&backup, &path, replace);
        let restored = wait::on_a_thread(py, "restore", &Ending::default(), call)?;
        convert::to_python(py, &tieback::wire::own::restored_to_json(&restored))
    }

    /// The scope with its ids checked, as the texts that every answer has.
    #[pyfunction]
    fn scope(py: Python<'_>, scope: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let scope = convert::read(py, "scope", scope, tieback::wire::own::scope_from_json)?;
        convert::to_python(py, &tieback::wire::own::scope_to_json(&scope))
    }
}
