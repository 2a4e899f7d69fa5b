//! Texts that people and agents write, with their bounds as types.
//!
//! A value of one of these types has been checked: it fits its column, has no character that the
//! database or a terminal chokes on, and its bounds stand in the tools' schemas.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, de};

/// One line of 1 to `MAX` characters, without white space around it and without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(String);

/// A task's title.
pub type Title = Line<200>;

impl<const MAX: usize> Line<MAX> {
    /// Trims and checks a line; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            return Err("must not be empty".to_owned());
        }
        if length > MAX {
            return Err(format!("at most {MAX} characters, got {length}"));
        }
        if text.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}') {
            return Err("one line without control characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> std::fmt::Display for Line<MAX> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Line<MAX> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl<const MAX: usize> JsonSchema for Line<MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("Line{MAX}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

/// Markdown of at most 64 KiB; may be empty.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Markdown(String);

impl Markdown {
    /// The most bytes a description or comment may have.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Checks a text; the error says what is expected.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        if text.len() > Self::MAX_BYTES {
            return Err(format!("at most {} bytes, got {}", Self::MAX_BYTES, text.len()));
        }
        if text.contains('\0') {
            return Err("must not contain the character U+0000".to_owned());
        }
        Ok(Self(text))
    }

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Markdown {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Markdown {
    fn schema_name() -> Cow<'static, str> {
        "Markdown".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "maxLength": Self::MAX_BYTES })
    }
}

/// The body of a comment: markdown that says something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct CommentBody(String);

impl CommentBody {
    /// Checks a comment; the error says what is expected.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        let Markdown(text) = Markdown::parse(text)?;
        if text.trim().is_empty() {
            return Err("must not be empty".to_owned());
        }
        Ok(Self(text))
    }

    /// The checked text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for CommentBody {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for CommentBody {
    fn schema_name() -> Cow<'static, str> {
        "CommentBody".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": Markdown::MAX_BYTES })
    }
}

/// Marks, in a schema, an argument whose `null` means "clear" and is not just "left out".
pub const NULL_CLEARS: &str = "x-null-clears";

/// What a partial change says of one field: absent keeps, `null` clears, a value sets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Patch<T> {
    /// The field was not named.
    #[default]
    Keep,
    /// The field was `null`.
    Clear,
    /// The field has a new value.
    Set(T),
}

impl<T> Patch<T> {
    /// True when the field is to change.
    #[must_use]
    pub fn is_change(&self) -> bool {
        !matches!(self, Self::Keep)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Patch_{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Option::<T>::json_schema(generator);
        schema.insert(NULL_CLEARS.to_owned(), true.into());
        schema
    }

    fn _schemars_private_is_option() -> bool {
        true
    }
}
