//! How a refusal or a failure of ours reads to an agent.
//!
//! Always `code: sentence. Next: what to do.`, as text and nothing else: one widely used client
//! checks the structured content of an error against the output schema, another drops the text.

use rmcp::model::{CallToolResult, ContentBlock};
use uuid::Uuid;

use super::answer::{MOST_CHARACTERS, cut, reveal};
use crate::error::{Error, chain};

/// Turns an error into a tool result. A failure of ours is logged here, once, with a reference,
/// and so is a call that gave way: too many of them are for the operator to see.
#[must_use]
pub fn refusal(tool: &str, error: &Error) -> CallToolResult {
    let text = match error {
        Error::Internal(source) => {
            let reference = reference();
            tracing::error!(tool, reference, error = %chain(source.as_ref()), "a tool failed");
            format!("{}: {error}, reference {reference}. Next: {}.", error.code(), error.next())
        }
        Error::Busy(source) => {
            let reference = reference();
            tracing::warn!(tool, reference, error = %chain(source.as_ref()), "a call gave way");
            format!("{}: {error}, reference {reference}. Next: {}.", error.code(), error.next())
        }
        _ => format!("{}: {error}. Next: {}.", error.code(), error.next()),
    };
    let text = reveal(&text);
    CallToolResult::error(vec![ContentBlock::text(cut(&text, MOST_CHARACTERS).0)])
}

/// A number that joins what the caller saw to a line of the log.
#[must_use]
pub(super) fn reference() -> String {
    let mut reference = Uuid::new_v4().simple().to_string();
    reference.truncate(12);
    reference
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn text(error: &Error) -> String {
        let result = refusal("tasks.get", error);
        assert_eq!(result.is_error, Some(true));
        assert!(result.structured_content.is_none());
        result.content[0].as_text().unwrap().text.clone()
    }

    #[test]
    fn a_refusal_says_what_is_the_case_and_what_to_do() {
        assert_eq!(
            text(&Error::not_found(Kind::Task, "ATL-7")),
            "not_found: there is no task ATL-7 here. Next: check the id, or list what is there."
        );
    }

    #[test]
    fn a_failure_of_ours_shows_a_reference_and_no_source() {
        let shown = text(&Error::internal("connection to 10.0.0.1 refused"));
        assert!(shown.starts_with("internal: something went wrong on our side, reference "));
        assert!(!shown.contains("10.0.0.1"));
    }

    #[test]
    fn a_call_that_found_no_connection_is_told_to_come_again() {
        let shown = text(&sqlx::Error::PoolTimedOut.into());
        let (said, next) = shown.split_once(", reference ").unwrap();
        assert_eq!(said, "busy: too much is going on at the moment, and this call gave way");
        assert!(next.ends_with(
            ". Next: wait a second, then send the same call again; nothing was written."
        ));
        assert!(!shown.contains("pool"));
    }

    #[test]
    fn hiding_characters_are_spelled_out_in_errors_too() {
        assert!(text(&Error::taken("held by \"a\u{202E}b\"", "leave it")).contains(r"\u{202e}"));
    }
}
