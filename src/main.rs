//! The command `tieback`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(tieback::cli::run(std::env::args_os()))
}
