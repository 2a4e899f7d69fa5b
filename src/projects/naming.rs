//! What a project is called in addresses and in front of its tasks' numbers, and what agents call its
//! roles and buckets.

use std::str::FromStr;

use serde::Serialize;

/// A project's name in addresses: lower-case words joined by hyphens, at most 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

/// The first half of `NOT-42`: two to six capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectKey(String);

/// What agents call a role or a bucket: 1 to 30 lower-case letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ShortName(String);

impl ShortName {
    const MAX: usize = 30;

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Names for a label, best first and without end, for the caller to take the first free one of.
    pub(super) fn candidates(label: &str) -> impl Iterator<Item = Self> {
        let stem = words(label, Self::MAX - 5, "role");
        (1_u32..).map(move |nth| Self(numbered(&stem, nth)))
    }
}

impl FromStr for ShortName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_name = text.bytes().next().is_some_and(fits)
            && text.bytes().all(|byte| fits(byte) || byte == b'-' || byte == b'_');
        if !is_name || text.len() > Self::MAX {
            return Err(format!(
                "1 to {} lower-case letters, digits, hyphens and underscores, beginning with a letter or digit",
                Self::MAX
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The words of a text in lower case, joined by hyphens; `otherwise`, when none of it can be used.
fn words(text: &str, longest: usize, otherwise: &str) -> String {
    let mut stem = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            stem.push(c.to_ascii_lowercase());
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
    }
    stem.truncate(longest);
    match stem.trim_end_matches('-') {
        "" => otherwise.to_owned(),
        stem => stem.to_owned(),
    }
}

/// The stem itself, and then with a number behind it.
fn numbered(stem: &str, nth: u32) -> String {
    if nth == 1 { stem.to_owned() } else { format!("{stem}-{nth}") }
}

impl Slug {
    const MAX: usize = 60;

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Slugs for a name, best first and without end, for the caller to take the first free one of.
    pub(super) fn candidates(name: &str) -> impl Iterator<Item = Self> {
        // Room for the number that a taken slug gets.
        let stem = words(name, Self::MAX - 10, "project");
        (1_u32..).map(move |nth| Self(numbered(&stem, nth)))
    }
}

impl FromStr for Slug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.len() > Self::MAX || !text.split('-').all(is_word) {
            return Err(format!(
                "lower-case letters and digits, in words joined by single hyphens, at most {} characters",
                Self::MAX
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl ProjectKey {
    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Keys for a name, best first: its initials or its first letters, then longer ones, then
    /// ones that only begin like it. Long enough that a free one is always among them.
    pub(super) fn candidates(name: &str) -> impl Iterator<Item = Self> {
        let letters = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_uppercase()
        };
        let initials: String = name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter_map(|word| letters(word).chars().next())
            .take(6)
            .collect();
        let mut stem = letters(name);
        if stem.len() < 2 {
            stem.push_str("PRJ");
        }

        let mut best = Vec::new();
        if initials.len() >= 2 {
            best.push(initials);
        }
        best.extend([3, 4, 5, 6, 2].map(|length| stem.chars().take(length).collect::<String>()));
        let begin: String = stem.chars().take(3).collect();
        let numbered = (0_u32..26 * 26 * 26).map(move |nth| {
            let tail = [nth / 676, nth / 26 % 26, nth % 26]
                .map(|digit| char::from(b'A' + u8::try_from(digit).unwrap_or_default()));
            format!("{begin}{}", tail.iter().collect::<String>())
        });
        best.into_iter().chain(numbered).map(Self)
    }
}

impl FromStr for ProjectKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !(2..=6).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("2 to 6 capital letters, such as NOT".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_slug(name: &str) -> String {
        Slug::candidates(name).next().unwrap().0
    }

    fn keys(name: &str) -> Vec<String> {
        ProjectKey::candidates(name).map(|key| key.0).collect()
    }

    #[test]
    fn a_slug_is_made_of_the_names_words() {
        assert_eq!(first_slug("  Acme: Web & App!  "), "acme-web-app");
        assert_eq!(first_slug("日本"), "project");
        assert_eq!(Slug::candidates("Acme").nth(1).unwrap().0, "acme-2");
    }

    #[test]
    fn every_made_slug_and_key_fits_its_own_rule() {
        for name in ["a", "7", "é", "A b", "Nottario", "x-y_z", &"long name ".repeat(10), "ß 1 2"]
        {
            let slugs: Vec<_> = Slug::candidates(name).take(12).collect();
            for Slug(slug) in slugs {
                assert!(slug.parse::<Slug>().is_ok(), "{slug:?} of {name:?}");
            }
            for key in keys(name) {
                assert!(key.parse::<ProjectKey>().is_ok(), "{key:?} of {name:?}");
            }
        }
    }

    #[test]
    fn a_short_name_is_made_of_the_labels_words() {
        let made = |label: &str| -> Vec<_> {
            ShortName::candidates(label).map(|name| name.0).take(2).collect()
        };

        assert_eq!(made("Site Reliability"), ["site-reliability", "site-reliability-2"]);
        assert_eq!(made("品質"), ["role", "role-2"]);
        for label in ["_", "-x-", &"word ".repeat(20), "ß 1"] {
            for name in ShortName::candidates(label).take(40) {
                assert!(name.0.parse::<ShortName>().is_ok(), "{name:?} of {label:?}");
            }
        }
    }

    #[test]
    fn a_key_is_the_initials_or_the_first_letters() {
        assert_eq!(keys("Nottario")[0], "NOT");
        assert_eq!(keys("Acme Web App")[0], "AWA");
        assert!(keys("Nottario").contains(&"NOTAAB".to_owned()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for slug in ["", "-a", "a-", "a--b", "A", "a b", "ä", &"a".repeat(61)] {
            assert!(slug.parse::<Slug>().is_err(), "{slug:?}");
        }
        for name in ["", "-a", "_a", "A", "a b", "ä", &"a".repeat(31)] {
            assert!(name.parse::<ShortName>().is_err(), "{name:?}");
        }
        for key in ["", "A", "ABCDEFG", "abc", "A1", "ÄÖ"] {
            assert!(key.parse::<ProjectKey>().is_err(), "{key:?}");
        }
    }
}
