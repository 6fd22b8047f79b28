//! The catalogue: which resources there are at each level, with which events.
