//! How much one agent may ask for.
//!
//! A limit is never the reason that a right token is refused as wrong.

use std::num::NonZeroU32;

/// The limits of the surface.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls per second and token, in the long run.
    pub calls_per_second: NonZeroU32,
    /// Calls that a token may make at once after a pause.
    pub burst: NonZeroU32,
    /// Requests without a valid token, per minute and address.
    pub failed_tokens_per_minute: NonZeroU32,
    /// The most bytes of a request's body.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls_per_second: per(20),
            burst: per(100),
            failed_tokens_per_minute: per(10),
            body_bytes: 1024 * 1024,
        }
    }
}

impl Limits {
    /// No limit that a test or a benchmark would meet.
    #[must_use]
    pub fn lifted() -> Self {
        let enough = per(1_000_000);
        Self {
            calls_per_second: enough,
            burst: enough,
            failed_tokens_per_minute: enough,
            ..Self::default()
        }
    }
}

const fn per(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}
