//! No effect on, and no information about, another project: every tool, every kind of id.
//!
//! Each cell of the matrix is one call over HTTP with the caller's own token. It is refused in the
//! words in which an id of nothing is refused, it writes nothing anywhere, and the word that is in
//! every text of the other project is in no answer.

mod recipes;
mod worlds;

use std::collections::BTreeSet;

use chrono::Utc;
use nottario::access::{Caller, Via};
use nottario::config::ToolNames;
use nottario::identity::tokens::{self, NewToken};
use nottario::ids::TokenId;
use nottario::mcp;
use nottario::mcp::registry::{Entry, Registry};
use nottario::mcp::tool::Effect;
use nottario::projects;
use serde_json::{Value, json};
use uuid::Uuid;

use self::recipes::{Names, Recipe, recipes};
use self::worlds::{MARKER, Rows, Worlds, worlds};
use crate::served::Answer;
use crate::world::line;

/// An answer without the id that it answers to, so that answers to different ids can be compared.
fn without(answer: &Answer, id: &str) -> String {
    let shown = format!("{} {}", answer.text, answer.facts);
    shown.replace(id, "<id>").replace(&id.to_ascii_uppercase(), "<id>")
}

fn assert_no_trace(answer: &str, of: &str) {
    assert!(!answer.to_lowercase().contains(MARKER), "{of} tells of the other project: {answer}");
}

impl Worlds {
    /// Calls a tool with an id that is not there for the caller, sees to it that nothing is told of
    /// the other project, and gives the answer without the id.
    async fn miss(&self, recipe: &Recipe, at: &str, id: &str) -> String {
        let answer = self.caller.call(recipe.tool, recipe.with(at, &json!(id))).await;
        let shown = without(&answer, id);
        assert_no_trace(&shown, &format!("{} with {id} at {at}", recipe.tool));
        shown
    }

    async fn recipes(&self) -> Vec<Recipe> {
        recipes(&self.caller, "ana").await
    }
}

#[tokio::test]
async fn an_id_of_another_project_is_an_id_of_nothing() {
    let worlds = worlds().await;
    let random = Rows::random();
    let recipes = worlds.recipes().await;
    let before = worlds.server.fingerprint().await;
    let mut cells = 0;
    for recipe in recipes {
        for (at, names) in recipe.names.clone() {
            let cell = format!("{} at {at}", recipe.tool);
            let nothing = random.forms(names);
            let foreign = worlds.foreign.forms(names);
            let deleted = worlds.deleted.forms(names);
            assert_eq!(foreign.len(), nothing.len());
            for (form, nothing) in nothing.iter().enumerate() {
                let refusal = worlds.miss(&recipe, at, nothing).await;
                let told = worlds.miss(&recipe, at, &foreign[form]).await;
                if matches!(names, Names::TaskCursor | Names::CycleCursor | Names::EventCursor) {
                    // A place in a list says nothing of whose list it was.
                    assert!(refusal.starts_with("invalid: cursor"), "{cell}: {refusal}");
                } else {
                    let expected =
                        if names == Names::Claim { "lost_claim: " } else { "not_found: " };
                    assert!(refusal.starts_with(expected), "{cell}: {refusal}");
                    assert_eq!(told, refusal, "{cell}: foreign and random differ");
                }
                if let Some(deleted) = deleted.get(form) {
                    assert_eq!(worlds.miss(&recipe, at, deleted).await, refusal, "{cell}: deleted");
                }
                cells += 1;
            }
        }
        assert_eq!(worlds.server.fingerprint().await, before, "{} wrote", recipe.tool);
    }
    assert!(cells > 60, "only {cells} cells");
    worlds.server.stop().await;
}

#[tokio::test]
async fn a_call_that_targets_another_project_is_told_so_and_no_more() {
    let worlds = worlds().await;
    let gone = worlds.server.world.project("gone").await;
    worlds.server.world.run(format!("delete from projects where id = '{}'", gone.id)).await;
    let other = &worlds.other;
    for recipe in worlds.recipes().await {
        let before = worlds.server.fingerprint().await;
        for target in [
            &other.id,
            &other.slug,
            &other.key,
            &Uuid::now_v7().to_string(),
            &gone.id.to_string(),
            "no-such-project",
            "NOSUCH",
        ] {
            let answer = worlds.caller.refused(recipe.tool, recipe.and("project_id", target)).await;
            assert_eq!(
                answer,
                format!(
                    "scope: token scoped to project atlas, request targets {target}. \
                     Next: leave project_id out, or use a token of that project."
                ),
                "{}",
                recipe.tool
            );
        }
        assert_eq!(worlds.server.fingerprint().await, before, "{} wrote", recipe.tool);
    }
    worlds.server.stop().await;
}

#[tokio::test]
async fn every_recipe_succeeds_at_home_and_tells_nothing_of_elsewhere() {
    let worlds = worlds().await;
    let own = [worlds.own.id.to_string(), "atlas".to_owned(), "ATLAS".to_owned()];
    for (recipe, own) in worlds.recipes().await.iter().zip(own.iter().cycle()) {
        let facts = worlds.caller.ok(recipe.tool, recipe.and("project_id", own)).await;
        assert_no_trace(&facts.to_string(), recipe.tool);
    }
    worlds.server.stop().await;
}

#[tokio::test]
async fn every_tool_has_a_recipe_that_tries_every_id_it_takes() {
    let worlds = worlds().await;
    let recipes = worlds.recipes().await;
    let registry = Registry::new(mcp::tools(), ToolNames::Underscore);
    let registered: Vec<_> = registry.entries().iter().map(Entry::name).collect();
    let covered: Vec<_> = recipes.iter().map(|recipe| recipe.tool).collect();
    assert_eq!(covered, registered, "a tool without a recipe, or a recipe without a tool");

    for (recipe, listed) in recipes.iter().zip(registry.listed()) {
        let mut wanted = BTreeSet::new();
        ids_in(&Value::Object((*listed.input_schema).clone()), "", &mut wanted);
        for not_a_row in NOT_ROWS {
            wanted.remove(not_a_row);
        }
        let tried: BTreeSet<_> = recipe.names.iter().map(|(at, _)| (*at).to_owned()).collect();
        assert_eq!(tried, wanted, "{}", recipe.tool);
        for (at, _) in &recipe.names {
            assert!(recipe.arguments.pointer(at).is_some_and(Value::is_string), "{at}");
        }
    }
    worlds.server.stop().await;
}

/// Arguments that look as if they named a row: a project, which has a test of its own for every
/// tool, and the kinds of events, which are words of a list that is too long for the schema.
const NOT_ROWS: [&str; 2] = ["/project_id", "/kinds/0"];

/// Where a schema takes the name of a row: a string that is neither bounded, as texts are, nor one
/// of a few words; and whatever is called a dependency.
fn ids_in(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, property) in properties {
            ids_in(property, &format!("{at}/{name}"), found);
        }
    }
    if schema.get("items").is_some() {
        ids_in(&schema["items"], &format!("{at}/0"), found);
    }
    let is_text = ["maxLength", "pattern", "enum"].iter().any(|bound| schema.get(bound).is_some());
    let is_string = schema["type"] == "string" || schema["type"] == json!(["string", "null"]);
    if is_string && (!is_text || at.contains("depends_on")) {
        found.insert(at.to_owned());
    }
}

#[test]
fn an_id_argument_without_a_recipe_would_be_found() {
    let schema = json!({ "properties": {
        "title": { "type": "string", "maxLength": 9 },
        "kind": { "type": "string", "enum": ["a"] },
        "doc_id": { "type": ["string", "null"] },
        "rows": { "type": "array", "items": { "properties": { "node": { "type": "string" } } } },
    }});
    let mut found = BTreeSet::new();
    ids_in(&schema, "", &mut found);
    assert_eq!(found, ["/doc_id", "/rows/0/node"].map(str::to_owned).into());
}

#[tokio::test]
async fn an_archived_project_is_read_and_not_written() {
    let worlds = worlds().await;
    let recipes = worlds.recipes().await;
    let archive = format!("update projects set archived_at = now() where id = '{}'", worlds.own.id);
    worlds.server.world.run(archive).await;
    let before = worlds.server.fingerprint().await;
    for (recipe, entry) in recipes.iter().zip(mcp::tools()) {
        let arguments = recipe.arguments.clone();
        if entry.effect() == Effect::Read {
            worlds.caller.ok(recipe.tool, arguments).await;
        } else {
            let refusal = worlds.caller.refused(recipe.tool, arguments).await;
            assert!(
                refusal.starts_with("forbidden: you may not ")
                    && refusal.contains("the project is archived and read-only"),
                "{}: {refusal}",
                recipe.tool
            );
        }
        assert_eq!(worlds.server.fingerprint().await, before, "{} wrote", recipe.tool);
    }
    worlds.server.stop().await;
}

#[tokio::test]
async fn a_token_that_has_ended_opens_nothing_from_the_next_call_on() {
    let worlds = worlds().await;
    let world = &worlds.server.world;
    let recipes = worlds.recipes().await;
    let ben = world.member(&worlds.own, "ben", &["backend"]).await.user;
    let revoked = worlds.own.agent("revoked").await;
    let removed = worlds.own.agent_of(&ben, "removed").await;
    let expired = worlds.own.agent("expired").await;
    let deleted = world.project_of("short-lived", &ben).await;
    let homeless = deleted.agent("homeless").await;
    let agents = [&revoked, &removed, &expired, &homeless];
    for agent in agents {
        worlds.server.client(agent).ok("whoami", json!({})).await;
    }

    let mut tx = world.pool.begin().await.unwrap();
    tokens::revoke(&mut tx, &worlds.own.scope, revoked.token).await.unwrap();
    projects::remove_member(&mut tx, &worlds.own.scope, ben.id).await.unwrap();
    tx.commit().await.unwrap();
    world
        .run(format!(
            "update tokens set expires_at = now() - interval '1 second' where id = '{}'; \
             delete from projects where id = '{}'",
            expired.token, deleted.id
        ))
        .await;

    let before = worlds.server.fingerprint().await;
    for agent in agents {
        let client = worlds.server.client(agent);
        for recipe in &recipes {
            let response = client.send(recipe.tool, &recipe.arguments).await;
            assert_eq!(response.status(), 401, "{}", recipe.tool);
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["reason"], "revoked", "{body}");
        }
    }
    assert_eq!(worlds.server.fingerprint().await, before);
    worlds.server.stop().await;
}

#[tokio::test]
async fn being_an_administrator_widens_no_token() {
    let worlds = worlds().await;
    let world = &worlds.server.world;
    let admin = world.admin.clone();
    assert!(admin.is_admin);
    worlds.own.join(&admin, &["backend"]).await;
    let client = worlds.server.client(&worlds.own.agent_of(&admin, "admins").await);
    let before = worlds.server.fingerprint().await;

    let refusal = client.refused("cycles.end", json!({})).await;
    assert!(refusal.starts_with("forbidden: "), "{refusal}");
    assert!(refusal.contains("that takes the project's owner"), "{refusal}");
    let refusal = client.refused("projects.get", json!({ "project_id": worlds.other.id })).await;
    assert!(refusal.starts_with("scope: "), "{refusal}");
    for id in worlds.foreign.forms(Names::Task) {
        let refusal = client.refused("tasks.get", json!({ "task_id": id })).await;
        assert!(refusal.starts_with("not_found: "), "{refusal}");
        let refusal =
            client.refused("tasks.close", json!({ "task_id": id, "state": "done" })).await;
        assert!(refusal.starts_with("not_found: "), "{refusal}");
    }

    assert_eq!(worlds.server.fingerprint().await, before);
    worlds.server.stop().await;
}

#[tokio::test]
async fn an_administrator_gets_no_token_where_it_is_no_member() {
    let worlds = worlds().await;
    let world = &worlds.server.world;
    let admin = world.admin.id;
    let new = NewToken { user: admin, name: line("mine"), default_role: None, expires_at: None };
    let mut tx = world.pool.begin().await.unwrap();
    let scope = nottario::access::enter_as_system(&mut tx, worlds.own.id).await.unwrap();
    let refused = tokens::issue(&mut tx, &scope, &new, Utc::now()).await.unwrap_err();
    assert_eq!(refused.code(), "not_found");

    // Even a token that somebody put there by hand enters nothing.
    let via = Via::Token { id: TokenId::fresh(), project: worlds.own.id, slug: "atlas".into() };
    let caller = Caller { user: admin, via };
    let refused = nottario::access::enter(&mut tx, &caller, worlds.own.id).await.unwrap_err();
    assert_eq!(refused.code(), "not_found");
}

#[tokio::test]
async fn an_idempotency_key_of_another_project_means_nothing() {
    let worlds = worlds().await;
    // The other project's plan was made under this key; see `worlds`.
    let create = json!({ "title": "ours", "idempotency_key": MARKER });

    let first = worlds.caller.ok("tasks.create", create.clone()).await;
    let again = worlds.caller.ok("tasks.create", create).await;

    assert_eq!(first["title"], "ours");
    assert_eq!(again, first);
    worlds.server.stop().await;
}
