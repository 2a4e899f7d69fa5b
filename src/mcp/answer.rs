//! What a tool answers, and the bounds that hold for every answer.
//!
//! An answer is one JSON object. It leaves as `structuredContent` and as one line of text with the
//! same facts; characters that hide text from a human reader are spelled out in both.

use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// About how many characters an answer may have: more costs an agent more than a second call.
pub const MOST_CHARACTERS: usize = 25_000;

/// How many characters of [`MOST_CHARACTERS`] the rows of a page may take, with room for the rest.
pub const PAGE_CHARACTERS: usize = 23_000;

/// What a tool answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer(Value);

impl Answer {
    /// Makes an answer of a shape; shapes leave out what is not set.
    pub fn of(shape: &impl Serialize) -> Result<Self> {
        let mut value = serde_json::to_value(shape).map_err(Error::internal)?;
        reveal_all(&mut value);
        Ok(Self(value))
    }

    /// An answer that was given before, stored as it left.
    #[must_use]
    pub fn stored(value: Value) -> Self {
        Self(value)
    }

    /// The answer as JSON.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The answer as the protocol carries it.
    #[must_use]
    pub fn into_result(self) -> CallToolResult {
        let text = self.0.to_string();
        let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
        // The protocol's default; saying it would cost every answer 16 characters.
        result.is_error = None;
        result.structured_content = Some(self.0);
        result
    }
}

/// Rows that fit into one answer.
#[derive(Debug)]
pub struct Fitted<T> {
    /// The rows, from the first on.
    pub rows: Vec<T>,
    /// Whether rows were left for the next page.
    pub cut: bool,
}

/// Keeps as many rows, from the first on, as fit into `budget` characters of JSON; at least one,
/// so that a reader with a cursor always gets on.
pub fn fit<T: Serialize>(mut rows: Vec<T>, budget: usize) -> Result<Fitted<T>> {
    let mut used = 0;
    let mut kept = 0;
    for row in &rows {
        used += serde_json::to_string(row).map_err(Error::internal)?.chars().count() + 1;
        if kept > 0 && used > budget {
            break;
        }
        kept += 1;
    }
    let cut = kept < rows.len();
    rows.truncate(kept);
    Ok(Fitted { rows, cut })
}

/// The first `most` characters of a text, and whether something was left out.
#[must_use]
pub fn cut(text: &str, most: usize) -> (&str, bool) {
    match text.char_indices().nth(most) {
        Some((at, _)) => (&text[..at], true),
        None => (text, false),
    }
}

/// Spells out the characters of a text that would hide or reorder what stands around them.
#[must_use]
pub fn reveal(text: &str) -> String {
    let mut revealed = String::with_capacity(text.len());
    let mut before: Option<char> = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let joins_visibly = is_joiner(character)
            && before.is_some_and(is_joinable)
            && rest.peek().copied().is_some_and(is_joinable);
        if (hides(character) || is_joiner(character)) && !joins_visibly {
            revealed.extend(character.escape_unicode());
        } else {
            revealed.push(character);
        }
        before = Some(character);
    }
    revealed
}

fn reveal_all(value: &mut Value) {
    match value {
        Value::String(text) if !text.is_ascii() => *text = reveal(text),
        Value::Array(items) => items.iter_mut().for_each(reveal_all),
        Value::Object(members) => members.values_mut().for_each(reveal_all),
        _ => {}
    }
}

/// Characters without a shape of their own that reorder, hide or smuggle text.
fn hides(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' // Arabic letter mark
        | '\u{180E}' // Mongolian vowel separator
        | '\u{200B}' // zero width space
        | '\u{200E}'..='\u{200F}' // direction marks
        | '\u{2028}'..='\u{202E}' // line separators, bidirectional embeddings and overrides
        | '\u{2060}'..='\u{206F}' // word joiner, invisible operators, bidirectional isolates
        | '\u{FEFF}' // zero width no-break space
        | '\u{FFF9}'..='\u{FFFB}' // interlinear annotation
        | '\u{E0000}'..='\u{E007F}' // tag characters
        | '\u{E0100}'..='\u{E01EF}' // variation selectors supplement
    )
}

/// Joiners belong to Persian words and to composed emoji; anywhere else they only hide.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200C}' | '\u{200D}')
}

fn is_joinable(character: char) -> bool {
    !character.is_ascii() && !hides(character) && !is_joiner(character)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn characters_that_hide_text_are_spelled_out() {
        assert_eq!(reveal("a\u{202E}b"), r"a\u{202e}b");
        assert_eq!(reveal("ok\u{E0041}\u{E0042}"), r"ok\u{e0041}\u{e0042}");
        assert_eq!(reveal("a\u{200D}b"), r"a\u{200d}b");
        assert_eq!(reveal("\u{2066}x\u{2069}"), r"\u{2066}x\u{2069}");
    }

    #[test]
    fn words_and_emoji_that_need_a_joiner_stay_whole() {
        for text in ["👩\u{200D}💻", "می\u{200C}خواهم", "naïve – 試験 ✓"] {
            assert_eq!(reveal(text), text);
        }
    }

    #[test]
    fn an_answer_reveals_every_text_in_it_and_says_the_same_twice() {
        let answer = Answer::of(&json!({"rows": [{"title": "a\u{202E}b"}], "n": 1})).unwrap();
        let result = answer.into_result();

        let text = result.content[0].as_text().unwrap().text.clone();
        let structured = result.structured_content.unwrap();
        assert_eq!(structured["rows"][0]["title"], r"a\u{202e}b");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), structured);
        assert!(!text.contains('\n'));
    }

    #[test]
    fn a_page_is_cut_at_a_row_and_never_empty() {
        let rows = vec!["x".repeat(40), "y".repeat(40), "z".repeat(40)];
        let fitted = fit(rows.clone(), 90).unwrap();
        assert_eq!((fitted.rows.len(), fitted.cut), (2, true));

        let fitted = fit(rows.clone(), 1).unwrap();
        assert_eq!((fitted.rows.len(), fitted.cut), (1, true));

        let fitted = fit(rows, 1_000).unwrap();
        assert_eq!((fitted.rows.len(), fitted.cut), (3, false));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 2), ("äö", true));
        assert_eq!(cut("äöü", 3), ("äöü", false));
    }
}
