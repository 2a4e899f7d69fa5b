//! Values that a browser keeps for us, sealed: it can neither read nor change them, and they expire.
//!
//! A value's type names its purpose, and the purpose is bound into the seal: what was sealed for
//! one purpose never opens as another, even where two types look alike.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use chrono::{DateTime, TimeDelta, Utc};
use rand::TryRng as _;
use rand::rngs::SysRng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys::SessionKeys;
use crate::error::{Error, Result};

/// What can be sealed.
pub trait Sealable: Serialize + DeserializeOwned {
    /// What it is for; unique among all that is sealed, and never changed.
    const PURPOSE: &'static str;
    /// After so long it does not open any more.
    const LASTS: TimeDelta;
}

/// Browsers keep no cookie that is longer, and nothing of ours comes near.
const LONGEST: usize = 4096;

/// Long enough to be drawn at random for every seal.
const NONCE: usize = 24;

#[derive(Serialize, Deserialize)]
struct Content<T> {
    until: i64,
    value: T,
}

impl SessionKeys {
    /// Seals a value, as text for a cookie or an address.
    pub fn seal<T: Sealable>(&self, value: &T, now: DateTime<Utc>) -> Result<String> {
        let content = Content { until: (now + T::LASTS).timestamp(), value };
        let content = serde_json::to_vec(&content).map_err(Error::internal)?;
        let mut nonce = [0; NONCE];
        SysRng.try_fill_bytes(&mut nonce).map_err(Error::internal)?;
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload::<T>(&content))
            .map_err(|_| Error::internal("a value is too long to be sealed"))?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for this purpose under this key, unless it has expired.
    #[must_use]
    pub fn unseal<T: Sealable>(&self, text: &str, now: DateTime<Utc>) -> Option<T> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let content = self.cipher().decrypt(&XNonce::from(nonce), payload::<T>(sealed)).ok()?;
        let content: Content<T> = serde_json::from_slice(&content).ok()?;
        (now.timestamp() < content.until).then_some(content.value)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.seals.expose().into())
    }
}

fn payload<T: Sealable>(msg: &[u8]) -> Payload<'_, '_> {
    Payload { msg, aad: T::PURPOSE.as_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note(String);

    impl Sealable for Note {
        const PURPOSE: &'static str = "note";
        const LASTS: TimeDelta = TimeDelta::minutes(10);
    }

    /// Looks the same and is for something else.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Order(String);

    impl Sealable for Order {
        const PURPOSE: &'static str = "order";
        const LASTS: TimeDelta = TimeDelta::minutes(10);
    }

    fn keys(byte: u8) -> SessionKeys {
        SessionKeys::derive(&Secret::new([byte; 32]))
    }

    fn noon() -> DateTime<Utc> {
        "2030-06-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_sealed_value_opens_until_it_expires_and_shows_nothing() {
        let note = Note("the spare key is below the mat".to_owned());

        let sealed = keys(1).seal(&note, noon()).unwrap();
        let again = keys(1).seal(&note, noon()).unwrap();

        assert!(!sealed.contains("spare") && sealed != again);
        let opened = |minutes, seconds| {
            let at = noon() + TimeDelta::minutes(minutes) + TimeDelta::seconds(seconds);
            keys(1).unseal::<Note>(&sealed, at)
        };
        assert_eq!(opened(0, 0), Some(Note(note.0.clone())));
        assert!(opened(9, 59).is_some());
        assert!(opened(10, 0).is_none());
    }

    #[test]
    fn neither_another_key_nor_another_purpose_opens_it() {
        let sealed = keys(1).seal(&Note("x".to_owned()), noon()).unwrap();

        assert!(keys(2).unseal::<Note>(&sealed, noon()).is_none());
        assert!(keys(1).unseal::<Order>(&sealed, noon()).is_none());
    }

    #[test]
    fn what_was_changed_or_cut_anywhere_does_not_open() {
        let sealed = keys(1).seal(&Note("x".to_owned()), noon()).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(keys(1).unseal::<Note>(&changed, noon()).is_none(), "at {at}");
            assert!(keys(1).unseal::<Note>(&sealed[..at], noon()).is_none(), "up to {at}");
        }
        for text in ["", "é", &"A".repeat(LONGEST + 1)] {
            assert!(keys(1).unseal::<Note>(text, noon()).is_none());
        }
    }
}
