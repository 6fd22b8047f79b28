//! All lanes of one worker.
