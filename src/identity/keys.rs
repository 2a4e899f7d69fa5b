//! What is derived from `SESSION_KEY`.
//!
//! Each use has a key of its own, so that a value made for one can never pass for another. The
//! configured key is uniformly random, so one HMAC with a label is all that the derivation takes.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::Secret;

/// The keys of an instance, all from its `SESSION_KEY`: another key, and nothing made before holds.
#[derive(Clone, Debug)]
pub struct SessionKeys {
    pub(super) sessions: Secret<[u8; 32]>,
    pub(super) seals: Secret<[u8; 32]>,
}

impl SessionKeys {
    /// Derives them from the configured key.
    #[must_use]
    pub fn derive(session_key: &Secret<[u8; 32]>) -> Self {
        let derived = |label: &[u8]| Secret::new(keyed_hash(session_key, label));
        Self { sessions: derived(b"nottario sessions 1"), seals: derived(b"nottario seals 1") }
    }
}

/// The HMAC-SHA256 of a text under a key.
pub(super) fn keyed_hash(key: &Secret<[u8; 32]>, text: &[u8]) -> [u8; 32] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_use_and_each_session_key_has_keys_of_its_own_that_never_print() {
        let of = |byte| SessionKeys::derive(&Secret::new([byte; 32]));
        let (one, other) = (of(1), of(2));

        assert_ne!(one.sessions, one.seals);
        assert_ne!(one.sessions, other.sessions);
        assert_ne!(one.seals, other.seals);
        assert_eq!(one.sessions, of(1).sessions);
        assert!(!format!("{one:?}").contains(&format!("{:?}", one.seals.expose())));
    }
}
