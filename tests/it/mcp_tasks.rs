//! The tools about tasks as an agent uses them: taking, holding, finishing and planning work.

use serde_json::{Value, json};

use crate::mcp_server::{keys, serve, task};

#[tokio::test]
async fn work_goes_from_claim_to_close() {
    let server = serve().await;
    let agent = &server.agent;
    let low = task(agent, json!({"title": "low", "priority_key": "low"})).await;
    let high = task(agent, json!({"title": "high", "priority": 90, "description": "Do it."})).await;
    let waiting =
        task(agent, json!({"title": "after", "priority": 100, "depends_on": [high]})).await;

    let preview = agent.ok("tasks.next", json!({})).await;
    let taken = agent.ok("tasks.claim_next", json!({"lease_minutes": 5})).await;
    assert_eq!(preview["task"]["key"], high.as_str());
    assert_eq!(taken["task"]["key"], high.as_str());
    assert_eq!(taken["task"]["state"], "doing");
    assert_eq!(taken["task"]["description"], "Do it.");
    assert_eq!(taken["task"]["held_by"]["token"], "bot");
    assert_eq!(preview["task"].get("description"), None, "slim");
    let claim = &taken["claim"]["claim_id"];

    let beat = agent
        .ok("tasks.heartbeat", json!({"task_id": high, "claim_id": claim, "note": "half way"}))
        .await;
    assert_eq!(&beat["claim"]["claim_id"], claim);

    let closed = agent
        .ok(
            "tasks.close",
            json!({
                "task_id": high,
                "claim_id": claim,
                "comment": "Done.",
                "commits": [{"repo": "acme/app", "sha": "ABCDEF1", "message": "Do it"}],
            }),
        )
        .await;
    assert_eq!(closed["task"]["state"], "done");
    assert!(closed["comment_id"].is_string());
    assert_eq!(closed["linked_commit_count"], 1);
    assert_eq!(closed["now_ready"], json!([waiting]));
    assert_eq!(closed["rolled_up"], json!([]));

    let read = agent
        .ok("tasks.get", json!({"task_id": high, "include": ["comments", "commits", "dependents"]}))
        .await;
    assert_eq!(read["comments"][0]["body"], "Done.");
    assert_eq!(read["comments"][0]["author"], json!({"user": "admin", "token": "bot"}));
    assert_eq!(read["commits"][0]["sha"], "abcdef1");
    assert_eq!(keys(&read["dependents"]), [waiting.as_str()]);

    for expected in [waiting, low] {
        let next = agent.ok("tasks.claim_next", json!({})).await;
        assert_eq!(next["task"]["key"], expected.as_str());
    }
    let nothing = agent.ok("tasks.claim_next", json!({})).await;
    assert_eq!(nothing["task"], Value::Null);
    assert_eq!(nothing["why"]["in_progress"], 2);
}

#[tokio::test]
async fn a_task_that_is_taken_lost_or_blocked_says_so() {
    let server = serve().await;
    let (agent, other) = (&server.agent, server.second_agent("other").await);
    let first = task(agent, json!({"title": "first"})).await;
    let second = task(agent, json!({"title": "second", "depends_on": [first]})).await;
    let claim = agent.ok("tasks.claim", json!({"task_id": first})).await["claim"].clone();

    let taken = other.refused("tasks.claim", json!({"task_id": first})).await;
    assert!(taken.starts_with("taken: ") && taken.contains("bot"), "{taken}");
    let blocked = agent.refused("tasks.claim", json!({"task_id": second})).await;
    assert!(blocked.starts_with(&format!("blocked: {second} waits for {first}")), "{blocked}");

    let again = agent.ok("tasks.claim", json!({"task_id": first, "take_over": true})).await;
    assert_ne!(again["claim"]["claim_id"], claim["claim_id"]);
    for tool in ["tasks.close", "tasks.release", "tasks.heartbeat"] {
        let arguments = json!({"task_id": first, "claim_id": claim["claim_id"]});
        let lost = agent.refused(tool, arguments).await;
        assert!(lost.starts_with("lost_claim: "), "{tool}: {lost}");
        assert!(lost.contains("Next: stop working on it"), "{lost}");
    }
}

#[tokio::test]
async fn filters_narrow_what_is_handed_out() {
    let server = serve().await;
    let agent = server.agent_of_member("ana", &["backend"]).await;
    let owner = &server.agent;
    task(owner, json!({"title": "design", "target_role_id": "design", "priority": 100})).await;
    task(owner, json!({"title": "bug", "type": "bug", "priority": 10})).await;
    let mine =
        task(owner, json!({"title": "mine", "assignee_user_id": "ana", "priority": 5})).await;
    let next = async |arguments: Value| agent.ok("tasks.next", arguments).await["task"].clone();

    assert_eq!(next(json!({})).await["title"], "bug");
    assert_eq!(next(json!({"cycle_id": "all", "type": "bug"})).await["title"], "bug");
    assert_eq!(next(json!({"cycle_id": "sprint-1"})).await["title"], "bug");
    assert_eq!(next(json!({"assigned_to_me": true})).await["key"], mine.as_str());
    assert_eq!(next(json!({"type": "chore"})).await, Value::Null);

    let lacking = agent.refused("tasks.next", json!({"role_id": "design"})).await;
    assert!(lacking.starts_with("invalid: role_id: "), "{lacking}");
    for (arguments, expected) in [
        (json!({"role_id": "no-such"}), "not_found: "),
        (json!({"cycle_id": "sprint-9"}), "not_found: "),
        (json!({"parent_task_id": "ATL-99"}), "not_found: "),
        (json!({"parent_task_id": uuid::Uuid::new_v4()}), "not_found: "),
        (json!({"parent_task_id": "x"}), "invalid: parent_task_id: "),
        (json!({"lease_minutes": 0}), "invalid: lease_minutes: expected 1 to 1440, got 0"),
        (json!({"type": "epic"}), "invalid: type: expected one of "),
    ] {
        let refused = agent.refused("tasks.claim_next", arguments.clone()).await;
        assert!(refused.starts_with(expected), "{arguments}: {refused}");
    }
}

#[tokio::test]
async fn a_plan_becomes_a_feature_with_ordered_tasks() {
    let server = serve().await;
    let agent = &server.agent;
    let outside = task(agent, json!({"title": "outside"})).await;

    let plan = json!({
        "feature": {"title": "Search", "priority_key": "high"},
        "tasks": [
            {"ref": "index", "title": "Index", "depends_on": [outside]},
            {"ref": "page", "title": "Page", "depends_on": ["index"], "target_role_id": "frontend"},
        ],
        "idempotency_key": "plan-1",
    });
    let planned = agent.ok("tasks.plan", plan.clone()).await;
    assert_eq!(agent.ok("tasks.plan", plan).await, planned);

    assert_eq!(planned["feature"]["type"], "feature");
    assert_eq!(planned["tasks"][0]["ref"], "index");
    let page = &planned["tasks"][1]["key"];
    let read = agent.ok("tasks.get", json!({"task_id": page, "include_deps": true})).await;
    assert_eq!(read["depends_on"][0]["key"], planned["tasks"][0]["key"]);
    assert_eq!(read["task"]["parent_key"], planned["feature"]["key"]);
    assert_eq!(read["task"]["target_role"], "frontend");
    let children = json!({"task_id": planned["feature"]["key"], "include": ["children"]});
    assert_eq!(agent.ok("tasks.get", children).await["children"].as_array().unwrap().len(), 2);

    let unknown = json!({
        "feature": {"title": "x"},
        "tasks": [{"ref": "a", "title": "a", "depends_on": ["nothing"]}],
    });
    let refused = agent.refused("tasks.plan", unknown).await;
    assert!(refused.starts_with("invalid: tasks[0].depends_on[0]: "), "{refused}");
}

#[tokio::test]
async fn an_update_changes_what_is_named_and_null_clears() {
    let server = serve().await;
    let agent = &server.agent;
    let key = task(
        agent,
        json!({"title": "t", "description": "d", "assignee_user_id": "admin", "target_role_id": "qa"}),
    )
    .await;

    let changed = agent
        .ok("tasks.update", json!({"task_id": key, "title": "new", "assignee_user_id": null}))
        .await;
    assert_eq!(changed["title"], "new");
    assert_eq!(changed.get("assignee"), None);
    assert_eq!(changed["target_role"], "qa");

    let cleared = json!({"task_id": key, "description": null, "verbose": true});
    assert_eq!(agent.ok("tasks.update", cleared).await["description"], "");

    let stale = json!({"task_id": key, "title": "other", "expected_version": 1});
    let refused = agent.refused("tasks.update", stale).await;
    assert!(refused.starts_with("stale: the task is at version "), "{refused}");
    let both = json!({"task_id": key, "priority": 5, "priority_key": "low"});
    assert!(agent.refused("tasks.update", both).await.starts_with("invalid: priority_key: "));
}

#[tokio::test]
async fn set_state_is_claim_release_reopen_and_close() {
    let server = serve().await;
    let agent = &server.agent;
    let key = task(agent, json!({"title": "t"})).await;
    let set = async |state: &str| {
        agent.ok("tasks.set_state", json!({"task_id": key, "state": state})).await
    };

    let doing = set("doing").await;
    assert_eq!(doing["state"], "doing");
    assert!(doing["claim"]["claim_id"].is_string());
    let todo = set("todo").await;
    assert_eq!(todo["state"], "todo");
    assert_eq!(todo.get("claim"), None);
    assert_eq!(set("todo").await["state"], "todo");
    assert_eq!(set("done").await["state"], "done");
    assert_eq!(set("todo").await["state"], "todo", "reopened");
    assert_eq!(set("wont_do").await["state"], "wont_do");

    let late = json!({"task_id": key, "state": "todo", "claim_id": doing["claim"]["claim_id"]});
    let refused = agent.refused("tasks.set_state", late).await;
    assert!(refused.starts_with("lost_claim: "), "{refused}");
}

#[tokio::test]
async fn reading_a_held_task_is_a_sign_of_life() {
    let server = serve().await;
    let agent = &server.agent;
    let key = task(agent, json!({"title": "t"})).await;
    agent.ok("tasks.claim_next", json!({})).await;
    let age = "update tasks set lease_expires_at = lease_expires_at - interval '50 minutes', \
               heartbeat_at = heartbeat_at - interval '50 minutes', \
               claimed_at = claimed_at - interval '50 minutes'";
    let left = "select (extract(epoch from lease_expires_at - now()) / 60)::bigint from tasks";
    server.world.run(age).await;
    assert!(server.world.number(left).await <= 10);

    server.second_agent("other").await.ok("tasks.get", json!({"task_id": key})).await;
    assert!(server.world.number(left).await <= 10, "only the holder's reading counts");
    for (tool, arguments) in [
        ("tasks.get", json!({"task_id": key})),
        ("tasks.list", json!({"parent_task_id": key})),
        ("events.since", json!({"task_id": key})),
        ("events.wait", json!({"task_id": key, "seconds": 0})),
    ] {
        agent.ok(tool, arguments).await;
        assert!(server.world.number(left).await >= 55, "{tool}");
        server.world.run(age).await;
        assert!(server.world.number(left).await <= 10);
    }
}

#[tokio::test]
async fn comments_commits_and_dependencies_hang_on_a_task() {
    let server = serve().await;
    let agent = &server.agent;
    let one = task(agent, json!({"title": "one"})).await;
    let two = task(agent, json!({"title": "two"})).await;

    let comment = json!({"task_id": one, "body": "hello", "idempotency_key": "c"});
    let written = agent.ok("tasks.add_comment", comment.clone()).await;
    assert_eq!(written["task_key"], one.as_str());
    assert_eq!(agent.ok("tasks.add_comment", comment).await, written);
    let linked = json!({"task_id": one, "repo": "a/b", "sha": "1234567"});
    assert_eq!(
        agent.ok("tasks.link_commit", linked).await,
        json!({"task_key": one, "repo": "a/b", "sha": "1234567"})
    );
    let edge = json!({"task_id": two, "depends_on_id": one});
    assert_eq!(agent.ok("tasks.add_dependency", edge.clone()).await["task"]["ready"], false);
    let back = json!({"task_id": one, "depends_on_id": two});
    assert!(agent.refused("tasks.add_dependency", back).await.starts_with("invalid: "));
    assert_eq!(agent.ok("tasks.remove_dependency", edge).await["task"]["ready"], true);
    assert_eq!(agent.ok("tasks.get", json!({"task_id": one})).await["task"]["comment_count"], 1);
    assert_eq!(agent.ok("tasks.inconsistencies", json!({})).await, json!({"inconsistencies": []}));
}
