//! How much one caller may ask for.
//!
//! Counted per process and in memory: a limit protects this process and its database, and is not
//! an account. A limit is never the reason that a right token is refused as wrong.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

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

/// Counts by key.
pub(super) struct Limiter<K: Clone + Eq + Hash> {
    counts: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    seen: AtomicU32,
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    pub(super) fn per_second(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::new(Quota::per_second(rate).allow_burst(burst))
    }

    pub(super) fn per_minute(rate: NonZeroU32) -> Self {
        Self::new(Quota::per_minute(rate))
    }

    fn new(quota: Quota) -> Self {
        Self {
            counts: RateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            seen: AtomicU32::new(0),
        }
    }

    /// Counts one; when that is one too many, the whole seconds after which to come again.
    pub(super) fn count(&self, key: &K) -> Result<(), u64> {
        /// Often enough that forgotten addresses do not pile up.
        const SWEEP_EVERY: u32 = 4096;
        if self.seen.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.counts.retain_recent();
            self.counts.shrink_to_fit();
        }
        self.counts.check_key(key).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            // Rounded up: a client that comes a moment too early would be refused again.
            wait.as_secs() + 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_count_and_is_told_when_to_come_again() {
        let limiter = Limiter::per_minute(per(2));

        assert!(limiter.count(&"a").is_ok());
        assert!(limiter.count(&"a").is_ok());
        let wait = limiter.count(&"a").unwrap_err();
        assert!((1..=31).contains(&wait), "{wait}");
        assert!(limiter.count(&"b").is_ok());
    }
}
