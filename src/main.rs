//! The `nottario` command.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    // Outgoing TLS is built without a provider of its own. It fails only when one is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    nottario::cli::main()
}
