//! The tools as an agent uses them: taking, holding and finishing work, planning and reading it.

use nottario::config::ToolNames;
use nottario::mcp::answer::MOST_CHARACTERS;
use nottario::mcp::{self, registry::Registry};
use serde_json::{Value, json};

use crate::mcp_server::{Agent, serve};

async fn task(agent: &Agent, arguments: Value) -> String {
    agent.ok("tasks.create", arguments).await["key"].as_str().unwrap().to_owned()
}

fn keys(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_agent_finds_out_who_it_is_and_what_it_holds() {
    let server = serve().await;
    let me = server.agent.ok("whoami", json!({})).await;

    assert_eq!(me["github_login"], "admin");
    assert_eq!(me["source"], "token");
    assert_eq!(me["token_name"], "bot");
    assert_eq!(me["token_id"], server.agent.token_id.to_string());
    assert_eq!(me["memberships"].as_array().unwrap().len(), 4);
    assert_eq!(me["memberships"][0]["project_slug"], "atlas");
    assert_eq!(me["held"], json!([]));

    let key = task(&server.agent, json!({"title": "one"})).await;
    let taken = server.agent.ok("tasks.claim_next", json!({})).await;
    let held = server.agent.ok("whoami", json!({})).await["held"][0].clone();
    assert_eq!(held["key"], key.as_str());
    assert_eq!(held["title"], "one");
    assert_eq!(held["claim_id"], taken["claim"]["claim_id"]);
    assert_eq!(held["lease_expires_at"], taken["claim"]["lease_expires_at"]);
    assert_eq!(server.second_agent("other").await.ok("whoami", json!({})).await["held"], json!([]));
}

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
async fn a_list_is_paged_and_filtered() {
    let server = serve().await;
    let agent = &server.agent;
    for number in 1..=7 {
        task(agent, json!({"title": format!("task {number}"), "priority": number})).await;
    }
    let all = agent.ok("tasks.list", json!({})).await;
    assert_eq!(
        keys(&all["tasks"]),
        ["ATL-7", "ATL-6", "ATL-5", "ATL-4", "ATL-3", "ATL-2", "ATL-1"]
    );
    assert_eq!((&all["next_cursor"], &all["has_more"]), (&Value::Null, &json!(false)));

    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let page = agent.ok("tasks.list", json!({"limit": 3, "cursor": cursor})).await;
        seen.extend(keys(&page["tasks"]).into_iter().map(str::to_owned));
        cursor = page["next_cursor"].clone();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen, keys(&all["tasks"]));

    agent.ok("tasks.claim", json!({"task_id": "atl-3"})).await;
    agent.ok("tasks.close", json!({"task_id": "ATL-2"})).await;
    for (arguments, expected) in [
        (json!({"held_by_me": true}), vec!["ATL-3"]),
        (json!({"state": "done"}), vec!["ATL-2"]),
        (json!({"q": "task 5"}), vec!["ATL-5"]),
        (json!({"assignee_user_id": "me"}), vec!["ATL-3"]),
        (json!({"ready": false}), vec!["ATL-3"]),
        (json!({"type": "feature"}), vec![]),
    ] {
        let page = agent.ok("tasks.list", arguments.clone()).await;
        assert_eq!(keys(&page["tasks"]), expected, "{arguments}");
    }
    let broken = agent.refused("tasks.list", json!({"cursor": "broken"})).await;
    assert!(broken.starts_with("invalid: cursor: "), "{broken}");
    let too_many = agent.refused("tasks.list", json!({"limit": 501})).await;
    assert!(too_many.starts_with("invalid: limit: expected 1 to 500, got 501"), "{too_many}");
}

#[tokio::test]
async fn no_answer_is_larger_than_an_agent_can_afford() {
    let server = serve().await;
    let agent = &server.agent;
    let long = "wörd ".repeat(10_000);
    let big = task(agent, json!({"title": "x".repeat(200), "description": long})).await;
    for _ in 0..12 {
        agent.ok("tasks.add_comment", json!({"task_id": big, "body": "c".repeat(9_000)})).await;
    }
    for number in 0..120 {
        let title = format!("{number} {}", "ü".repeat(190));
        task(agent, json!({"title": title, "depends_on": [big]})).await;
    }

    let get = json!({
        "task_id": big,
        "include": ["dependencies", "dependents", "children", "comments", "commits", "events"],
    });
    let list = json!({"limit": 500});
    let verbose = json!({"limit": 500, "verbose": true});
    for (tool, arguments) in [
        ("tasks.claim_next", json!({})),
        ("tasks.get", json!({"task_id": big})),
        ("tasks.get", get.clone()),
        ("tasks.list", list.clone()),
        ("tasks.list", verbose),
        ("events.since", json!({"limit": 500})),
        ("tasks.close", json!({"task_id": big, "verbose": true})),
    ] {
        let answered = agent.call(tool, arguments).await;
        assert!(!answered.is_error, "{tool}: {}", answered.text);
        let length = answered.text.chars().count();
        assert!(length <= MOST_CHARACTERS, "{tool}: {length} characters");
    }
    let read = agent.ok("tasks.get", get).await;
    assert_eq!(read["task"]["description_truncated"], true);
    assert_eq!(read["comments"][0]["body_truncated"], true);
    assert_eq!(read["comments_truncated"], true);
    assert_eq!(read["dependents_truncated"], true);

    let mut seen = std::collections::HashSet::new();
    let mut cursor = Value::Null;
    loop {
        let page = agent.ok("tasks.list", json!({"limit": 500, "cursor": cursor})).await;
        for key in keys(&page["tasks"]) {
            assert!(seen.insert(key.to_owned()), "{key} twice");
        }
        cursor = page["next_cursor"].clone();
        if page["has_more"] == false {
            break;
        }
    }
    assert_eq!(seen.len(), 120, "what was cut from one page is on the next");
}

#[tokio::test]
async fn a_long_description_is_read_in_pieces() {
    let server = serve().await;
    let agent = &server.agent;
    let words: Vec<_> = (0..4_000).map(|number| format!("{number:05} é")).collect();
    let description = words.join(" ");
    let key = task(agent, json!({"title": "long", "description": description})).await;

    let mut read = String::new();
    loop {
        let offset = read.chars().count();
        let part = agent.ok("tasks.get", json!({"task_id": key, "offset": offset})).await;
        read.push_str(part["task"]["description"].as_str().unwrap());
        if part["task"].get("description_truncated").is_none() {
            break;
        }
    }
    assert_eq!(read, description);
}

#[tokio::test]
async fn texts_that_hide_something_are_shown_for_what_they_are() {
    let server = serve().await;
    let agent = &server.agent;
    let key =
        task(agent, json!({"title": "pay\u{202E}moc.live", "description": "a\u{E0041}b"})).await;

    let read = agent.ok("tasks.get", json!({"task_id": key})).await;
    assert_eq!(read["task"]["title"], r"pay\u{202e}moc.live");
    assert_eq!(read["task"]["description"], r"a\u{e0041}b");
    let waiting = task(agent, json!({"title": "w", "depends_on": [key]})).await;
    let blocked = agent.refused("tasks.claim", json!({"task_id": waiting})).await;
    assert!(!blocked.contains('\u{202E}'), "{blocked}");
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
    agent.ok("tasks.get", json!({"task_id": key})).await;
    assert!(server.world.number(left).await >= 55);
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

#[tokio::test]
async fn cycles_are_read_and_ended() {
    let server = serve().await;
    let agent = &server.agent;
    task(agent, json!({"title": "open"})).await;

    let member = server.agent_of_member("ana", &[]).await;
    let refused = member.refused("cycles.end", json!({})).await;
    assert!(refused.starts_with("forbidden: you may not end the cycle"), "{refused}");

    let ended = agent.ok("cycles.end", json!({"next_name": "two", "idempotency_key": "e"})).await;
    assert_eq!(ended["closed"]["name"], "sprint-1");
    assert_eq!(ended["next"]["name"], "two");
    assert_eq!(ended["moved"], 1);
    assert_eq!(agent.ok("cycles.current", json!({})).await["name"], "two");
    let figures = agent.ok("cycles.get", json!({"cycle_id": "two"})).await;
    assert_eq!(figures["carried_over"], 1);
    let page = agent.ok("cycles.list", json!({"limit": 1})).await;
    assert_eq!(page["cycles"][0]["name"], "two");
    let rest = agent.ok("cycles.list", json!({"cursor": page["next_cursor"]})).await;
    assert_eq!(rest["cycles"][0]["name"], "sprint-1");

    let closed = agent.ok("tasks.claim_next", json!({"cycle_id": "sprint-1"})).await;
    assert_eq!(closed["task"], Value::Null, "nothing is open in a cycle that has ended");
}

#[tokio::test]
async fn events_are_read_on_and_waited_for() {
    let server = serve().await;
    let agent = &server.agent;
    let start = agent.ok("events.wait", json!({"seconds": 0})).await;
    assert_eq!(start["events"], json!([]));
    let cursor = start["cursor"].clone();

    let waiting = {
        let (agent, cursor) = (server.second_agent("watcher").await, cursor.clone());
        tokio::spawn(async move {
            let arguments = json!({"cursor": cursor, "kinds": ["task.created"], "seconds": 55});
            agent.ok("events.wait", arguments).await
        })
    };
    let key = task(agent, json!({"title": "news"})).await;

    let heard = waiting.await.unwrap();
    assert_eq!(heard["events"][0]["kind"], "task.created");
    assert_eq!(heard["events"][0]["subject"]["key"], key.as_str());
    assert_eq!(heard["events"][0]["actor"], json!({"user": "admin", "token": "bot"}));

    let page = agent.ok("events.since", json!({"cursor": cursor, "task_id": key})).await;
    assert_eq!(page["events"], heard["events"]);
    let later = agent.ok("events.since", json!({"cursor": page["cursor"]})).await;
    assert_eq!(later["events"], json!([]));
    let unknown = agent.refused("events.since", json!({"kinds": ["task.eaten"]})).await;
    assert!(unknown.starts_with("invalid: kinds[0]: "), "{unknown}");
}

#[tokio::test]
async fn a_waiting_call_answers_when_the_server_stops() {
    let server = serve().await;
    let agent = server.agent.clone();
    server.stopping.cancel();
    let answered = agent.ok("events.wait", json!({"seconds": 55})).await;
    assert_eq!(answered["events"], json!([]));
}

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
