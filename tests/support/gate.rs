//! A gate at which an endpoint holds its answers.

use std::sync::{Arc, Condvar, Mutex};

use super::rig::SOON;

/// Holds requests at the endpoint until the test lets them go.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// Waits until the gate is open.
    pub fn pass(&self) {
        let (open, changed) = &*self.0;
        let open = open.lock().unwrap();
        // The bound only keeps a failed test from hanging.
        let _ = changed.wait_timeout_while(open, 2 * SOON, |open| !*open).unwrap();
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        let (open, changed) = &*self.0;
        *open.lock().unwrap() = true;
        changed.notify_all();
    }
}
