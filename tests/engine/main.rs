//! The engine from outside: its public face, a real store, real sockets, and a clock that only the test moves.

#[path = "../support/mod.rs"]
mod support;

mod faulty;
mod stage;
mod telling;

mod answers;
mod backoff;
mod late;
mod life;
mod limited;
mod operate;
mod order;
mod payloads;
mod publish;
mod retention;
mod run;
mod secrets;
mod signing;
mod upkeep;
mod watch;
