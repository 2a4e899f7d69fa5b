//! Two projects on one instance: the caller's own, and one whose every text carries a marker.

use std::collections::BTreeSet;

use nottario::projects;
use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::recipes::Names;
use crate::served::{Client, TestServer};
use crate::world::{MemberFixture, ProjectFixture};

/// A word that is in every text of the other project, and nowhere else.
pub(crate) const MARKER: &str = "quokka";

/// The caller's project and the other one.
pub(crate) struct Worlds {
    /// The server over both.
    pub(crate) server: TestServer,
    /// The caller's project.
    pub(crate) own: ProjectFixture,
    /// The caller, calling.
    pub(crate) caller: Client,
    /// A row of each kind in the other project.
    pub(crate) foreign: Rows,
    /// A row of each kind that the own project had once.
    pub(crate) deleted: Rows,
    /// The other project.
    pub(crate) other: ProjectNames,
}

/// How a project can be named.
pub(crate) struct ProjectNames {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) key: String,
}

/// A row of each kind, in the forms in which callers name it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    task: [String; 2],
    role: [String; 2],
    member: [String; 2],
    cycle: [String; 2],
    claim: String,
    comment: String,
    task_cursor: String,
    cycle_cursor: String,
    event_cursor: String,
}

impl Rows {
    /// What is there to name, in each of its forms; empty when there can be no such row.
    pub(crate) fn forms(&self, names: Names) -> Vec<String> {
        let forms = match names {
            Names::Task => self.task.to_vec(),
            Names::Role => self.role.to_vec(),
            Names::Member => self.member.to_vec(),
            Names::Cycle => self.cycle.to_vec(),
            Names::Claim => vec![self.claim.clone()],
            Names::Comment => vec![self.comment.clone()],
            Names::TaskCursor => vec![self.task_cursor.clone()],
            Names::CycleCursor => vec![self.cycle_cursor.clone()],
            Names::EventCursor => vec![self.event_cursor.clone()],
        };
        forms.into_iter().filter(|form| !form.is_empty()).collect()
    }

    /// Ids and names of nothing at all, in the same forms.
    pub(crate) fn random() -> Self {
        let id = || Uuid::now_v7().to_string();
        Self {
            task: [id(), "NOSUCH-1".to_owned()],
            role: [id(), "no-such-role".to_owned()],
            member: [id(), "no-such-member".to_owned()],
            cycle: [id(), "no such cycle".to_owned()],
            claim: id(),
            comment: id(),
            task_cursor: "no-such-cursor".to_owned(),
            cycle_cursor: "no-such-cursor".to_owned(),
            event_cursor: "no-such-cursor".to_owned(),
        }
    }
}

/// Serves the two projects; `atlas` is the caller's, with the member `ana` as its owner.
pub(crate) async fn worlds() -> Worlds {
    let server = TestServer::start().await;
    let ana = server.world.user("ana").await;
    let own = server.world.project_of("atlas", &ana).await;
    let agent = own.agent("bot").await;
    let caller = server.client(&agent);
    let deleted = once(&server, &own, &caller).await;
    let (other, foreign) = marked(&server).await;
    Worlds { server, own, caller, foreign, deleted, other }
}

/// Rows of the caller's project that are gone.
async fn once(server: &TestServer, own: &ProjectFixture, caller: &Client) -> Rows {
    let world = &server.world;
    let left = world.member(own, "left", &[]).await.user;
    let task = caller.ok("tasks.create", json!({ "title": "gone" })).await;
    let comment = json!({ "task_id": task["id"], "body": "gone" });
    let comment = caller.ok("tasks.add_comment", comment).await["id"].clone();
    let released = caller.ok("tasks.create", json!({ "title": "released" })).await["id"].clone();
    let claimed = caller.ok("tasks.claim", json!({ "task_id": released })).await;
    caller.ok("tasks.release", json!({ "task_id": released })).await;
    let role = Uuid::now_v7();

    let mut tx = world.pool.begin().await.unwrap();
    projects::remove_member(&mut tx, &own.scope, left.id).await.unwrap();
    tx.commit().await.unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let (task_id, comment) = (text(&task["id"]), text(&comment));
    world
        .run(format!(
            "insert into roles (project_id, id, key, label, position) \
                 values ('{own}', '{role}', 'gone', 'Gone', 9); \
             delete from roles where id = '{role}'; \
             delete from task_comments where id = '{comment}'; \
             update tasks set deleted_at = now() where id = '{task_id}'",
            own = own.id,
        ))
        .await;
    Rows {
        task: [task_id, text(&task["key"])],
        role: [role.to_string(), "gone".to_owned()],
        member: [left.id.to_string(), "left".to_owned()],
        claim: text(&claimed["claim"]["claim_id"]),
        comment,
        // A cycle is never deleted, and a cursor is a place and not a row.
        ..Rows::default()
    }
}

/// The other project: everything that agents and people can write, with the marker in it.
async fn marked(server: &TestServer) -> (ProjectNames, Rows) {
    let world = &server.world;
    let owner = world.user("quokka-owner").await;
    let project = world.project_of(MARKER, &owner).await;
    let member = world.member(&project, "quokka-member", &["backend"]).await;
    let role = Uuid::now_v7();
    world
        .run(format!(
            "update projects set key = 'QUOKKA', description = 'quokka', primary_language = 'quokka', \
                    project_type = 'quokka', cycle_label = 'quokka' where id = '{id}'; \
             update users set display_name = 'quokka', avatar_url = 'quokka' \
              where login like 'quokka%'; \
             update buckets set key = 'quokka' where project_id = '{id}' and key = 'low'; \
             insert into roles (project_id, id, key, label, position) \
                  values ('{id}', '{role}', 'quokka', 'quokka', 9); \
             insert into member_roles (project_id, user_id, role_id) \
                  values ('{id}', '{}', '{role}')",
            owner.id,
            id = project.id,
        ))
        .await;

    let agent = project.agent("quokka-bot").await;
    let rows = work(&server.client(&agent), &member, role).await;
    require_marked(server, &project).await;
    let names = ProjectNames {
        id: project.id.to_string(),
        slug: MARKER.to_owned(),
        key: "QUOKKA".to_owned(),
    };
    (names, rows)
}

/// Uses every tool that writes, in the other project.
async fn work(client: &Client, member: &MemberFixture, role: Uuid) -> Rows {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let commit = json!({ "repo": "quokka/web", "sha": "abcdef1", "message": "quokka" });
    let plan = json!({
        "feature": { "title": "quokka", "description": "quokka" },
        "tasks": [
            { "ref": "a", "title": "quokka a", "description": "quokka", "target_role_id": "quokka" },
            { "ref": "b", "title": "quokka b", "depends_on": ["a"] },
        ],
        "idempotency_key": "quokka",
    });
    client.ok("tasks.plan", plan).await;
    let closed = client.ok("tasks.claim_next", json!({})).await;
    let closing = json!({
        "task_id": closed["task"]["id"], "comment": "quokka", "commits": [commit],
    });
    client.ok("tasks.close", closing).await;
    client.ok("cycles.end", json!({ "next_name": "the quokka cycle" })).await;
    let task = json!({ "title": "quokka", "description": "quokka", "priority_key": "critical" });
    let task = client.ok("tasks.create", task).await;
    let held = client.ok("tasks.claim", json!({ "task_id": task["id"] })).await;
    client.ok("tasks.heartbeat", json!({ "task_id": task["id"], "note": "quokka" })).await;
    let comment = json!({ "task_id": task["id"], "body": "quokka" });
    let comment = client.ok("tasks.add_comment", comment).await;
    let cycle = client.ok("cycles.current", json!({})).await;
    let page = client.ok("tasks.list", json!({ "limit": 1 })).await;
    let cycles = client.ok("cycles.list", json!({ "limit": 1 })).await;
    let events = client.ok("events.since", json!({})).await;
    Rows {
        task: [text(&task["id"]), text(&task["key"])],
        role: [role.to_string(), MARKER.to_owned()],
        member: [member.user.id.to_string(), "quokka-member".to_owned()],
        cycle: [text(&cycle["id"]), text(&cycle["name"])],
        claim: text(&held["claim"]["claim_id"]),
        comment: text(&comment["id"]),
        task_cursor: text(&page["next_cursor"]),
        cycle_cursor: text(&cycles["next_cursor"]),
        event_cursor: text(&events["cursor"]),
    }
}

/// Texts of a project that nobody writes freely.
const FIXED: [&str; 10] = [
    "event_outbox.data", // Numbered by now, and in `events`.
    "event_outbox.kind",
    "event_outbox.subject_kind",
    "events.kind",
    "events.subject_kind",
    "idempotency_keys.tool",
    "roles.color",
    "task_commits.sha",
    "tasks.state",
    "tasks.type",
];

/// Sees to it that the marker is in every column of text that a project has.
async fn require_marked(server: &TestServer, project: &ProjectFixture) {
    let world = &server.world;
    world.relay().await;
    // How a token begins is made, not written; a test may write it.
    world.run("update tokens set prefix = 'quokka' where name = 'quokka-bot'").await;
    let columns = "select c.table_name::text, c.column_name::text \
         from information_schema.columns c \
         join information_schema.columns p using (table_schema, table_name) \
         join information_schema.tables t using (table_schema, table_name) \
         where table_schema = 'public' and p.column_name = 'project_id' \
           and t.table_type = 'BASE TABLE' and c.data_type in ('text', 'jsonb')";
    let columns = sqlx::raw_sql(columns).fetch_all(&world.pool).await.unwrap();
    let fixed: BTreeSet<_> = FIXED.into();
    for row in columns {
        let (table, column) = (row.get::<String, _>(0), row.get::<String, _>(1));
        let name = format!("{table}.{column}");
        let marked = format!(
            "select count(*) from {table} \
             where project_id = '{}' and {column}::text ilike '%{MARKER}%'",
            project.id,
        );
        let marked = sqlx::raw_sql(AssertSqlSafe(marked)).fetch_one(&world.pool).await.unwrap();
        assert_eq!(
            marked.get::<i64, _>(0) == 0,
            fixed.contains(name.as_str()),
            "{name}: write the marker into it in `marked`, or name it in FIXED",
        );
    }
}
