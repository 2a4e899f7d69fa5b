//! How long a token may work: the lengths that a form offers.

use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

/// How long a token works, counted from when it is issued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// A week: for trying something out.
    Week,
    /// Thirty days.
    Month,
    /// Ninety days: long enough for a piece of work, short enough that a forgotten token ends.
    #[default]
    Quarter,
    /// 365 days.
    Year,
    /// Until it is revoked.
    Never,
}

impl Expiry {
    /// Every length, in the order in which a form offers them.
    pub const ALL: &[Self] = &[Self::Week, Self::Month, Self::Quarter, Self::Year, Self::Never];

    /// The name in a form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Never => "never",
        }
    }

    /// What a person reads.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Quarter => "90 days",
            Self::Year => "1 year",
            Self::Never => "no end",
        }
    }

    /// When a token that is issued now stops to work.
    #[must_use]
    pub fn ends_at(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let days = match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
            Self::Never => return None,
        };
        Some(now + TimeDelta::days(days))
    }
}

impl FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|expiry| expiry.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|expiry| expiry.as_str()).collect();
            format!("one of {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_a_length_and_nothing_else() {
        let now: DateTime<Utc> = "2030-06-01T12:00:00Z".parse().unwrap();
        let end = |text: &str| text.parse::<Expiry>().map(|expiry| expiry.ends_at(now));

        for expiry in Expiry::ALL {
            assert_eq!(expiry.as_str().parse(), Ok(*expiry));
        }
        assert_eq!(end("quarter"), Ok(Some("2030-08-30T12:00:00Z".parse().unwrap())));
        assert_eq!(end("never"), Ok(None));
        assert!(end("forever").is_err());
        assert_eq!(Expiry::default(), Expiry::Quarter);
    }
}
