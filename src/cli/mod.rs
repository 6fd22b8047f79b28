//! The command `tieback`: of the program, and of the Python package, which has the same.

mod log;
pub mod rpc;

use std::ffi::OsString;
use std::io;

use clap::{Parser, Subcommand};

use crate::report::LogLevel;

/// Manage, send and receive Procore webhooks.
#[derive(Parser)]
#[command(name = "tieback", version, about, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Do operations that come as JSON lines on standard input; answers go to standard output
    ///
    /// A request is one line: {"id": 1, "operation": "engine_open", "input": {"path": "hooks.db"}}. Its answer is one
    /// line too: {"id":1,"result":{"handle":1}}, or {"id":1,"error":{...}}. Every further request names the handle. At
    /// the end of the input, and on SIGINT, SIGTERM and SIGHUP, engines that are still open are stopped and closed.
    /// docs/operations.md has all operations; {"operation": "operations"} lists them.
    Rpc {
        /// Write log lines to standard error, as JSON: error, warn, info or debug
        #[arg(long, value_name = "LEVEL", value_parser = level)]
        log: Option<LogLevel>,
    },
}

fn level(word: &str) -> Result<LogLevel, String> {
    LogLevel::parse(word).map_err(|error| error.message().to_owned())
}

/// Runs the command with these arguments, the program's name first, on this process's standard streams. Gives the exit
/// code: 0, 1 when reading or writing failed, 2 for arguments that it does not know.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match Arguments::try_parse_from(arguments) {
        Ok(Arguments { command: Command::Rpc { log } }) => ended(rpc::serve(io::stdin(), io::stdout().lock(), log)),
        Err(told) => {
            // Help and version come this way too. Whoever was to read them may have gone.
            let _ = told.print();
            u8::try_from(told.exit_code()).unwrap_or(2)
        }
    }
}

fn ended(outcome: io::Result<()>) -> u8 {
    match outcome {
        Ok(()) => 0,
        // Whoever read the answers has gone: nobody is left to be told.
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(cause) => {
            let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("tieback: {cause}\n"));
            1
        }
    }
}
