//! The tools there are, in the order in which they are listed.
//!
//! Built once at start. The order is the order of the list in the code, so that two servers of one
//! version list the same, and a client's prompt cache holds.

use std::collections::HashMap;

use rmcp::model::{JsonObject, Tool as ListedTool, ToolAnnotations};
use serde_json::{Value, json};

use super::arguments::Takes;
use super::names;
use super::schema;
use super::tool::{Effect, Prepare, Prepared, Tool, WaitingTool, prepare_call, prepare_wait};
use crate::config::ToolNames;
use crate::error::Result;

/// One tool without its type.
pub struct Entry {
    name: &'static str,
    effect: Effect,
    verbose: bool,
    description: String,
    /// The schema as it is listed.
    schema: JsonObject,
    /// The tool's own arguments, for the refusal of others.
    known: Vec<String>,
    prepare: Prepare,
}

impl Entry {
    /// An ordinary tool.
    #[must_use]
    pub fn of<T: Tool>() -> Self {
        let described = schema::describe::<T>();
        let known = own_arguments(&described.schema);
        let mut schema = described.schema;
        if T::LISTS_PROJECT {
            schema::add_argument(&mut schema, "project_id", json!({ "type": "string" }));
        }
        if T::VERBOSE {
            schema::add_argument(&mut schema, "verbose", json!({ "type": "boolean" }));
        }
        if T::LISTS_KEY {
            let key = json!({ "type": "string", "maxLength": 64 });
            schema::add_argument(&mut schema, "idempotency_key", key);
        }
        Self {
            name: T::NAME,
            effect: T::EFFECT,
            verbose: T::VERBOSE,
            description: described.description,
            schema,
            known,
            prepare: prepare_call::<T>,
        }
    }

    /// A tool that waits.
    #[must_use]
    pub fn waiting<T: WaitingTool>() -> Self {
        let described = schema::describe::<T>();
        Self {
            name: T::NAME,
            effect: Effect::Read,
            verbose: false,
            description: described.description,
            known: own_arguments(&described.schema),
            schema: described.schema,
            prepare: prepare_wait::<T>,
        }
    }

    /// The tool's name in our words.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the tool does to the world.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Which common arguments the tool takes.
    #[must_use]
    pub fn takes(&self) -> Takes {
        Takes { idempotency_key: self.effect != Effect::Read, verbose: self.verbose }
    }

    pub(super) fn prepare(&self, arguments: JsonObject) -> Result<Prepared> {
        (self.prepare)(arguments, &self.known)
    }

    fn list(&self, style: ToolNames) -> ListedTool {
        ListedTool::new(
            names::listed(self.name, style),
            self.description.clone(),
            self.schema.clone(),
        )
        .with_title(names::title(self.name))
        .with_annotations(annotations(self.effect))
    }
}

/// All tools of a server.
pub struct Registry {
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    listed: Vec<ListedTool>,
}

impl Registry {
    /// Puts tools together; the later of two with one name is not reachable.
    #[must_use]
    pub fn new(entries: Vec<Entry>, style: ToolNames) -> Self {
        let listed = entries.iter().map(|entry| entry.list(style)).collect();
        let mut by_name = HashMap::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            by_name.entry(names::canonical(entry.name)).or_insert(index);
        }
        Self { entries, by_name, listed }
    }

    /// The tool of a name, in any of its spellings.
    #[must_use]
    pub fn find(&self, spelled: &str) -> Option<&Entry> {
        self.by_name.get(&names::canonical(spelled)).map(|index| &self.entries[*index])
    }

    /// All tools, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All tools as `tools/list` gives them.
    #[must_use]
    pub fn listed(&self) -> &[ListedTool] {
        &self.listed
    }
}

/// The hints that say something: a read is neither destructive nor repeatable to any effect.
fn annotations(effect: Effect) -> ToolAnnotations {
    let annotations = ToolAnnotations::new();
    match effect {
        Effect::Read => annotations.read_only(true),
        Effect::Write { idempotent, destructive } => {
            let annotations = annotations.destructive(destructive);
            if idempotent { annotations.idempotent(true) } else { annotations }
        }
    }
}

fn own_arguments(schema: &JsonObject) -> Vec<String> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .map(|properties| properties.keys().cloned().collect())
        .unwrap_or_default()
}
