//! Calls of the C ABI in whatever order and with whatever arguments the bytes say, as C would make them, beside a model
//! that knows what each must answer: handles live, closed, of the wrong kind, made up and NULL; structs of wrong sizes;
//! texts that are none; objects read and freed in any order; two engines on one file; flat calls in small buffers.
//!
//! What the header leaves undefined is not done: freeing an object twice, or reading it after that.

pub mod c;
mod given;
mod house;
mod objects;

use std::collections::BTreeSet;
use std::ptr;

use given::Bytes;
use house::House;

/// `tieback_status`, as far as the model expects one.
pub mod status {
    pub const OK: i32 = 0;
    pub const INVALID_ARGUMENT: i32 = 1;
    pub const NOT_FOUND: i32 = 40;
    pub const CONFLICT: i32 = 41;
    pub const CLOSED: i32 = 120;
    pub const INTERNAL: i32 = 200;
}

/// More steps than that say nothing new.
const MOST_STEPS: usize = 200;

pub fn run(data: &[u8]) -> String {
    let mut bytes = Bytes::new(data);
    let mut house = House::new();
    let mut seen = BTreeSet::new();
    for _ in 0..MOST_STEPS {
        let Some(which) = bytes.next() else { break };
        seen.insert(house.step(which, &mut bytes));
    }
    house.end();
    seen.into_iter().collect::<Vec<_>>().join(" ")
}

/// A call's two places, which are full of something else before.
pub struct Places {
    pub out: c::Any,
    pub error: c::Any,
}

impl Places {
    pub fn new() -> Self {
        let something = ptr::without_provenance_mut(0x5a5a);
        Self { out: something, error: something }
    }

    /// What came of a call that must answer this: its result, when it has one. Without `with_error`, it had no place
    /// for the error.
    pub fn check(self, what: &str, status: i32, expected: i32, with_error: bool) -> Option<c::Any> {
        let told = if with_error { given::text(c::tieback_error_message(self.error)) } else { String::new() };
        assert_eq!(status, expected, "{what}: {told}");
        if with_error {
            assert_eq!(self.error.is_null(), status == status::OK, "{what}");
            assert_eq!(c::tieback_error_status(self.error), status, "{what}");
            assert!(status == status::OK || !told.is_empty(), "{what}");
            assert!(!told.contains(house::SECRET), "{what}: {told}");
            let json = c::tieback_error_to_json(self.error);
            assert_eq!(json.is_null(), status == status::OK, "{what}");
            c::tieback_error_free(self.error);
        }
        (status == status::OK).then_some(self.out)
    }
}
