//! The program: parse the command, run it, and say what went wrong.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use postern::cli::{Cli, run};
use postern::delivery::tls::choose_provider;

#[actix_web::main]
async fn main() -> ExitCode {
    choose_provider();
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // If standard error is closed there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "postern: {fault}");
            ExitCode::FAILURE
        }
    }
}
