//! Reads single settings and collects what is wrong with them.
//!
//! A getter never fails: it notes a [`Problem`] and returns nothing, so that one reading finds
//! every mistake. [`Reader::finish`] is the only way out, and it refuses when any was noted.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use super::Secret;

/// One thing that is wrong with the configuration, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    setting: String,
    text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.text)
    }
}

/// All that is wrong with the configuration; prints one line per problem.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// What is wrong, in the order in which it was found.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn and(mut self, problem: Problem) -> ConfigError {
        self.problems.insert(0, problem);
        self
    }
}

impl From<Vec<Problem>> for ConfigError {
    fn from(problems: Vec<Problem>) -> ConfigError {
        ConfigError { problems }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// Reads a `.env` file; a missing one is empty, an unreadable or malformed one is a problem.
pub(super) fn dotenv(path: &Path) -> (HashMap<String, String>, Option<Problem>) {
    let mut values = HashMap::new();
    let entries = match dotenvy::from_path_iter(path) {
        Ok(entries) => entries,
        Err(error) if error.not_found() => return (values, None),
        Err(dotenvy::Error::Io(error)) => {
            return (values, Some(unreadable(".env", &path.display().to_string(), &error)));
        }
        Err(_) => return (values, Some(malformed(0))),
    };
    for (index, entry) in entries.enumerate() {
        match entry {
            Ok((name, value)) => {
                values.insert(name, value);
            }
            // The library's own text quotes the line, which may hold a secret.
            Err(_) => return (values, Some(malformed(index + 1))),
        }
    }
    (values, None)
}

fn malformed(entry: usize) -> Problem {
    Problem {
        setting: ".env".to_owned(),
        text: format!("cannot be read: entry {entry} is not NAME=VALUE; correct or remove it"),
    }
}

/// The settings being read, and what was wrong with those read so far.
pub(super) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<Problem>,
    refused: HashSet<&'static str>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Reader<'a> {
        Reader { lookup, problems: Vec::new(), refused: HashSet::new() }
    }

    /// Hands the result out, unless something was wrong.
    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() { Ok(value) } else { Err(self.problems.into()) }
    }

    pub(super) fn problem(&mut self, setting: &'static str, text: impl Into<String>) {
        self.refused.insert(setting);
        self.problems.push(Problem { setting: setting.to_owned(), text: text.into() });
    }

    /// True when a setting was not given at all, rather than given and refused.
    pub(super) fn is_absent(&self, setting: &'static str) -> bool {
        !self.refused.contains(setting)
    }

    /// Keeps a good value; notes the complaint about a bad one.
    pub(super) fn check<T>(&mut self, name: &'static str, result: Result<T, String>) -> Option<T> {
        result.map_err(|text| self.problem(name, text)).ok()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn parsed<T: FromStr<Err = String>>(&mut self, name: &'static str) -> Option<T> {
        self.parsed_with(name, str::parse)
    }

    pub(super) fn parsed_with<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name)?;
        self.check(name, parse(&text))
    }

    pub(super) fn number(&mut self, name: &'static str, default: u32) -> u32 {
        self.parsed_with(name, |text| match text.parse::<u32>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("is not a positive number; leave it out for {default}")),
        })
        .unwrap_or(default)
    }

    pub(super) fn switch(&mut self, name: &'static str, default: bool) -> bool {
        self.choice(name, &[("true", true), ("false", false), ("1", true), ("0", false)])
            .unwrap_or(default)
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.parsed_with(name, |text| {
            let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
            chosen.map(|(_, value)| *value).ok_or_else(|| {
                let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                format!("is \"{text}\"; write one of: {}", words.join(", "))
            })
        })
    }

    pub(super) fn list<T: FromStr<Err = String>>(&mut self, name: &'static str) -> Option<Vec<T>> {
        self.parsed_with(name, |text| {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::parse).collect()
        })
    }

    /// An `http` or `https` address, without its trailing slash.
    pub(super) fn http_address(&mut self, name: &'static str) -> Option<String> {
        self.parsed_with(name, |text| {
            let complaint = "is not an address; write it with http:// or https:// in front";
            let uri: http::Uri = text.parse().map_err(|_| complaint.to_owned())?;
            match (uri.scheme_str(), uri.host()) {
                (Some("http" | "https"), Some(_)) => Ok(text.trim_end_matches('/').to_owned()),
                _ => Err(complaint.to_owned()),
            }
        })
    }

    /// A secret, from the file that its `_FILE` twin names, or else from the variable itself.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<Secret<String>> {
        let Some(path) = self.text(&format!("{name}_FILE")) else {
            return self.text(name).map(Secret::new);
        };
        match fs::read_to_string(&path) {
            Ok(text) if text.trim_end().is_empty() => {
                self.problem(
                    name,
                    format!("cannot be used: the file {path} is empty; write the secret into it"),
                );
                None
            }
            Ok(text) => Some(Secret::new(text.trim_end().to_owned())),
            Err(error) => {
                self.refused.insert(name);
                self.problems.push(unreadable(&format!("{name}_FILE"), &path, &error));
                None
            }
        }
    }
}

fn unreadable(setting: &str, path: &str, error: &std::io::Error) -> Problem {
    let uid = nix::unistd::geteuid();
    Problem {
        setting: setting.to_owned(),
        text: format!("cannot be read: {path}: {error}; make the file readable for uid {uid}"),
    }
}
