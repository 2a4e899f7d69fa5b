//! Slugs and keys: what a project is called in addresses and in front of its tasks' numbers.

use std::str::FromStr;

/// A project's name in addresses: lower-case words joined by hyphens, at most 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slug(String);

/// The first half of `NOT-42`: two to six capitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectKey(String);

impl Slug {
    const MAX: usize = 60;

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Slugs for a name, best first and without end, for the caller to take the first free one of.
    pub(super) fn candidates(name: &str) -> impl Iterator<Item = Self> {
        let mut stem = String::new();
        for c in name.chars() {
            if c.is_ascii_alphanumeric() {
                stem.push(c.to_ascii_lowercase());
            } else if !stem.is_empty() && !stem.ends_with('-') {
                stem.push('-');
            }
        }
        // Room for the number that a taken slug gets.
        stem.truncate(Self::MAX - 10);
        let stem = match stem.trim_end_matches('-') {
            "" => "project".to_owned(),
            stem => stem.to_owned(),
        };
        (1_u32..).map(move |nth| match nth {
            1 => Self(stem.clone()),
            _ => Self(format!("{stem}-{nth}")),
        })
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
        for key in ["", "A", "ABCDEFG", "abc", "A1", "ÄÖ"] {
            assert!(key.parse::<ProjectKey>().is_err(), "{key:?}");
        }
    }
}
