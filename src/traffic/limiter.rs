//! How often something happens, by key: a token, an address.
//!
//! Counted per process and in memory: a limit protects this process and its database, and is not
//! an account.

use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Counts by key.
pub struct Limiter<K: Clone + Eq + Hash> {
    counts: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    seen: AtomicU32,
}

impl<K: Clone + Eq + Hash> Limiter<K> {
    /// So many each second in the long run, and `burst` at once after a pause.
    #[must_use]
    pub fn per_second(rate: NonZeroU32, burst: NonZeroU32) -> Self {
        Self::new(Quota::per_second(rate).allow_burst(burst))
    }

    /// So many each minute.
    #[must_use]
    pub fn per_minute(rate: NonZeroU32) -> Self {
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
    pub fn count(&self, key: &K) -> Result<(), u64> {
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

impl<K: Clone + Eq + Hash> fmt::Debug for Limiter<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whose the keys are is nobody's business.
        f.write_str("Limiter(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_count_and_is_told_when_to_come_again() {
        let limiter = Limiter::per_minute(NonZeroU32::new(2).unwrap());

        assert!(limiter.count(&"a").is_ok());
        assert!(limiter.count(&"a").is_ok());
        let wait = limiter.count(&"a").unwrap_err();
        assert!((1..=31).contains(&wait), "{wait}");
        assert!(limiter.count(&"b").is_ok());
    }
}
