//! What the servers in this process said about failures, by the reference that a caller was given.
//!
//! A caller never learns the cause of a failure; a test that tolerates one cause has to.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

/// Begins to listen; with `RUST_LOG` set, the log is also shown beside a failing test.
pub(super) fn open() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off"));
    let shown = fmt::layer().with_test_writer().with_filter(filter);
    // The first test to come installs it for all.
    let causes = Causes.with_filter(LevelFilter::WARN);
    let _ = tracing_subscriber::registry().with(causes).with(shown).try_init();
}

/// Why the failure happened that was answered with this text.
pub(super) fn cause(answer: &str) -> Option<String> {
    let reference = answer.split_once("reference ")?.1.get(..12)?;
    causes().get(reference).cloned()
}

/// Whether a call gave way, with nothing done, because the machine was too busy for the product's
/// time limits: no connection became free, or no lock. A deadlock is neither, and never right.
///
/// Why another process was busy is not known here.
pub(super) fn is_overload(answer: &str) -> bool {
    answer.starts_with("busy: ")
        && cause(answer).is_none_or(|cause| {
            ["pool timed out", "due to lock timeout", "due to statement timeout"]
                .iter()
                .any(|limit| cause.contains(limit))
        })
}

fn causes() -> MutexGuard<'static, HashMap<String, String>> {
    static CAUSES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);
    CAUSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Remembers the cause behind each reference.
struct Causes;

impl<S: Subscriber> Layer<S> for Causes {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        if let (Some(reference), Some(error)) = (said.reference, said.error) {
            causes().insert(reference, error);
        }
    }
}

#[derive(Default)]
struct Said {
    reference: Option<String>,
    error: Option<String>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "reference" => self.reference = Some(value.to_owned()),
            "error" => self.error = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
