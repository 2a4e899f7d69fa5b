//! Where a person goes on after the sign-in: a path of this instance, never another host.

use serde::{Deserialize, Serialize, de};

/// A path with its query, as a browser may be sent to it: it cannot lead to another host, whichever
/// way the browser reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LocalPath(String);

/// Together with all that goes beside it into the cookie, it stays below what browsers keep.
const LONGEST: usize = 1000;

impl LocalPath {
    /// Reads a path that came from outside; nothing when it is not plainly one of ours.
    ///
    /// Browsers read `//host`, `/\host` and `/<tab>/host` as addresses of another host, and drop
    /// dot segments before they look. So a path has visible ASCII characters only, no backslash,
    /// and neither empty nor dot segments.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let mut segments = path.split('/');
        // In front of the first slash there is nothing, and only the last segment may be empty.
        let begins_with_slash = segments.next() == Some("");
        let segments: Vec<_> = segments.collect();
        let (last, inner) = segments.split_last()?;
        let is_plain = inner.iter().all(|segment| !segment.is_empty() && !is_dots(segment));
        let fits = begins_with_slash
            && is_plain
            && !is_dots(last)
            && text.len() <= LONGEST
            && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        fits.then(|| Self(text.to_owned()))
    }

    /// The path, for a `Location` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `.` and `..`, also encoded.
fn is_dots(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    decoded == "." || decoded == ".."
}

impl Default for LocalPath {
    /// The front page.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl std::fmt::Display for LocalPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LocalPath {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom("a path of this instance"))
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn paths_of_ours_pass_and_stay_on_the_host() {
        let base = Url::parse("https://tasks.example.org/login").unwrap();
        for text in [
            "/",
            "/p/atlas",
            "/p/atlas/",
            "/p/atlas/t/42?view=gantt&from=https://evil.example/",
            "/p/atlas?next=//evil.example#task-42",
            "/docs/a.b/..c/c..",
            "/%2f%2fevil.example",
            "/@evil.example",
            "/https:%2f%2fevil.example",
        ] {
            let path = LocalPath::parse(text).unwrap_or_else(|| panic!("{text} is refused"));
            let reached = base.join(path.as_str()).unwrap();
            assert_eq!(reached.host_str(), Some("tasks.example.org"), "{text}");
            assert_eq!(path.as_str(), text);
        }
        assert!(LocalPath::parse(LocalPath::default().as_str()).is_some());
    }

    #[test]
    fn whatever_could_lead_elsewhere_is_refused() {
        let long = format!("/{}", "a".repeat(LONGEST));
        for text in [
            "",
            "?x",
            "#x",
            "p/atlas",
            "evil.example",
            "//evil.example",
            "///evil.example",
            "////evil.example/%2f..",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nLocation: https://evil.example",
            " //evil.example",
            "\u{0}//evil.example",
            "/ /evil.example",
            "/./",
            "/.//evil.example",
            "/..//evil.example",
            "/p/../../evil.example",
            "/%2e%2e//evil.example",
            "/%2E/.%2e/evil.example",
            "/p//evil.example",
            "https://evil.example",
            "HTTPS://evil.example/p",
            "https:evil.example",
            "https:/evil.example",
            "http:///evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/p/é",
            "/\u{2025}/evil.example",
            "/\u{ff0f}evil.example",
            &long,
        ] {
            assert!(LocalPath::parse(text).is_none(), "{text:?} passes");
        }
    }
}
