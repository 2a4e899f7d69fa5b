//! Answers never mix: many clients with the same request ids at once, each with its own token.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::mcp_server::serve;
use crate::served::{Answer, Client, call_of, http};
use crate::world::Agent;

const PROJECTS: usize = 8;
const CLIENTS: usize = 200;

/// One call under an id that every client uses.
async fn call(client: &Client, id: &Value, tool: &str, arguments: Value) -> Value {
    let body = call_of(id, tool, &arguments).to_string();
    let response = client.post(body).send().await.unwrap();
    assert_eq!(response.status(), 200, "{tool}");
    let message: Value = response.json().await.unwrap();
    assert_eq!(message["id"], *id);
    let answer = Answer::of(&message).unwrap_or_else(|| panic!("{tool}: {message}"));
    assert!(!answer.is_error, "{tool}: {}", answer.text);
    answer.facts
}

/// One client's calls; every answer is to be about itself, its project, and what it has just done.
async fn mind_own_business(client: Client, agent: Agent, project: String, number: usize) {
    let (token, name) = (agent.token.to_string(), format!("task of {number}"));
    let id = json!(1);
    let me = call(&client, &id, "whoami", json!({})).await;
    assert_eq!(me["token_id"], json!(token));
    assert_eq!(me["token_name"], json!(format!("bot-{number}")));

    let created = call(&client, &json!("same"), "tasks.create", json!({ "title": name })).await;
    assert_eq!(created["title"], json!(name));
    let claim = json!({ "task_id": created["id"] });
    let claimed = call(&client, &id, "tasks.claim", claim).await;
    assert_eq!(claimed["task"]["id"], created["id"]);
    assert_eq!(claimed["task"]["project_id"], json!(project));

    let me = call(&client, &json!(3), "whoami", json!({})).await;
    assert_eq!(me["held"].as_array().unwrap().len(), 1, "{me}");
    assert_eq!(me["held"][0]["claim_id"], claimed["claim"]["claim_id"]);
    let close = json!({ "task_id": created["key"], "comment": name });
    let closed = call(&client, &json!("same"), "tasks.close", close).await;
    assert_eq!(closed["task"]["id"], created["id"]);
    let read = json!({ "task_id": created["id"], "include": ["comments"] });
    let read = call(&client, &id, "tasks.get", read).await;
    assert_eq!(read["comments"][0]["body"], json!(name));
    assert_eq!(read["comments"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_clients_with_the_same_request_ids_get_their_own_answers() {
    // Its connections are waited for: a crowd is refused otherwise, and that is another test's.
    let server = serve().await;
    let (url, http) = (format!("http://{}/mcp", server.address), http());
    let mut projects = Vec::new();
    for number in 0..PROJECTS {
        projects.push(server.world.project(&format!("project-{number}")).await);
    }
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let project = &projects[number % PROJECTS];
        let agent = project.agent(&format!("bot-{number}")).await;
        let client = Client::new(&agent, url.clone(), http.clone());
        clients.push((client, agent, project.id.to_string()));
    }

    let working = clients.into_iter().enumerate().map(|(number, (client, agent, project))| {
        tokio::spawn(mind_own_business(client, agent, project, number))
    });
    for ended in join_all(working).await {
        ended.unwrap();
    }
}
