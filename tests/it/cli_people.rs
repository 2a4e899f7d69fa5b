//! Headless set-up: people, projects and tokens on the command line.

use std::process::Output;

use nottario::identity::{TokenSecret, authenticate};
use serde_json::Value;

use crate::cluster::{self, TestDatabase};
use crate::server::{answer, complaint, run};

/// The command line against one database.
struct Operator {
    database: TestDatabase,
}

impl Operator {
    async fn new() -> Self {
        Self { database: cluster::database().await }
    }

    fn runs(&self, command: &str) -> Output {
        let words: Vec<_> = command.split_whitespace().collect();
        run(&words, &[("DATABASE_URL", &self.database.url())])
    }

    /// What a command answers that succeeds.
    fn gets(&self, command: &str) -> String {
        let output = self.runs(command);
        assert_eq!(output.status.code(), Some(0), "{command}: {}", complaint(&output));
        assert_eq!(complaint(&output), "", "{command}");
        answer(&output)
    }

    fn gets_json(&self, command: &str) -> Value {
        serde_json::from_str(&self.gets(command)).unwrap()
    }

    /// The one line that a refused command complains with.
    fn is_refused(&self, command: &str, status: i32) -> String {
        let output = self.runs(command);
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(status), "{command}: {said}");
        assert_eq!(said.lines().count(), 1, "{command}: {said}");
        assert_eq!(answer(&output), "", "{command}");
        said
    }
}

#[tokio::test]
async fn from_nothing_to_a_working_token() {
    let operator = Operator::new().await;

    operator.gets("user create ana --name Ana");
    operator.gets("project create acme-web --name Acme");
    let secret = operator
        .gets("token create --project acme-web --user ana --name bot --expires 90d --role qa");

    let secret = secret.strip_suffix('\n').unwrap();
    let secret = TokenSecret::parse(secret).expect("the secret stands alone on standard output");
    let mut db = operator.database.pool.acquire().await.unwrap();
    let now = chrono::Utc::now();
    let found = authenticate(&mut db, &secret, now).await.unwrap().unwrap();
    assert_eq!(found.name, "bot");
    let after = now + chrono::TimeDelta::days(91);
    assert!(authenticate(&mut db, &secret, after).await.unwrap().is_none());

    let listed = operator.gets_json("token list --project acme-web --json");
    assert_eq!((&listed[0]["name"], &listed[0]["default_role"]), (&"bot".into(), &"qa".into()));
    assert!(!listed.to_string().contains(&secret.expose()[12..]), "only the prefix is listed");
    operator.gets(&format!("token revoke {}", listed[0]["id"].as_str().unwrap()));
    assert!(authenticate(&mut db, &secret, now).await.unwrap().is_none());
    assert_eq!(operator.gets_json("token list --json"), serde_json::json!([]));
}

#[tokio::test]
async fn people_are_made_known_and_administer() {
    let operator = Operator::new().await;

    let first = operator.gets_json("user create ana --json");
    let second = operator.gets_json("user create ben --json");
    assert_eq!((&first["is_admin"], &second["is_admin"]), (&true.into(), &false.into()));
    operator.is_refused("user create ANA", 2);

    operator.is_refused("user revoke-admin ana", 1);
    operator.gets("user grant-admin ben");
    operator.gets("user revoke-admin ana");
    operator.is_refused("user grant-admin nobody", 2);

    let all = operator.gets_json("user list --json");
    let admins: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|user| user["is_admin"] == true)
        .map(|user| user["login"].as_str().unwrap())
        .collect();
    assert_eq!(admins, ["ben"]);
    assert!(operator.gets("user list").starts_with("LOGIN"));
}

#[tokio::test]
async fn projects_are_made_for_the_first_admin_or_a_named_owner() {
    let operator = Operator::new().await;
    let said = operator.is_refused("project create atlas --name Atlas", 2);
    assert!(said.contains("nottario user create"), "{said}");

    operator.gets("user create ana");
    operator.gets("user create ben");
    let atlas = operator.gets_json("project create atlas --name Atlas --json");
    assert_eq!((&atlas["key"], &atlas["owner"]), (&"ATL".into(), &"ana".into()));
    let other = operator.gets_json("project create o --name O --key OTH --owner ben --json");
    assert_eq!((&other["key"], &other["owner"]), (&"OTH".into(), &"ben".into()));

    operator.is_refused("project create atlas --name Again", 2);
    operator.is_refused("project create x --name X --owner nobody", 2);
    assert_eq!(operator.runs("project create Not/A/Slug --name X").status.code(), Some(2));
    assert_eq!(operator.runs("project create y --name Y --key lower").status.code(), Some(2));

    let list = operator.gets_json("project list --json");
    let slugs: Vec<_> =
        list.as_array().unwrap().iter().map(|p| p["slug"].as_str().unwrap()).collect();
    assert_eq!(slugs, ["atlas", "o"]);
    assert!(operator.gets("project list").contains("atlas"));
}

#[tokio::test]
async fn members_get_the_roles_that_are_named() {
    let operator = Operator::new().await;
    operator.gets("user create ana");
    operator.gets("user create ben");
    operator.gets("project create atlas --name Atlas");

    let said = operator.is_refused("token create --project atlas --user ben --name bot", 2);
    assert!(said.contains("member \"ben\" (in --user)"), "{said}");
    operator.is_refused("project add-member atlas ben --role cooking", 2);
    operator.is_refused("token create --project nowhere --user ben --name bot", 2);

    let told = operator.gets("project add-member ATL ben --role qa --role backend");
    assert_eq!(told, "ben is a member with backend, qa\n");
    operator.gets("token create --project atlas --user ben --name bot");
    operator.is_refused("token create --project atlas --user ben --name BOT", 2);
    operator.is_refused("token revoke 018f0000-0000-7000-8000-000000000000", 2);
}
