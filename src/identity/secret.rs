//! The secret of a token: what an agent sends with every call.
//!
//! It carries its own checksum, so a typed or truncated one is refused without a look-up, and a
//! secret scanner can recognise it. It never prints: only [`TokenSecret::expose`] gives it away.

use rand::distr::{Alphanumeric, SampleString};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// How every secret begins.
const MARK: &str = "ntr_";
/// 43 base62 characters carry 256 bits.
const RANDOM_CHARS: usize = 43;
/// Six base62 characters hold any CRC-32.
const CHECKSUM_CHARS: usize = 6;
/// Enough to tell one's tokens apart, far too little to guess the rest.
const PREFIX_CHARS: usize = 12;

/// A token's secret, shown once.
#[derive(Clone)]
pub struct TokenSecret(String);

/// The text is not a token's secret: mistyped, cut off, or something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is not a Nottario token: it begins with ntr_ and was perhaps cut off or mistyped")]
pub struct Malformed;

/// The SHA-256 of a secret, which is what the database has.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenSecret {
    /// Draws a fresh secret from the operating system's random source.
    ///
    /// # Panics
    ///
    /// When the operating system has no randomness to give: no token may then be made.
    #[must_use]
    pub fn fresh() -> Self {
        let mut text = MARK.to_owned();
        Alphanumeric.append_string(&mut UnwrapErr(SysRng), &mut text, RANDOM_CHARS);
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(text)
    }

    /// Reads what a caller sent. Says only that it is malformed, never how.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let is_base62 = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let body = text.strip_prefix(MARK).ok_or(Malformed)?;
        if body.len() != RANDOM_CHARS + CHECKSUM_CHARS || !is_base62(body) {
            return Err(Malformed);
        }
        let (signed, sum) = text.split_at(MARK.len() + RANDOM_CHARS);
        if checksum(signed) != sum {
            return Err(Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The secret itself, for the one place that shows it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up. The secret has 256 bits of its own, so no slow hash is needed.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The beginning, for lists.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.0[..PREFIX_CHARS]
    }
}

impl std::fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenSecret(…)")
    }
}

impl TokenHash {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares in a time that does not depend on how much is right.
    pub(super) fn matches(&self, stored: &[u8]) -> bool {
        self.0.ct_eq(stored).into()
    }
}

fn checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_secret_is_accepted_and_no_two_are_alike() {
        let (one, other) = (TokenSecret::fresh(), TokenSecret::fresh());

        assert!(TokenSecret::parse(one.expose()).is_ok());
        assert_eq!(one.expose().len(), 53);
        assert_eq!(one.prefix(), &one.expose()[..12]);
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let secret = TokenSecret::fresh();
        for at in 0..secret.expose().len() {
            let mut typed = secret.expose().as_bytes().to_vec();
            typed[at] = if typed[at] == b'x' { b'y' } else { b'x' };
            let typed = String::from_utf8(typed).unwrap();
            assert_eq!(TokenSecret::parse(&typed).unwrap_err(), Malformed, "at {at}");
        }
    }

    #[test]
    fn what_is_cut_off_padded_or_foreign_is_malformed() {
        let secret = TokenSecret::fresh();
        let cut = &secret.expose()[..secret.expose().len() - 1];
        let padded = format!("{} ", secret.expose());
        let not_ascii = format!("ntr_{}", "é".repeat(49));
        for text in ["", "ntr_", "ghp_abc", cut, &padded, &not_ascii, &"é".repeat(26)] {
            assert!(TokenSecret::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_secret_never_prints() {
        let secret = TokenSecret::fresh();

        assert!(!format!("{secret:?}").contains(&secret.expose()[4..]));
    }
}
