//! Tests about the code itself: what the compiler does not check and the house holds.
//!
//! Each rule is a pure function from a file's text to what is wrong with it, so that a test can show the rule a bad
//! text as well as the tree.

mod agreement;
mod exports;
mod floors;
mod reach;
mod tree;
mod unsafety;
mod words;
