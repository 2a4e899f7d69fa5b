//! From the JSON that an agent sent to a tool's typed arguments. Nothing is ignored.
//!
//! Every refusal names the argument by its path (`commits[2].sha`) and says what is expected of it.

use rmcp::model::JsonObject;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::access::ProjectScope;
use crate::error::{Error, Result, quoted};
use crate::text::Line;

/// A key that makes a repeated call have one effect.
pub type IdempotencyKey = Line<64>;

/// Which of the common arguments a tool takes.
#[derive(Clone, Copy, Debug)]
pub struct Takes {
    /// Mutations take `idempotency_key`.
    pub idempotency_key: bool,
    /// Tools with a slim form take `verbose`.
    pub verbose: bool,
}

/// The arguments that mean the same for every tool.
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// A project, by id, slug or key; the token has named it already.
    pub project_id: Option<String>,
    /// The caller's name for this one call.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Asks for the full objects.
    pub verbose: bool,
}

impl Common {
    /// Takes the common arguments out of a call's arguments.
    pub fn take(arguments: &mut JsonObject, takes: Takes) -> Result<Self> {
        let mut common = Self::default();
        match arguments.remove("project_id") {
            None | Some(Value::Null) => {}
            Some(Value::String(project)) => common.project_id = Some(project),
            Some(_) => {
                return Err(Error::invalid("project_id", "expected an id, a slug or a key"));
            }
        }
        if takes.idempotency_key {
            match arguments.remove("idempotency_key") {
                None | Some(Value::Null) => {}
                Some(Value::String(key)) => {
                    let key = IdempotencyKey::parse(&key)
                        .map_err(|rule| Error::invalid("idempotency_key", rule))?;
                    common.idempotency_key = Some(key);
                }
                Some(_) => return Err(Error::invalid("idempotency_key", "expected a string")),
            }
        }
        if takes.verbose {
            match arguments.remove("verbose") {
                None | Some(Value::Null) => {}
                Some(Value::Bool(verbose)) => common.verbose = verbose,
                Some(_) => return Err(Error::invalid("verbose", "expected true or false")),
            }
        }
        Ok(common)
    }

    /// Refuses a call that names another project than the token's own.
    ///
    /// Says nothing about the other project, not even whether there is one.
    pub fn require_own_project(&self, scope: &ProjectScope, slug: &str) -> Result<()> {
        let Some(requested) = &self.project_id else { return Ok(()) };
        let own = [&scope.project().to_string(), slug, scope.project_key()]
            .iter()
            .any(|name| name.eq_ignore_ascii_case(requested));
        if own {
            return Ok(());
        }
        let is_plain = requested.len() <= 60
            && requested.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Err(Error::Scope {
            own: slug.to_owned(),
            requested: if is_plain { requested.clone() } else { quoted(requested) },
        })
    }
}

/// Reads a tool's own arguments; `known` are the names it takes, for the refusal of another.
pub fn parse<T: DeserializeOwned>(arguments: JsonObject, known: &[String]) -> Result<T> {
    if let Some(unknown) = arguments.keys().find(|name| !known.contains(name)) {
        return Err(unknown_argument(unknown, known));
    }
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        explain(path.trim_start_matches('.'), &error.into_inner().to_string())
    })
}

/// A digest of the arguments that tells a repeat of a call from another call.
#[must_use]
pub fn digest(arguments: &JsonObject, verbose: bool) -> [u8; 32] {
    let mut text = String::new();
    canonical(&Value::Object(arguments.clone()), &mut text);
    Sha256::new().chain_update(text).chain_update([u8::from(verbose)]).finalize().into()
}

/// Writes JSON with sorted members, so that their order makes no difference.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, member) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                canonical(member, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn unknown_argument(unknown: &str, known: &[String]) -> Error {
    let rule = if known.is_empty() {
        "unknown argument; this tool takes none".to_owned()
    } else {
        format!("unknown argument; this tool takes {}", known.join(", "))
    };
    Error::invalid(shown(unknown), rule)
}

/// Turns a message of the decoder into the argument's name and what is expected of it.
fn explain(path: &str, message: &str) -> Error {
    if let Some(name) = between_backticks(message, "missing field ") {
        return Error::invalid(joined(path, name), "is required");
    }
    if let Some(name) = between_backticks(message, "unknown field ") {
        let takes = message.split_once(", ").map_or("", |(_, expected)| expected);
        // The decoder's path ends with the unknown name itself.
        let at = path.strip_suffix(name).unwrap_or(path).trim_end_matches('.');
        return Error::invalid(joined(at, &shown(name)), format!("unknown argument; {takes}"));
    }
    let path = if path.is_empty() { "arguments" } else { path };
    for kind in ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant "] {
        if let Some((got, expected)) =
            message.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected "))
        {
            let (expected, got) = (in_words(expected), bounded(in_words(got), 200));
            return Error::invalid(path, format!("expected {expected}, got {got}"));
        }
    }
    if message.starts_with("UUID parsing failed") {
        return Error::invalid(path, "expected a uuid");
    }
    // Rules of ours, which may be long: the kinds of events are one.
    Error::invalid(path, bounded(message, 1_000))
}

/// What the decoder expected or got, in JSON's words instead of Rust's.
fn in_words(expected: &str) -> &str {
    const WHOLE: [&str; 5] = ["i8", "i16", "i32", "i64", "isize"];
    const COUNT: [&str; 5] = ["u8", "u16", "u32", "u64", "usize"];
    match expected {
        "a boolean" => "true or false",
        "a sequence" | "sequence" => "a list",
        "a map" | "map" => "an object",
        // A choice among names.
        "string or map" | "variant identifier" => "a string",
        "f32" | "f64" => "a number",
        "option" => "a value",
        _ if WHOLE.contains(&expected) => "a whole number",
        _ if COUNT.contains(&expected) => "a whole number that is not negative",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

fn between_backticks<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// An argument's name as the caller wrote it: plain when it is plain, else quoted.
fn shown(name: &str) -> String {
    let is_plain = name.len() <= 40
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// What the caller sent, in a length that leaves room for the sentence around it.
fn bounded(text: &str, most: usize) -> String {
    let (text, is_cut) = super::answer::cut(text, most);
    if is_cut { format!("{text}…") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::ids::ClaimId;
    use crate::text::Title;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses is of interest")]
    struct Close {
        title: Title,
        claim_id: Option<ClaimId>,
        state: Option<State>,
        minutes: Option<i32>,
        #[serde(default)]
        commits: Vec<Commit>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Done,
        WontDo,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it parses is of interest")]
    struct Commit {
        repo: String,
        sha: String,
    }

    fn object(value: Value) -> JsonObject {
        match value {
            Value::Object(members) => members,
            _ => panic!("not an object"),
        }
    }

    fn refused(arguments: Value) -> String {
        let known = ["title", "claim_id", "state", "minutes", "commits"].map(str::to_owned);
        parse::<Close>(object(arguments), &known).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_names_the_argument_and_what_is_expected() {
        for (arguments, expected) in [
            (json!({}), "title: is required"),
            (json!({"title": ""}), "title: must not be empty"),
            (json!({"title": 5}), "title: expected a string, got integer `5`"),
            (json!({"title": null}), "title: expected a string, got null"),
            (
                json!({"title": "t", "minutes": "5"}),
                "minutes: expected a whole number, got string \"5\"",
            ),
            (json!({"title": "t", "claim_id": "x"}), "claim_id: expected a uuid"),
            (
                json!({"title": "t", "minutes": 1.5}),
                "minutes: expected a whole number, got floating point `1.5`",
            ),
            (json!({"title": "t", "state": 1}), "state: expected a string, got integer `1`"),
            (json!({"title": "t", "commits": {}}), "commits: expected a list, got an object"),
            (
                json!({"title": "t", "commits": [1]}),
                "commits[0]: expected an object, got integer `1`",
            ),
            (
                json!({"title": "t", "state": "open"}),
                "state: expected `done` or `wont_do`, got `open`",
            ),
            (json!({"title": "t", "commits": [{"repo": "a/b"}]}), "commits[0].sha: is required"),
            (
                json!({"title": "t", "commits": [{"repo": "a/b", "sha": "1", "x": 1}]}),
                "commits[0].x: unknown argument; expected `repo` or `sha`",
            ),
            (
                json!({"title": "t", "commits": [{"repo": "a/b", "sha": "1"}, {"repo": 1}]}),
                "commits[1].repo: expected a string, got integer `1`",
            ),
            (
                json!({"title": "t", "colour": 1}),
                "colour: unknown argument; \
                 this tool takes title, claim_id, state, minutes, commits",
            ),
        ] {
            assert_eq!(refused(arguments.clone()), expected, "{arguments}");
        }
    }

    #[test]
    fn a_long_or_strange_value_is_not_echoed_whole() {
        assert!(refused(json!({"title": "t", "state": "x".repeat(5_000)})).len() < 400);
        assert!(refused(json!({"a\nb": 1, "title": "t"})).starts_with(r#""a\nb": unknown"#));
    }

    #[test]
    fn common_arguments_are_taken_only_where_they_belong() {
        let read = Takes { idempotency_key: false, verbose: false };
        let mut arguments = object(json!({"project_id": "atlas", "idempotency_key": "k"}));
        let common = Common::take(&mut arguments, read).unwrap();
        assert_eq!(common.project_id.as_deref(), Some("atlas"));
        assert!(common.idempotency_key.is_none());
        assert!(arguments.contains_key("idempotency_key"), "left for the refusal");

        let write = Takes { idempotency_key: true, verbose: true };
        for (arguments, expected) in [
            (json!({"idempotency_key": 1}), "idempotency_key: expected a string"),
            (json!({"idempotency_key": ""}), "idempotency_key: must not be empty"),
            (
                json!({"idempotency_key": "k".repeat(65)}),
                "idempotency_key: at most 64 characters, got 65",
            ),
            (json!({"verbose": "yes"}), "verbose: expected true or false"),
            (json!({"project_id": 7}), "project_id: expected an id, a slug or a key"),
        ] {
            let error = Common::take(&mut object(arguments), write).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_digest_does_not_depend_on_the_order_of_members() {
        let one = object(serde_json::from_str(r#"{"a": {"x": 1, "y": [1, 2]}, "b": 2}"#).unwrap());
        let two = object(serde_json::from_str(r#"{"b": 2, "a": {"y": [1, 2], "x": 1}}"#).unwrap());
        let other =
            object(serde_json::from_str(r#"{"b": 2, "a": {"y": [2, 1], "x": 1}}"#).unwrap());
        assert_eq!(digest(&one, false), digest(&two, false));
        assert_ne!(digest(&one, false), digest(&other, false));
        assert_ne!(digest(&one, false), digest(&one, true));
    }
}
