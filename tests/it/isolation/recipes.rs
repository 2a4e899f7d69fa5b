//! One call of every tool that succeeds in the caller's own project, and where it names rows.
//!
//! A new tool gets its recipe here; without one, a test of the matrix fails.

use serde_json::{Value, json};

use crate::served::Client;

/// What an argument names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// A task, by uuid or key.
    Task,
    /// A role, by uuid or key.
    Role,
    /// A member, by uuid or login.
    Member,
    /// A cycle, by uuid or name.
    Cycle,
    /// A claim, by uuid.
    Claim,
    /// A comment, by uuid.
    Comment,
    /// A place in the list of tasks.
    TaskCursor,
    /// A place in the list of cycles.
    CycleCursor,
    /// A place in the record of events.
    EventCursor,
}

/// A call of one tool.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// The tool's name in our words.
    pub(crate) tool: &'static str,
    /// Arguments with which the call succeeds.
    pub(crate) arguments: Value,
    /// Where the arguments name rows, as JSON pointers.
    pub(crate) names: Vec<(&'static str, Names)>,
}

impl Recipe {
    /// The arguments with another value at one place.
    pub(crate) fn with(&self, pointer: &str, value: &Value) -> Value {
        let mut arguments = self.arguments.clone();
        *arguments.pointer_mut(pointer).unwrap() = value.clone();
        arguments
    }

    /// The arguments with one more.
    pub(crate) fn and(&self, name: &str, value: &str) -> Value {
        let mut arguments = self.arguments.clone();
        arguments[name] = json!(value);
        arguments
    }
}

/// A recipe for every tool, in the order of the list; each works on tasks of its own.
///
/// The caller owns the project and holds the role `backend`; `login` is its own.
pub(crate) async fn recipes(own: &Client, login: &str) -> Vec<Recipe> {
    own.ok("cycles.end", json!({ "next_name": CYCLE })).await;
    let title = json!({ "title": "feature", "type": "feature" });
    let maker = Maker { own, login, feature: key(own, title).await };
    for title in ["next", "next too", "next of all"] {
        let feature = &maker.feature;
        let child =
            json!({ "title": title, "parent_task_id": feature, "target_role_id": "backend" });
        key(own, child).await;
    }
    let mut recipes = project();
    recipes.extend(maker.taking().await);
    recipes.extend(maker.finishing().await);
    recipes.extend(maker.reading().await);
    recipes.extend(maker.writing().await);
    recipes.extend(maker.linking().await);
    recipes.extend(maker.cycles().await);
    recipes.extend(maker.events().await);
    recipes
}

/// The open cycle.
const CYCLE: &str = "now";

/// A task that a new task's call creates, seen by its key.
async fn key(own: &Client, arguments: Value) -> Value {
    own.ok("tasks.create", arguments).await["key"].clone()
}

fn recipe(
    tool: &'static str,
    arguments: Value,
    names: impl Into<Vec<(&'static str, Names)>>,
) -> Recipe {
    Recipe { tool, arguments, names: names.into() }
}

fn plain(tool: &'static str) -> Recipe {
    recipe(tool, json!({}), [])
}

fn project() -> Vec<Recipe> {
    vec![
        plain("whoami"),
        plain("projects.list"),
        plain("projects.get"),
        plain("projects.list_roles"),
        plain("projects.list_priorities"),
        plain("projects.list_members"),
    ]
}

/// What the recipes are made from.
struct Maker<'a> {
    own: &'a Client,
    login: &'a str,
    feature: Value,
}

const HELD: [(&str, Names); 2] = [("/task_id", Names::Task), ("/claim_id", Names::Claim)];
const LINK: [(&str, Names); 2] = [("/task_id", Names::Task), ("/depends_on_id", Names::Task)];
const TASK: [(&str, Names); 1] = [("/task_id", Names::Task)];

impl Maker<'_> {
    /// A task that nobody holds.
    async fn free(&self) -> Value {
        key(self.own, json!({ "title": "free", "priority": 1 })).await
    }

    /// The arguments that name a task of the caller's with its claim, and more.
    async fn held(&self, mut arguments: Value) -> Value {
        let task = self.free().await;
        let taken = self.own.ok("tasks.claim", json!({ "task_id": task })).await;
        arguments["task_id"] = task;
        arguments["claim_id"] = taken["claim"]["claim_id"].clone();
        arguments
    }

    async fn taking(&self) -> Vec<Recipe> {
        let narrowed =
            json!({ "role_id": "backend", "parent_task_id": self.feature, "cycle_id": CYCLE });
        let narrowing = [
            ("/role_id", Names::Role),
            ("/parent_task_id", Names::Task),
            ("/cycle_id", Names::Cycle),
        ];
        vec![
            recipe("tasks.claim_next", narrowed.clone(), narrowing),
            recipe("tasks.claim", self.held(json!({})).await, HELD),
            recipe("tasks.next", narrowed, narrowing),
        ]
    }

    async fn finishing(&self) -> Vec<Recipe> {
        let done = json!({
            "comment": "done",
            "commits": [{ "repo": "atlas/web", "sha": "abcdef1", "message": "Do it" }],
        });
        vec![
            recipe("tasks.heartbeat", self.held(json!({ "note": "half way" })).await, HELD),
            recipe("tasks.release", self.held(json!({ "reason": "no time" })).await, HELD),
            recipe("tasks.close", self.held(done).await, HELD),
        ]
    }

    async fn reading(&self) -> Vec<Recipe> {
        let commented = self.free().await;
        let comment = json!({ "task_id": commented, "body": "first" });
        let comment = self.own.ok("tasks.add_comment", comment).await;
        let page = self.own.ok("tasks.list", json!({ "limit": 1 })).await;
        let list = json!({
            "assignee_user_id": "none", "target_role_id": "backend",
            "parent_task_id": self.feature, "cycle_id": CYCLE, "cursor": page["next_cursor"],
        });
        let get = json!({
            "task_id": commented, "comments_after": comment["id"],
            "include": ["dependencies", "dependents", "children", "comments", "commits"],
        });
        vec![
            recipe(
                "tasks.list",
                list,
                [
                    ("/assignee_user_id", Names::Member),
                    ("/target_role_id", Names::Role),
                    ("/parent_task_id", Names::Task),
                    ("/cycle_id", Names::Cycle),
                    ("/cursor", Names::TaskCursor),
                ],
            ),
            recipe(
                "tasks.get",
                get,
                [("/task_id", Names::Task), ("/comments_after", Names::Comment)],
            ),
        ]
    }

    async fn writing(&self) -> Vec<Recipe> {
        let new = json!({
            "title": "new", "assignee_user_id": self.login, "target_role_id": "backend",
        });
        let mut create = new.clone();
        create["parent_task_id"] = self.feature.clone();
        create["depends_on"] = json!([self.free().await]);
        let mut plan = json!({ "feature": new, "tasks": [new] });
        plan["feature"]["parent_task_id"] = self.feature.clone();
        plan["tasks"][0]["ref"] = json!("only");
        plan["tasks"][0]["depends_on"] = json!([self.free().await]);
        let mut update = create.clone();
        update["task_id"] = self.free().await;
        update["cycle_id"] = json!(CYCLE);
        update.as_object_mut().unwrap().remove("depends_on");
        vec![
            recipe(
                "tasks.create",
                create,
                [
                    ("/assignee_user_id", Names::Member),
                    ("/target_role_id", Names::Role),
                    ("/parent_task_id", Names::Task),
                    ("/depends_on/0", Names::Task),
                ],
            ),
            recipe(
                "tasks.plan",
                plan,
                [
                    ("/feature/assignee_user_id", Names::Member),
                    ("/feature/target_role_id", Names::Role),
                    ("/feature/parent_task_id", Names::Task),
                    ("/tasks/0/assignee_user_id", Names::Member),
                    ("/tasks/0/target_role_id", Names::Role),
                    ("/tasks/0/depends_on/0", Names::Task),
                ],
            ),
            recipe(
                "tasks.update",
                update,
                [
                    ("/task_id", Names::Task),
                    ("/assignee_user_id", Names::Member),
                    ("/target_role_id", Names::Role),
                    ("/parent_task_id", Names::Task),
                    ("/cycle_id", Names::Cycle),
                ],
            ),
            recipe("tasks.set_state", self.held(json!({ "state": "done" })).await, HELD),
        ]
    }

    async fn linking(&self) -> Vec<Recipe> {
        let comment = json!({ "task_id": self.free().await, "body": "noted" });
        let commit = json!({ "task_id": self.free().await, "repo": "atlas/web", "sha": "abcdef2" });
        let to_be = json!({ "task_id": self.free().await, "depends_on_id": self.free().await });
        let linked = json!({ "task_id": self.free().await, "depends_on_id": self.free().await });
        self.own.ok("tasks.add_dependency", linked.clone()).await;
        vec![
            recipe("tasks.add_comment", comment, TASK),
            recipe("tasks.link_commit", commit, TASK),
            recipe("tasks.add_dependency", to_be, LINK),
            recipe("tasks.remove_dependency", linked, LINK),
            plain("tasks.inconsistencies"),
        ]
    }

    async fn cycles(&self) -> Vec<Recipe> {
        let page = self.own.ok("cycles.list", json!({ "limit": 1 })).await;
        vec![
            recipe(
                "cycles.list",
                json!({ "cursor": page["next_cursor"] }),
                [("/cursor", Names::CycleCursor)],
            ),
            plain("cycles.current"),
            recipe("cycles.get", json!({ "cycle_id": CYCLE }), [("/cycle_id", Names::Cycle)]),
            recipe("cycles.end", json!({ "next_name": "then" }), []),
        ]
    }

    async fn events(&self) -> Vec<Recipe> {
        let page = self.own.ok("events.since", json!({})).await;
        let since = json!({ "task_id": self.free().await, "cursor": page["cursor"] });
        let mut wait = since.clone();
        wait["seconds"] = json!(0);
        let names = [("/task_id", Names::Task), ("/cursor", Names::EventCursor)];
        vec![recipe("events.since", since, names), recipe("events.wait", wait, names)]
    }
}
