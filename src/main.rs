//! The one binary: reads the command line, and runs one command.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    trellis::commands::run().await
}
