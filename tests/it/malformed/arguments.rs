//! Bad arguments, made from the schemas that the tools list.
//!
//! Every value made here breaks a rule that its schema states or that every text obeys, so each
//! call is to be refused, and the refusal is to name the argument.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _};
use serde_json::{Map, Value, json};

/// Arguments of one tool, with one bad one among them.
#[derive(Clone, Debug)]
pub(crate) struct BadArguments {
    /// The tool's listed name.
    pub(crate) tool: String,
    /// All of the arguments.
    pub(crate) arguments: Value,
    /// What the refusal has to name.
    pub(crate) named: String,
}

/// A tool as it is listed.
pub(crate) struct Listed {
    name: String,
    schema: Value,
    /// The common arguments that are taken and not listed, each with a schema.
    common: Vec<(&'static str, Value)>,
}

/// Reads the tools from an answer to `tools/list`.
pub(crate) fn listed(tools: &[Value]) -> Vec<Listed> {
    tools
        .iter()
        .map(|tool| {
            let mut common = vec![("project_id", json!({ "type": "string" }))];
            if tool["annotations"]["readOnlyHint"] != true {
                common.push((
                    "idempotency_key",
                    json!({ "type": "string", "minLength": 1, "maxLength": 64 }),
                ));
            }
            let name = tool["name"].as_str().unwrap().to_owned();
            Listed { name, schema: tool["inputSchema"].clone(), common }
        })
        .collect()
}

impl Listed {
    /// Good arguments but for one, which is chosen and made at random.
    pub(crate) fn spoilt(&self, rng: &mut StdRng) -> BadArguments {
        let mut arguments = required(&self.schema);
        let properties: Vec<_> = self.schema["properties"].as_object().unwrap().keys().collect();
        let pick = rng.random_range(0..properties.len() + self.common.len() + 2);
        let named = if let Some(name) = properties.get(pick) {
            spoil_member(&mut arguments, name, &self.schema, rng)
        } else if let Some((name, schema)) = self.common.get(pick - properties.len()) {
            let (value, inner) = bad(name, schema, rng);
            arguments[*name] = value;
            format!("{name}{inner}")
        } else {
            let name = stranger(rng);
            arguments[&name] = anything(rng, 2);
            name
        };
        BadArguments { tool: self.name.clone(), arguments, named }
    }
}

/// Arguments with all that is required, each as short as its schema lets it be.
pub(crate) fn required(schema: &Value) -> Value {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let members = required.iter().map(|name| {
        let name = name.as_str().unwrap();
        (name.to_owned(), good(name, &schema["properties"][name]))
    });
    Value::Object(members.collect())
}

fn good(name: &str, schema: &Value) -> Value {
    if let Some(choices) = schema["enum"].as_array() {
        return choices[0].clone();
    }
    match (name, schema["type"].as_str()) {
        ("task_id" | "depends_on", Some("string")) => json!("ATL-1"),
        ("kinds", Some("string")) => json!("task.created"),
        ("depends_on_id", Some(_)) => json!("ATL-2"),
        ("repo", _) => json!("atlas/web"),
        ("sha", _) => json!("abcdef1"),
        ("cycle_id", _) => json!("sprint-1"),
        (_, Some("array")) => json!([good(name, &schema["items"])]),
        (_, Some("object")) => required(schema),
        (_, Some("integer")) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (_, Some("boolean")) => json!(true),
        _ => json!("good"),
    }
}

/// Spoils one member of an object, or leaves out a required one; what the refusal has to name.
fn spoil_member(object: &mut Value, name: &str, schema: &Value, rng: &mut StdRng) -> String {
    let is_required =
        schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    if is_required && rng.random_ratio(1, 8) {
        if rng.random() {
            object.as_object_mut().unwrap().remove(name);
        } else {
            object[name] = Value::Null;
        }
        return name.to_owned();
    }
    let (value, inner) = bad(name, &schema["properties"][name], rng);
    object[name] = value;
    format!("{name}{inner}")
}

/// A value that its schema does not allow, and where in it the fault is.
fn bad(name: &str, schema: &Value, rng: &mut StdRng) -> (Value, String) {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap(),
        kind => kind.as_str().unwrap(),
    };
    if rng.random_ratio(1, 3) {
        return (of_another_type(kind, rng), String::new());
    }
    match kind {
        "string" => (bad_text(schema, rng), String::new()),
        "integer" => (bad_number(schema, rng), String::new()),
        "array" => bad_list(name, schema, rng),
        "object" => bad_object(schema, rng),
        _ => (of_another_type(kind, rng), String::new()),
    }
}

fn of_another_type(kind: &str, rng: &mut StdRng) -> Value {
    loop {
        let value = anything(rng, 3);
        let is_of_type = match &value {
            // Absent and null are the same for what may be left out.
            Value::Null => true,
            Value::Bool(_) => kind == "boolean",
            Value::Number(number) => kind == "integer" && !number.is_f64(),
            Value::String(_) => kind == "string",
            // A list or an object of the right type can still be right.
            Value::Array(_) => kind == "array" || kind == "object",
            Value::Object(_) => kind == "object",
        };
        if !is_of_type {
            return value;
        }
    }
}

/// A text that nothing takes: characters no text may have, too long, or not among the choices.
fn bad_text(schema: &Value, rng: &mut StdRng) -> Value {
    let longest = schema["maxLength"].as_u64().map_or(100, |most| usize::try_from(most).unwrap());
    let filler = ["x", "ä", "試", "👩\u{200D}💻", "\u{202E}", "%", "'", "\\", "\""];
    match rng.random_range(0..4) {
        0 => json!(format!("{}\0", words(rng))),
        1 => json!(format!("no such thing: {}", words(rng)).repeat(longest / 10 + 1)),
        2 => json!(filler.choose(rng).unwrap().repeat(longest + 1 + rng.random_range(0..50))),
        _ if schema.get("enum").is_some() => json!(format!("{}-", words(rng))),
        // Some texts may be empty; nothing that names something may.
        _ if schema.get("minLength").is_none() && schema.get("maxLength").is_some() => {
            json!("\0".repeat(longest))
        }
        _ => json!(""),
    }
}

fn bad_number(schema: &Value, rng: &mut StdRng) -> Value {
    let low = schema["minimum"].as_i64().unwrap_or(i64::from(i32::MIN));
    let high = schema["maximum"].as_i64().unwrap_or(i64::from(u32::MAX));
    match rng.random_range(0..6) {
        0 => json!(low - 1 - rng.random_range(0..1_000_000)),
        1 => json!(high + 1 + rng.random_range(0..1_000_000)),
        2 => json!(i64::MIN),
        3 => json!(u64::MAX),
        4 => json!(f64::from(rng.random_range(1..100)) + 0.5),
        _ => json!(1e300),
    }
}

fn bad_list(name: &str, schema: &Value, rng: &mut StdRng) -> (Value, String) {
    let item = good(name, &schema["items"]);
    let most = schema["maxItems"].as_u64();
    if let Some(most) = most.filter(|_| rng.random_ratio(1, 4)) {
        let count = usize::try_from(most).unwrap() + 1;
        return (json!(vec![item; count]), String::new());
    }
    let before = rng.random_range(0..3);
    let mut items = vec![item; before];
    let (spoilt, inner) = bad(name, &schema["items"], rng);
    items.push(spoilt);
    (json!(items), format!("[{before}]{inner}"))
}

fn bad_object(schema: &Value, rng: &mut StdRng) -> (Value, String) {
    let mut object = required(schema);
    let properties: Vec<_> = schema["properties"].as_object().unwrap().keys().collect();
    let pick = rng.random_range(0..=properties.len());
    let named = if let Some(name) = properties.get(pick) {
        spoil_member(&mut object, name, schema, rng)
    } else {
        let name = stranger(rng);
        object[&name] = anything(rng, 1);
        name
    };
    (object, format!(".{named}"))
}

/// The name of an argument that no tool takes.
fn stranger(rng: &mut StdRng) -> String {
    format!("stranger_{}", rng.random_range(0..10_000))
}

/// Any JSON value.
pub(crate) fn anything(rng: &mut StdRng, depth: u32) -> Value {
    match rng.random_range(0..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => json!(rng.random::<bool>()),
        2 => json!(rng.next_u64()),
        3 => json!(rng.random_range(-1e20..1e20)),
        4 => json!(words(rng)),
        5 => (0..rng.random_range(0..4)).map(|_| anything(rng, depth - 1)).collect(),
        _ => Value::Object(
            (0..rng.random_range(0..4))
                .map(|_| (words(rng), anything(rng, depth - 1)))
                .collect::<Map<_, _>>(),
        ),
    }
}

/// A few characters, plain and odd.
pub(crate) fn words(rng: &mut StdRng) -> String {
    const PIECES: [&str; 16] = [
        "a",
        "task",
        "\u{7F}",
        "\u{202E}",
        "\u{FEFF}",
        "\u{E0041}",
        "ß",
        "試",
        "🧑",
        "\u{301}",
        "'; drop table tasks; --",
        "${x}",
        "../..",
        "\r\n",
        "\u{FFFD}",
        "<script>",
    ];
    (0..rng.random_range(1..4)).map(|_| *PIECES.choose(rng).unwrap()).collect()
}
