//! What an agent reads when it got an argument wrong, word for word.

use std::collections::BTreeSet;

use nottario::mcp;
use nottario::mcp::registry::Entry;
use serde_json::{Value, json};

use super::served;

/// What follows a refusal that begins with `invalid`.
const CORRECT_IT: &str = "correct the argument and call again; nothing was written";
/// What follows one that begins with `not_found`.
const CHECK_IT: &str = "check the id, or list what is there";

/// The whole text, of which a row has what comes before the next step.
fn whole(refusal: &str) -> String {
    let next = match refusal.split(':').next() {
        Some("invalid") => CORRECT_IT,
        Some("not_found") => CHECK_IT,
        // A row with another code says its next step itself.
        _ => return refusal.to_owned(),
    };
    format!("{refusal}. Next: {next}.")
}

/// A tool, bad arguments, and the refusal.
type Row = (&'static str, Value, &'static str);

async fn check(rows: Vec<Row>) {
    let (server, client) = served().await;
    let before = server.fingerprint().await;
    for (tool, arguments, expected) in rows {
        assert_eq!(
            client.refused(tool, arguments.clone()).await,
            whole(expected),
            "{tool} {arguments}"
        );
    }
    assert_eq!(server.fingerprint().await, before);
    server.stop().await;
}

fn project() -> Vec<Row> {
    vec![
        (
            "whoami",
            json!({"verbose": true}),
            "invalid: verbose: unknown argument; this tool takes none",
        ),
        (
            "whoami",
            json!({"project_id": 7}),
            "invalid: project_id: expected an id, a slug or a key",
        ),
        (
            "whoami",
            json!({"idempotency_key": "k"}),
            "invalid: idempotency_key: unknown argument; this tool takes none",
        ),
        (
            "projects.list",
            json!({"limit": 1}),
            "invalid: limit: unknown argument; this tool takes none",
        ),
        (
            "projects.get",
            json!({"project_id": ["atlas"]}),
            "invalid: project_id: expected an id, a slug or a key",
        ),
        (
            "projects.get",
            json!({"slug": "atlas"}),
            "invalid: slug: unknown argument; this tool takes none",
        ),
        (
            "projects.list_roles",
            json!({"a\nb": 1}),
            "invalid: \"a\\nb\": unknown argument; this tool takes none",
        ),
        (
            "projects.list_priorities",
            json!({"key": "high"}),
            "invalid: key: unknown argument; this tool takes none",
        ),
        (
            "projects.list_members",
            json!({"user": "ana"}),
            "invalid: user: unknown argument; this tool takes none",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_project() {
    check(project()).await;
}

fn taking() -> Vec<Row> {
    vec![
        (
            "tasks.claim_next",
            json!({"type": "epic"}),
            "invalid: type: expected one of `task`, `bug`, `chore`, `spike`, `feature`, got `epic`",
        ),
        (
            "tasks.claim_next",
            json!({"type": 1}),
            "invalid: type: expected a string, got integer `1`",
        ),
        ("tasks.claim_next", json!({"role_id": ""}), "invalid: role_id: must not be empty"),
        (
            "tasks.claim_next",
            json!({"role_id": "design-lead"}),
            "not_found: there is no role \"design-lead\" (in role_id) here",
        ),
        (
            "tasks.claim_next",
            json!({"parent_task_id": "ATL1"}),
            "invalid: parent_task_id: a task key such as NOT-42, or a uuid",
        ),
        (
            "tasks.claim_next",
            json!({"parent_task_id": "ATL-99"}),
            "not_found: there is no task ATL-99 here",
        ),
        (
            "tasks.claim_next",
            json!({"cycle_id": "sprint-9"}),
            "not_found: there is no cycle sprint-9 (in cycle_id) here",
        ),
        (
            "tasks.claim_next",
            json!({"assigned_to_me": "yes"}),
            "invalid: assigned_to_me: expected true or false, got string \"yes\"",
        ),
        (
            "tasks.claim_next",
            json!({"lease_minutes": 0}),
            "invalid: lease_minutes: expected 1 to 1440, got 0",
        ),
        (
            "tasks.claim_next",
            json!({"lease_minutes": 1441}),
            "invalid: lease_minutes: expected 1 to 1440, got 1441",
        ),
        (
            "tasks.claim_next",
            json!({"lease_minutes": "60"}),
            "invalid: lease_minutes: expected a whole number, got string \"60\"",
        ),
        (
            "tasks.claim_next",
            json!({"idempotency_key": ""}),
            "invalid: idempotency_key: must not be empty",
        ),
        (
            "tasks.claim_next",
            json!({"idempotency_key": 5}),
            "invalid: idempotency_key: expected a string",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_taking() {
    check(taking()).await;
}

fn choosing() -> Vec<Row> {
    vec![
        ("tasks.claim", json!({}), "invalid: task_id: is required"),
        ("tasks.claim", json!({"task_id": null}), "invalid: task_id: expected a string, got null"),
        (
            "tasks.claim",
            json!({"task_id": 1}),
            "invalid: task_id: expected a string, got integer `1`",
        ),
        (
            "tasks.claim",
            json!({"task_id": "1"}),
            "invalid: task_id: a task key such as NOT-42, or a uuid",
        ),
        (
            "tasks.claim",
            json!({"task_id": "ATL-0"}),
            "invalid: task_id: a task key such as NOT-42, or a uuid",
        ),
        ("tasks.claim", json!({"task_id": "ATL-99"}), "not_found: there is no task ATL-99 here"),
        (
            "tasks.claim",
            json!({"task_id": "ATL-1", "claim_id": "ATL-1"}),
            "invalid: claim_id: expected a uuid",
        ),
        (
            "tasks.claim",
            json!({"task_id": "ATL-1", "take_over": 1}),
            "invalid: take_over: expected true or false, got integer `1`",
        ),
        (
            "tasks.claim",
            json!({"task_id": "ATL-1", "lease_minutes": 1.5}),
            "invalid: lease_minutes: expected a whole number, got floating point `1.5`",
        ),
        (
            "tasks.next",
            json!({"cycle_id": 3}),
            "invalid: cycle_id: expected a string, got integer `3`",
        ),
        (
            "tasks.next",
            json!({"idempotency_key": "k"}),
            "invalid: idempotency_key: unknown argument; this tool takes assigned_to_me, cycle_id, parent_task_id, role_id, type",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_choosing() {
    check(choosing()).await;
}

fn finishing() -> Vec<Row> {
    vec![
        (
            "tasks.heartbeat",
            json!({"task_id": "ATL-1", "note": ""}),
            "invalid: note: must not be empty",
        ),
        (
            "tasks.heartbeat",
            json!({"task_id": "ATL-1", "note": "two\nlines"}),
            "invalid: note: one line without control characters",
        ),
        (
            "tasks.heartbeat",
            json!({"task_id": "ATL-1", "note": "x".repeat(201)}),
            "invalid: note: at most 200 characters, got 201",
        ),
        (
            "tasks.heartbeat",
            json!({"task_id": "ATL-1", "claim_id": "01a20446-3783-774d-8568-17e05836b35c"}),
            "lost_claim: the claim on ATL-1 is no longer yours: it went back to the queue. Next: stop working on it, write nothing more to it, and take another task with claim_next.",
        ),
        (
            "tasks.heartbeat",
            json!({"task_id": "ATL-1"}),
            "not_ready: ATL-1 is todo, and nobody holds it. Next: take it with claim first.",
        ),
        (
            "tasks.release",
            json!({"task_id": "ATL-1", "reason": " "}),
            "invalid: reason: must not be empty",
        ),
        (
            "tasks.release",
            json!({"task_id": "ATL-1", "reason": {"text": "x"}}),
            "invalid: reason: expected a string, got an object",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "state": "closed"}),
            "invalid: state: expected `done` or `wont_do`, got `closed`",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "state": true}),
            "invalid: state: expected a string, got boolean `true`",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "comment": "a\0b"}),
            "invalid: comment: must not contain the character U+0000",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "commits": "abcdef1"}),
            "invalid: commits: expected a list, got string \"abcdef1\"",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "commits": ["abcdef1"]}),
            "invalid: commits[0]: expected an object, got string \"abcdef1\"",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "commits": [{"repo": "atlas/web"}]}),
            "invalid: commits[0].sha: is required",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "commits": [{"repo": "atlas", "sha": "abcdef1"}]}),
            "invalid: commits[0].repo: a repository such as owner/repo",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "commits": [{"repo": "atlas/web", "sha": "abcdef1"}, {"repo": "atlas/web", "sha": "main"}]}),
            "invalid: commits[1].sha: 7 to 64 hexadecimal digits",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "commits": [{"repo": "atlas/web", "sha": "abcdef1", "url": "x"}]}),
            "invalid: commits[0].url: unknown argument; expected one of `repo`, `sha`, `message`",
        ),
        (
            "tasks.close",
            json!({"task_id": "ATL-1", "cascade": "no"}),
            "invalid: cascade: expected true or false, got string \"no\"",
        ),
        ("tasks.set_state", json!({"task_id": "ATL-1"}), "invalid: state: is required"),
        (
            "tasks.set_state",
            json!({"task_id": "ATL-1", "state": "blocked"}),
            "invalid: state: expected one of `todo`, `doing`, `done`, `wont_do`, got `blocked`",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_finishing() {
    check(finishing()).await;
}

fn reading() -> Vec<Row> {
    vec![
        (
            "tasks.list",
            json!({"state": "open"}),
            "invalid: state: expected one of `todo`, `doing`, `done`, `wont_do`, got `open`",
        ),
        ("tasks.list", json!({"limit": 0}), "invalid: limit: expected 1 to 500, got 0"),
        ("tasks.list", json!({"limit": 501}), "invalid: limit: expected 1 to 500, got 501"),
        (
            "tasks.list",
            json!({"cursor": "2"}),
            "invalid: cursor: expected the next_cursor of the page before",
        ),
        (
            "tasks.list",
            json!({"cursor": "MC4tMjE0NzQ4MzY0OA"}),
            "invalid: cursor: expected the next_cursor of the page before",
        ),
        (
            "tasks.list",
            json!({"assignee_user_id": "nobody-here"}),
            "not_found: there is no member \"nobody-here\" (in assignee_user_id) here",
        ),
        (
            "tasks.list",
            json!({"target_role_id": "no role"}),
            "not_found: there is no role \"no role\" (in target_role_id) here",
        ),
        ("tasks.list", json!({"q": ""}), "invalid: q: must not be empty"),
        (
            "tasks.list",
            json!({"ready": null, "held_by_me": 0}),
            "invalid: held_by_me: expected true or false, got integer `0`",
        ),
        (
            "tasks.get",
            json!({"id": "ATL-1"}),
            "invalid: id: unknown argument; this tool takes comments_after, include, include_comments, include_commits, include_deps, offset, task_id",
        ),
        ("tasks.get", json!({"task_id": "atl-99"}), "not_found: there is no task ATL-99 here"),
        (
            "tasks.get",
            json!({"task_id": "ATL-1", "include": ["comments", "files"]}),
            "invalid: include[1]: expected one of `dependencies`, `dependents`, `children`, `comments`, `commits`, `events`, got `files`",
        ),
        (
            "tasks.get",
            json!({"task_id": "ATL-1", "include": "comments"}),
            "invalid: include: expected a list, got string \"comments\"",
        ),
        (
            "tasks.get",
            json!({"task_id": "ATL-1", "offset": -1}),
            "invalid: offset: expected a whole number that is not negative, got integer `-1`",
        ),
        (
            "tasks.get",
            json!({"task_id": "ATL-1", "comments_after": "01a20446-3783-774d-8568-17e05836b35c"}),
            "not_found: there is no comment 01a20446-3783-774d-8568-17e05836b35c here",
        ),
        (
            "tasks.inconsistencies",
            json!({"verbose": false}),
            "invalid: verbose: unknown argument; this tool takes none",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_reading() {
    check(reading()).await;
}

fn planning() -> Vec<Row> {
    vec![
        ("tasks.create", json!({}), "invalid: title: is required"),
        ("tasks.create", json!({"title": ""}), "invalid: title: must not be empty"),
        (
            "tasks.create",
            json!({"title": "x".repeat(201)}),
            "invalid: title: at most 200 characters, got 201",
        ),
        (
            "tasks.create",
            json!({"title": "t", "priority": 101}),
            "invalid: priority: expected 0 to 100, got 101",
        ),
        (
            "tasks.create",
            json!({"title": "t", "priority": 5, "priority_key": "high"}),
            "invalid: priority_key: give either priority or priority_key, not both",
        ),
        (
            "tasks.create",
            json!({"title": "t", "priority_key": "urgent"}),
            "not_found: there is no priority bucket \"urgent\" here",
        ),
        (
            "tasks.create",
            json!({"title": "t", "depends_on": ["ATL-1", "next"]}),
            "invalid: depends_on[1]: a task key such as NOT-42, or a uuid",
        ),
        (
            "tasks.create",
            json!({"title": "t", "depends_on": "ATL-1"}),
            "invalid: depends_on: expected a list, got string \"ATL-1\"",
        ),
        (
            "tasks.create",
            json!({"title": "t", "parent_task_id": "ATL-1"}),
            "invalid: parent_task_id: ATL-1 is no feature; only a feature has children",
        ),
        (
            "tasks.create",
            json!({"title": "t", "assignee_user_id": 7}),
            "invalid: assignee_user_id: expected a string, got integer `7`",
        ),
        ("tasks.plan", json!({"feature": {"title": "f"}}), "invalid: tasks: is required"),
        (
            "tasks.plan",
            json!({"feature": {"title": "f"}, "tasks": []}),
            "invalid: tasks: 1 to 100 tasks",
        ),
        (
            "tasks.plan",
            json!({"feature": "f", "tasks": [{"ref": "a", "title": "t"}]}),
            "invalid: feature: expected an object, got string \"f\"",
        ),
        (
            "tasks.plan",
            json!({"feature": {"title": "f"}, "tasks": [{"title": "t"}]}),
            "invalid: tasks[0].ref: is required",
        ),
        (
            "tasks.plan",
            json!({"feature": {"title": "f"}, "tasks": [{"ref": "a", "title": "t", "depends_on": ["b"]}]}),
            "invalid: tasks[0].depends_on[0]: \"b\" is neither a ref of this plan nor a task key or uuid",
        ),
        (
            "tasks.plan",
            json!({"feature": {"title": "f"}, "tasks": [{"ref": "a", "title": "t"}, {"ref": "a", "title": "u"}]}),
            "invalid: tasks: two tasks have the ref \"a\"",
        ),
        (
            "tasks.plan",
            json!({"feature": {"title": "f"}, "tasks": [{"ref": "a", "title": "t", "depends_on": ["a"]}]}),
            "invalid: tasks[0].depends_on[0]: a task cannot wait for itself",
        ),
        (
            "tasks.plan",
            json!({"feature": {"title": "f", "type": "bug"}, "tasks": [{"ref": "a", "title": "t"}]}),
            "invalid: feature.type: unknown argument; expected one of `title`, `description`, `priority`, `priority_key`, `assignee_user_id`, `target_role_id`, `parent_task_id`",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_planning() {
    check(planning()).await;
}

fn changing() -> Vec<Row> {
    vec![
        ("tasks.update", json!({"title": "t"}), "invalid: task_id: is required"),
        (
            "tasks.update",
            json!({"task_id": "ATL-1", "title": null, "expected_version": "1"}),
            "invalid: expected_version: expected a whole number, got string \"1\"",
        ),
        (
            "tasks.update",
            json!({"task_id": "ATL-1", "cycle_id": "all"}),
            "invalid: cycle_id: one cycle, by id or name",
        ),
        (
            "tasks.update",
            json!({"task_id": "ATL-1", "parent_task_id": "ATL-1"}),
            "invalid: parent_task_id: a task is not its own parent",
        ),
        (
            "tasks.update",
            json!({"task_id": "ATL-1", "title": "t", "expected_version": 9}),
            "stale: the task is at version 1 now. Next: read it again, merge your change, and send the new version.",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_changing() {
    check(changing()).await;
}

fn notes() -> Vec<Row> {
    vec![
        ("tasks.add_comment", json!({"task_id": "ATL-1"}), "invalid: body: is required"),
        (
            "tasks.add_comment",
            json!({"task_id": "ATL-1", "body": ""}),
            "invalid: body: must not be empty",
        ),
        (
            "tasks.link_commit",
            json!({"task_id": "ATL-1", "repo": "../..", "sha": "abcdef1"}),
            "invalid: repo: a repository such as owner/repo",
        ),
        (
            "tasks.link_commit",
            json!({"task_id": "ATL-1", "repo": "atlas/web", "sha": "abc"}),
            "invalid: sha: 7 to 64 hexadecimal digits",
        ),
        (
            "tasks.add_dependency",
            json!({"task_id": "ATL-1"}),
            "invalid: depends_on_id: is required",
        ),
        (
            "tasks.add_dependency",
            json!({"task_id": "ATL-1", "depends_on_id": "ATL-1"}),
            "invalid: depends_on_id: a task cannot wait for itself",
        ),
        (
            "tasks.remove_dependency",
            json!({"task_id": "ATL-1", "depends_on_id": {}}),
            "invalid: depends_on_id: expected a string, got an object",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_notes() {
    check(notes()).await;
}

fn cycles_and_events() -> Vec<Row> {
    vec![
        (
            "cycles.list",
            json!({"cursor": "MC4x"}),
            "invalid: cursor: the next_cursor of the page before, or absent for the first",
        ),
        (
            "cycles.current",
            json!({"cycle_id": "sprint-1"}),
            "invalid: cycle_id: unknown argument; this tool takes none",
        ),
        ("cycles.get", json!({}), "invalid: cycle_id: is required"),
        ("cycles.get", json!({"cycle_id": "all"}), "invalid: cycle_id: one cycle, by id or name"),
        (
            "cycles.end",
            json!({"next_name": "sprint-1"}),
            "invalid: next_name: another cycle of this project has that name",
        ),
        (
            "cycles.end",
            json!({"next_name": "all"}),
            "invalid: next_name: another name: `all` means every cycle",
        ),
        ("cycles.end", json!({"next_name": ""}), "invalid: next_name: must not be empty"),
        (
            "events.since",
            json!({"kinds": "task.created"}),
            "invalid: kinds: expected a list, got string \"task.created\"",
        ),
        (
            "events.since",
            json!({"cursor": 3}),
            "invalid: cursor: expected a string, got integer `3`",
        ),
        (
            "events.since",
            json!({"cursor": "yesterday"}),
            "invalid: cursor: the cursor of an earlier answer, unchanged",
        ),
        ("events.since", json!({"task_id": "ATL-99"}), "not_found: there is no task ATL-99 here"),
        ("events.wait", json!({"seconds": 56}), "invalid: seconds: expected 0 to 55, got 56"),
        ("events.wait", json!({"seconds": -1}), "invalid: seconds: expected 0 to 55, got -1"),
        (
            "events.wait",
            json!({"limit": 5}),
            "invalid: limit: unknown argument; this tool takes cursor, kinds, seconds, task_id",
        ),
    ]
}

#[tokio::test]
async fn refusals_of_the_tools_for_cycles_and_events() {
    check(cycles_and_events()).await;
}

#[test]
fn every_tool_has_a_row() {
    let rows = [
        project(),
        taking(),
        choosing(),
        finishing(),
        reading(),
        planning(),
        changing(),
        notes(),
        cycles_and_events(),
    ];
    let covered: BTreeSet<_> = rows.iter().flatten().map(|(tool, ..)| *tool).collect();
    let tools = mcp::tools();
    assert_eq!(covered, tools.iter().map(Entry::name).collect());
}
