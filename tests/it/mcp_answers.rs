//! What agents read: lists, long and strange texts, cycles, events; and how large an answer may be.

use nottario::mcp::answer::MOST_CHARACTERS;
use serde_json::{Value, json};

use crate::mcp_server::{keys, serve, task};

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
    // What made the project and its token is committed, and may not have its position yet.
    server.world.relay().await;
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

#[tokio::test]
async fn arguments_that_may_be_left_out_may_be_null() {
    let server = serve().await;
    let agent = &server.agent;
    let create = json!({
        "title": "t", "description": null, "type": null, "priority": null, "priority_key": null,
        "assignee_user_id": null, "target_role_id": null, "parent_task_id": null,
        "depends_on": null, "idempotency_key": null, "verbose": null, "project_id": null,
    });
    let key = task(agent, create).await;
    let get = json!({"task_id": key, "include": null, "offset": null, "comments_after": null});
    agent.ok("tasks.get", get).await;
    let close = json!({"task_id": key, "comment": null, "commits": null, "state": null});
    assert_eq!(agent.ok("tasks.close", close).await["task"]["state"], "done");
}
