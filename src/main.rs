//! The command `tieback`.

use std::process::ExitCode;

<<<<<<< HEAD
fn main() -> ExitCode {
    ExitCode::from(tieback::cli::run(std::env::args_os()))
=======
use clap::{Parser, Subcommand};

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
    Rpc,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Rpc => ended(tieback::cli::rpc::serve(io::stdin(), io::stdout().lock())),
    }
}

fn ended(outcome: io::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the answers has gone: nobody is left to be told.
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(cause) => {
            let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("tieback: {cause}\n"));
            ExitCode::FAILURE
        }
    }
>>>>>>> main
}
