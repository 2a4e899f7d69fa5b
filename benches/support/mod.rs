//! What the benchmarks of the queue share: a durable cluster, seeded projects, figures, tables.
//!
//! A benchmark calls the product's own functions against the product's own embedded cluster, with
//! every write forced to disk. It compares things within one run and never fails on a time.

pub(crate) mod cluster;
pub(crate) mod figures;
pub(crate) mod seed;
pub(crate) mod table;

use std::process::ExitCode;

use tokio::runtime::Runtime;

use cluster::Bench;

/// What goes wrong in a benchmark ends it; the text says enough.
pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Runs a benchmark, but only under `cargo bench`: a test runner that lists or runs all targets
/// is answered at once.
pub(crate) fn main<F>(name: &str, measure: impl FnOnce(Bench) -> F) -> ExitCode
where
    F: Future<Output = Outcome<()>>,
{
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let asked = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if !asked("--bench") || asked("--list") || asked("--test") {
        return ExitCode::SUCCESS;
    }
    let done = Runtime::new().map_err(Into::into).and_then(|runtime| {
        runtime.block_on(async {
            let bench = Bench::start(name).await?;
            measure(bench).await
        })
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}
