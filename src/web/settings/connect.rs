//! How an agent is connected: for each client the text to paste, with the address and the token in
//! it.
//!
//! Whatever ends up inside quotes is our own address and a token, which have no letter that a shell
//! or a file format reads as its own; JSON is still written by a serializer.

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::PublicUrl;

/// A client, and how it is told about this project.
#[derive(Debug, Serialize)]
pub(super) struct Client {
    /// What to name its texts on the page.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) steps: Vec<Step>,
}

/// One text to paste, and where.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) place: &'static str,
    pub(super) text: String,
}

/// The name of the server in a client's list.
const NAME: &str = "nottario";

/// Where agents connect.
pub(super) fn endpoint(public: &PublicUrl) -> String {
    format!("{public}/mcp")
}

/// How each client is connected with this token.
pub(super) fn clients(public: &PublicUrl, token: &str) -> Vec<Client> {
    let url = endpoint(public);
    let bearer = format!("Bearer {token}");
    vec![
        Client {
            id: "claude-code",
            name: "Claude Code",
            steps: vec![step(
                "In a terminal, in the folder that the agent works in:",
                format!(
                    "claude mcp add --transport http {NAME} {url} --header \"Authorization: {bearer}\""
                ),
            )],
        },
        Client {
            id: "claude-desktop",
            name: "Claude Desktop",
            steps: vec![step(
                "Into claude_desktop_config.json (Settings, Developer, Edit Config); it needs Node.js:",
                pretty(&json!({ "mcpServers": { NAME: bridge(public, &url, &bearer) } })),
            )],
        },
        Client {
            id: "cursor",
            name: "Cursor",
            steps: vec![step(
                "Into ~/.cursor/mcp.json, or .cursor/mcp.json of one project:",
                pretty(&json!({
                    "mcpServers": { NAME: { "url": url, "headers": { "Authorization": bearer } } }
                })),
            )],
        },
        Client { id: "vs-code", name: "VS Code", steps: vs_code(&url, &bearer) },
        Client {
            id: "codex",
            name: "Codex",
            steps: vec![
                step(
                    "In the environment that Codex starts in, such as ~/.profile:",
                    format!("export NOTTARIO_TOKEN={token}"),
                ),
                step(
                    "Into ~/.codex/config.toml:",
                    format!(
                        "[mcp_servers.{NAME}]\nurl = \"{url}\"\nbearer_token_env_var = \"NOTTARIO_TOKEN\""
                    ),
                ),
            ],
        },
        Client {
            id: "another",
            name: "Another client",
            steps: vec![
                step("Streamable HTTP at:", url),
                step("With the header:", format!("Authorization: {bearer}")),
            ],
        },
    ]
}

fn vs_code(url: &str, bearer: &str) -> Vec<Step> {
    let server = json!({ "type": "http", "url": url, "headers": { "Authorization": bearer } });
    let mut named = json!({ "name": NAME });
    if let (Some(named), Some(server)) = (named.as_object_mut(), server.as_object()) {
        named.extend(server.clone());
    }
    vec![
        step("In a terminal:", format!("code --add-mcp '{named}'")),
        step(
            "Or into .vscode/mcp.json of one project:",
            pretty(&json!({ "servers": { NAME: server } })),
        ),
    ]
}

/// Claude Desktop speaks to programs; this one speaks to us.
fn bridge(public: &PublicUrl, url: &str, bearer: &str) -> Value {
    // No space in an argument: some systems would cut it there.
    let mut arguments = vec!["-y", "mcp-remote", url, "--header", "Authorization:${AUTH_HEADER}"];
    arguments.extend(["--transport", "http-only"]);
    if !public.is_https() && !public.is_loopback() {
        // It refuses the open network unless it is told.
        arguments.push("--allow-http");
    }
    json!({ "command": "npx", "args": arguments, "env": { "AUTH_HEADER": bearer } })
}

fn step(place: &'static str, text: String) -> Step {
    Step { place, text }
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(public: &str) -> Vec<String> {
        let clients = clients(&public.parse().unwrap(), "ntr_secret");
        clients.into_iter().flat_map(|client| client.steps).map(|step| step.text).collect()
    }

    #[test]
    fn every_client_gets_the_address_and_the_token() {
        let clients = clients(&"https://tasks.example".parse().unwrap(), "ntr_secret");
        for client in clients {
            let whole: String = client.steps.iter().map(|step| step.text.as_str()).collect();
            assert!(whole.contains("https://tasks.example/mcp"), "{}", client.name);
            assert!(whole.contains("ntr_secret"), "{}", client.name);
        }
    }

    #[test]
    fn what_is_json_can_be_read_as_such() {
        let all = texts("https://tasks.example");
        let files = all.iter().filter(|text| text.starts_with('{'));
        let read: Vec<Value> = files.map(|text| serde_json::from_str(text).unwrap()).collect();

        assert_eq!(read.len(), 3);
        let desktop = &read[0]["mcpServers"]["nottario"];
        assert_eq!(desktop["env"]["AUTH_HEADER"], "Bearer ntr_secret");
        assert!(
            desktop["args"].as_array().unwrap().iter().all(|one| !one.to_string().contains(' '))
        );
        assert_eq!(read[2]["servers"]["nottario"]["type"], "http");
        let command = all.iter().find_map(|text| text.strip_prefix("code --add-mcp '")).unwrap();
        let added: Value = serde_json::from_str(command.trim_end_matches('\'')).unwrap();
        assert_eq!(added["url"], "https://tasks.example/mcp");
        assert_eq!(added["name"], "nottario");
    }

    #[test]
    fn an_open_network_is_allowed_by_name_and_only_there() {
        let allows = |public: &str| texts(public).iter().any(|text| text.contains("--allow-http"));
        assert!(allows("http://tasks.lan"));
        assert!(!allows("https://tasks.example"));
        assert!(!allows("http://localhost:8080"));
    }
}
