//! From an argument type to the smallest schema that says the same.
//!
//! Every agent pays for the whole list in every session. So a schema has types, bounds, choices
//! and what is required, and a description only where the author wrote one. What a client cannot
//! act on (titles, formats, `$schema`, `null` beside an argument that may be left out) is gone.

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::text::NULL_CLEARS;

/// An argument type as the tool list shows it.
#[derive(Clone, Debug)]
pub struct Described {
    /// The type's doc comment: what the tool does, for the model.
    pub description: String,
    /// The arguments.
    pub schema: JsonObject,
}

/// Describes an argument type.
#[must_use]
pub fn describe<T: JsonSchema>() -> Described {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let types = match schema.get_mut("$defs").map(Value::take) {
        Some(Value::Object(types)) => types,
        _ => Map::new(),
    };
    minimise(&mut schema, &types);
    let mut schema = match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    let description = match schema.remove("description") {
        Some(Value::String(description)) => description,
        _ => String::new(),
    };
    // A type without arguments; clients expect the member all the same.
    schema.entry("properties").or_insert_with(|| json!({}));
    Described { description, schema }
}

/// Adds an argument that does not come from the type.
pub fn add_argument(schema: &mut JsonObject, name: &str, argument: Value) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert(name.to_owned(), argument);
    }
}

/// Shortens one schema and everything in it. Argument types do not contain themselves, so writing
/// named types out where they are used comes to an end.
fn minimise(schema: &mut Value, types: &JsonObject) {
    let Value::Object(members) = schema else { return };
    if members.remove(NULL_CLEARS).is_none() {
        drop_null(members);
    }
    write_out_type(members, types);
    for noise in ["$schema", "$defs", "title", "format", "examples"] {
        members.remove(noise);
    }
    if members.get("default").is_some_and(is_empty) {
        members.remove("default");
    }
    if members.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        members.remove("required");
    }
    if let Some(Value::String(description)) = members.get_mut("description") {
        *description = description.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    join_choices(members);
    for (name, member) in members.iter_mut() {
        match (name.as_str(), member) {
            ("properties", Value::Object(properties)) => {
                for schema in properties.values_mut() {
                    minimise(schema, types);
                }
            }
            ("anyOf" | "oneOf" | "allOf", Value::Array(alternatives)) => {
                for schema in alternatives {
                    minimise(schema, types);
                }
            }
            ("items" | "additionalProperties", member) => minimise(member, types),
            _ => {}
        }
    }
}

/// Replaces the name of a type by the type, without what its author wrote about it for us.
fn write_out_type(members: &mut JsonObject, types: &JsonObject) {
    let Some(Value::String(reference)) = members.remove("$ref") else { return };
    let named = reference.rsplit('/').next().and_then(|name| types.get(name));
    if let Some(Value::Object(named)) = named {
        for (name, member) in named {
            if name != "description" {
                members.entry(name).or_insert_with(|| member.clone());
            }
        }
    }
}

/// A default that says no more than that the argument may be left out.
fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Leaves out `null` as a choice: the argument can be left out instead.
fn drop_null(members: &mut JsonObject) {
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = members.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    for list in ["anyOf", "oneOf"] {
        let Some(Value::Array(alternatives)) = members.get_mut(list) else { continue };
        alternatives.retain(|alternative| *alternative != json!({ "type": "null" }));
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            members.remove(list);
            for (name, member) in only {
                // What the argument says of itself goes before what its type says.
                members.entry(name).or_insert(member);
            }
        }
    }
}

/// Writes a choice among constants, each with a description, as one plain enumeration.
fn join_choices(members: &mut JsonObject) {
    for list in ["oneOf", "anyOf"] {
        let Some(Value::Array(alternatives)) = members.get(list) else { continue };
        let mut choices = Vec::new();
        let all_constant = alternatives.iter().all(|alternative| {
            if alternative.get("type").is_some_and(|kind| kind != "string") {
                return false;
            }
            match (alternative.get("const"), alternative.get("enum")) {
                (Some(choice), _) => choices.push(choice.clone()),
                (None, Some(Value::Array(several))) => choices.extend(several.iter().cloned()),
                _ => return false,
            }
            true
        });
        if all_constant && !choices.is_empty() {
            members.remove(list);
            members.insert("type".to_owned(), json!("string"));
            members.insert("enum".to_owned(), Value::Array(choices));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(dead_code, reason = "the types exist for their schemas")]

    use serde::Deserialize;

    use super::*;
    use crate::ids::ClaimId;
    use crate::text::{Patch, Title};

    /// Does a thing,
    /// in two lines.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        title: Title,
        /// Why.
        reason: Option<String>,
        claim_id: Option<ClaimId>,
        #[schemars(range(min = 1, max = 1440))]
        minutes: Option<i32>,
        colour: Option<Colour>,
        #[serde(default)]
        note: Patch<Title>,
        #[serde(default)]
        rows: Vec<Row>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        /// As the sky.
        Blue,
        /// As the sun.
        Red,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Row {
        format: String,
    }

    /// Nothing to say.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    #[test]
    fn a_schema_keeps_bounds_and_choices_and_nothing_else() {
        let described = describe::<Sample>();

        assert_eq!(described.description, "Does a thing, in two lines.");
        assert_eq!(
            Value::Object(described.schema),
            json!({
                "type": "object",
                "properties": {
                    "title": {"type": "string", "minLength": 1, "maxLength": 200},
                    "reason": {"type": "string", "description": "Why."},
                    "claim_id": {"type": "string"},
                    "minutes": {"type": "integer", "minimum": 1, "maximum": 1440},
                    "colour": {"type": "string", "enum": ["blue", "red"]},
                    "note": {"type": ["string", "null"], "minLength": 1, "maxLength": 200},
                    "rows": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"format": {"type": "string"}},
                            "required": ["format"],
                            "additionalProperties": false,
                        },
                    },
                },
                "required": ["title"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn a_tool_without_arguments_says_so() {
        assert_eq!(
            Value::Object(describe::<Nothing>().schema),
            json!({"type": "object", "properties": {}, "additionalProperties": false})
        );
    }
}
