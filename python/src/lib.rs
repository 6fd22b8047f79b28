//! The native half of the Python package `tieback`.

use pyo3::prelude::*;

/// Native half.
#[pymodule]
mod _tieback {
    use super::*;
    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
