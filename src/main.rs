//! The `nottario` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    nottario::cli::main()
}
