//! Secrets that a browser holds: of its session, and in a sign-in link.
//!
//! Each is 256 random bits, so what is stored needs no slow hash, and guessing is hopeless. None
//! prints: only `expose` gives it away. [`TokenSecret`](super::TokenSecret), which people paste, has
//! a checksum besides.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::keys::{SessionKeys, keyed_hash};

/// The text is no secret of ours: cut off, mistyped, or something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is not a secret of this kind; it may have been cut off")]
pub struct MalformedSecret;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(String);

        impl $name {
            /// Draws a fresh secret from the operating system's random source.
            ///
            /// # Panics
            ///
            /// When the operating system has no randomness to give: no secret may then be made.
            #[must_use]
            pub fn fresh() -> Self {
                Self(random_text())
            }

            /// Reads what a browser sent. Says only that it is malformed, never how.
            pub fn parse(text: &str) -> Result<Self, MalformedSecret> {
                let decoded = URL_SAFE_NO_PAD.decode(text).map_err(|_| MalformedSecret)?;
                if decoded.len() != BYTES {
                    return Err(MalformedSecret);
                }
                Ok(Self(text.to_owned()))
            }

            /// The secret itself, for the one place that sends it to the browser.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret!(
    /// The secret of a session: the content of its cookie.
    SessionSecret
);
secret!(
    /// The secret of a one-time sign-in link.
    LinkSecret
);

const BYTES: usize = 32;

fn random_text() -> String {
    let mut bytes = [0; BYTES];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system has randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

impl SessionSecret {
    /// What is stored and looked up: worthless without the instance's key.
    pub(super) fn hash(&self, keys: &SessionKeys) -> [u8; 32] {
        keyed_hash(&keys.sessions, self.0.as_bytes())
    }
}

impl LinkSecret {
    /// What is stored and looked up. Needs no key, so that a link can be made beside any server.
    pub(super) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_secret_is_accepted_and_no_two_are_alike() {
        let (one, other) = (SessionSecret::fresh(), SessionSecret::fresh());

        assert!(SessionSecret::parse(one.expose()).is_ok());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn what_is_cut_off_padded_or_foreign_is_malformed() {
        let secret = SessionSecret::fresh();
        let secret = secret.expose();
        let padded = format!("{secret}=");
        let longer = format!("{secret}A");
        // Two texts must not be one secret: the last character has bits to spare.
        let same_bytes = format!("{}B", "A".repeat(42));
        for text in ["", &secret[1..], &padded, &longer, &same_bytes, "é", &"+".repeat(43)] {
            assert_eq!(SessionSecret::parse(text).unwrap_err(), MalformedSecret, "{text:?}");
        }
    }

    #[test]
    fn a_secret_never_prints() {
        let secret = LinkSecret::fresh();

        assert!(!format!("{secret:?}").contains(secret.expose()));
    }
}
