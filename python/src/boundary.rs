//! Between Python and the library: the GIL is let go around every call, an error becomes its exception, a panic too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use tieback::error::{Error, ErrorKind, Result};
use tieback::wire::own::error_to_json;

use crate::convert::to_python;

/// Makes a call without the GIL.
pub fn detached<T: Send>(
    py: Python<'_>,
    operation: &'static str,
    call: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| guarded(call)).map_err(|error| exception(py, &error.during(operation)))
}

/// Makes a call; a panic in it is an `internal` error. The engine looks after its own state: what it holds when
/// something panics is refused from then on.
pub fn guarded<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        let message = "tieback met a defect of its own: close the engine, open it again, and please report it";
        Err(Error::new(ErrorKind::Internal, message))
    })
}

/// The exception of an error. Its class is defined in Python, so that it has a place in the docs and can be pickled.
pub fn exception(py: Python<'_>, error: &Error) -> PyErr {
    static FROM_ANSWER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = FROM_ANSWER
        .import(py, "tieback._errors", "error_from_answer")
        .and_then(|from_answer| from_answer.call1((to_python(py, &error_to_json(error))?,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}
