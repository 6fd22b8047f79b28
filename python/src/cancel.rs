//! Cancel tokens: one that Python holds, and the one of a call, which Ctrl-C requests too.

use pyo3::prelude::*;
use tieback::error::Result;
use tieback::time::Cancel as CoreCancel;

/// A token that ends the calls which carry it.
#[pyclass(frozen, module = "tieback._tieback")]
#[derive(Default)]
pub struct Cancel(CoreCancel);

#[pymethods]
impl Cancel {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn request(&self, py: Python<'_>) {
        py.detach(|| self.0.request());
    }

    #[getter]
    fn requested(&self) -> bool {
        self.0.is_requested()
    }
}

/// What ends one call: the caller's token if there is one, or Ctrl-C.
#[derive(Clone, Default)]
pub struct Ending {
    given: Option<CoreCancel>,
    /// Ctrl-C came. The caller's token is not requested by it: other calls may carry that too.
    pub interrupt: CoreCancel,
}

impl Ending {
    /// That of a call which was given this token.
    pub fn of(given: Option<&Bound<'_, Cancel>>) -> Self {
        Self { given: given.map(|given| given.get().0.clone()), interrupt: CoreCancel::new() }
    }

    /// Makes a call with a token that both request.
    pub fn carry<T>(&self, call: impl FnOnce(&CoreCancel) -> Result<T>) -> Result<T> {
        let _listening = self.given.as_ref().map(|given| {
            let interrupt = self.interrupt.clone();
            given.listen(move || interrupt.request())
        });
        call(&self.interrupt)
    }
}
