//! Every tool, called with ids of another project: no effect there, and nothing learnt.

use nottario::config::ToolNames;
use nottario::mcp::{self, registry::Registry};
use serde_json::{Value, json};

use crate::mcp_server::serve;

/// A call of each tool that would succeed on a task of one's own.
fn recipes(task: &str, other: &str) -> Vec<(&'static str, Value)> {
    let task = || json!({"task_id": task});
    let with = |mut base: Value, more: Value| {
        let more = more.as_object().unwrap().clone();
        base.as_object_mut().unwrap().extend(more);
        base
    };
    vec![
        ("whoami", json!({})),
        ("projects.list", json!({})),
        ("projects.get", json!({})),
        ("projects.list_roles", json!({})),
        ("projects.list_priorities", json!({})),
        ("projects.list_members", json!({})),
        ("tasks.claim_next", json!({"parent_task_id": other})),
        ("tasks.claim", task()),
        ("tasks.next", json!({"parent_task_id": other})),
        ("tasks.heartbeat", task()),
        ("tasks.release", task()),
        ("tasks.close", task()),
        ("tasks.list", json!({"parent_task_id": other})),
        ("tasks.get", task()),
        ("tasks.create", json!({"title": "x", "parent_task_id": other})),
        (
            "tasks.plan",
            json!({
                "feature": {"title": "x"},
                "tasks": [{"ref": "a", "title": "a", "depends_on": [other]}],
            }),
        ),
        ("tasks.update", with(task(), json!({"title": "x"}))),
        ("tasks.set_state", with(task(), json!({"state": "doing"}))),
        ("tasks.add_comment", with(task(), json!({"body": "x"}))),
        ("tasks.link_commit", with(task(), json!({"repo": "a/b", "sha": "1234567"}))),
        ("tasks.add_dependency", with(task(), json!({"depends_on_id": other}))),
        ("tasks.remove_dependency", with(task(), json!({"depends_on_id": other}))),
        ("tasks.inconsistencies", json!({})),
        ("cycles.list", json!({})),
        ("cycles.current", json!({})),
        ("cycles.get", json!({"cycle_id": other})),
        ("cycles.end", json!({})),
        ("events.since", json!({"task_id": other})),
        ("events.wait", json!({"task_id": other, "seconds": 0})),
    ]
}

#[test]
fn every_tool_has_a_recipe() {
    let registry = Registry::new(mcp::tools(), ToolNames::Underscore);
    let registered: Vec<_> = registry.entries().iter().map(mcp::registry::Entry::name).collect();
    let recipes: Vec<_> = recipes("A-1", "A-2").into_iter().map(|(tool, _)| tool).collect();
    assert_eq!(registered, recipes);
}

#[tokio::test]
async fn a_foreign_id_is_answered_like_one_that_does_not_exist() {
    let server = serve().await;
    let theirs = server.other_project("borealis").await;
    let marker = "a-title-that-must-not-appear";
    let feature =
        theirs.ok("tasks.create", json!({"title": marker, "type": "feature"})).await["id"].clone();
    let foreign = feature.as_str().unwrap();
    let random = uuid::Uuid::new_v4().to_string();

    for ((tool, with_foreign), (_, with_random)) in
        recipes(foreign, foreign).into_iter().zip(recipes(&random, &random))
    {
        if tool == "cycles.end" {
            continue;
        }
        let one = server.agent.call(tool, with_foreign).await;
        let other = server.agent.call(tool, with_random).await;
        assert_eq!(one.is_error, other.is_error, "{tool}: {} / {}", one.text, other.text);
        if one.is_error {
            assert_eq!(
                one.text.replace(foreign, "ID"),
                other.text.replace(&random, "ID"),
                "{tool}"
            );
        }
        assert!(!one.text.contains(marker) && !one.text.contains("borealis"), "{tool}");
    }
    let unchanged = theirs.ok("tasks.get", json!({"task_id": foreign})).await;
    assert_eq!(unchanged["task"]["version"], 1);
    let touched = format!(
        "select count(*) from (select project_id, kind from event_outbox \
         union all select project_id, kind from events) as e \
         where project_id = '{}' and kind not in ('project.created', 'token.issued', \
         'project.changed', 'task.created')",
        theirs.project
    );
    assert_eq!(server.world.number(touched).await, 0);
}
