//! The C ABI. A door: it converts, makes one call, converts back. `include/tieback.h` is made from these files, in the
//! order in which they are declared here.

mod boundary;
mod version;

pub use version::{tieback_abi_version, tieback_version};
