//! Reading tasks: lists, one task with what surrounds it, and the proof that the rules hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::cycles::{self, CycleRef};
use crate::error::{Error, Result};
use crate::events::{self, Query};
use crate::ids::CommentId;
use crate::mcp::answer::{Answer, PAGE_CHARACTERS, cut, fit};
use crate::mcp::page::{Limit, fewer, rows};
use crate::mcp::tool::{Call, Effect, Tool};
use crate::projects::{MemberRef, RoleRef};
use crate::tasks::{self, Assignee, Card, Cursor, Filter, TaskRef, TaskState, TaskType};
use crate::text::Line;

/// Tasks, best first: by default the open ones of the open cycle.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct List {
    state: Option<TaskState>,
    include_closed: Option<bool>,
    r#type: Option<TaskType>,
    /// Or `me`, `none`.
    assignee_user_id: Option<MemberRef>,
    target_role_id: Option<RoleRef>,
    parent_task_id: Option<TaskRef>,
    /// Or `all`.
    cycle_id: Option<CycleRef>,
    /// Default true.
    include_children: Option<bool>,
    ready: Option<bool>,
    held_by_me: Option<bool>,
    /// In title or key.
    q: Option<Line<200>>,
    limit: Option<Limit>,
    cursor: Option<String>,
}

impl Tool for List {
    const NAME: &'static str = "tasks.list";
    const EFFECT: Effect = Effect::Read;
    const VERBOSE: bool = true;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let after = self.cursor.as_deref().map(Cursor::decode).transpose()?;
        let limit = rows(self.limit, &call.scope);
        let filter = self.filter(call).await?;
        let page = tasks::list(&mut call.db, &call.scope, &filter, after, limit).await?;
        let (mut cards, mut has_more) = (page.rows, page.has_more);

        let shown = if call.verbose {
            let full = full_rows(call, &cards).await?;
            if let Some(most) = fewer(&full)? {
                cards.truncate(most.into());
                has_more = true;
            }
            json!(full.into_iter().take(cards.len()).collect::<Vec<_>>())
        } else {
            if let Some(most) = fewer(&cards)? {
                cards.truncate(most.into());
                has_more = true;
            }
            json!(cards)
        };
        let next_cursor =
            cards.last().filter(|_| has_more).map(|card| Cursor::after(card).encode());
        Answer::of(&json!({ "tasks": shown, "next_cursor": next_cursor, "has_more": has_more }))
    }
}

impl List {
    async fn filter(self, call: &mut Call) -> Result<Filter> {
        let mut filter = Filter {
            state: self.state,
            include_closed: self.include_closed.unwrap_or_default(),
            kind: self.r#type,
            include_children: self.include_children.unwrap_or(true),
            ready: self.ready,
            text: self.q.map(|text| text.as_str().to_owned()),
            ..Filter::default()
        };
        if let Some(parent) = self.parent_task_id {
            filter.parent = Some(parent.resolve_existing(&mut call.db, &call.scope).await?);
            call.seen = filter.parent;
        }
        let token = call.agent.token;
        filter.held_by = self.held_by_me.unwrap_or_default().then_some(token);
        let (db, scope) = (&mut *call.db, &call.scope);
        filter.assignee = match self.assignee_user_id {
            None => None,
            Some(member) if member.as_str() == "me" => Some(Assignee::Member(scope.user()?)),
            Some(member) if member.as_str() == "none" => Some(Assignee::Nobody),
            Some(member) => {
                Some(Assignee::Member(member.resolve(db, scope, "assignee_user_id").await?))
            }
        };
        if let Some(role) = self.target_role_id {
            filter.target_role = Some(role.resolve(db, scope, "target_role_id").await?);
        }
        filter.cycle = match self.cycle_id {
            Some(cycle) => cycle.resolve_or_all(db, scope, "cycle_id").await?,
            None => Some(cycles::open_id(db, scope).await?),
        };
        Ok(filter)
    }
}

/// Rows with their descriptions, as far as a page of them has room.
async fn full_rows(call: &mut Call, cards: &[Card]) -> Result<Vec<tasks::Task>> {
    /// What a row says of itself; the whole text is what tasks.get is for.
    const DESCRIPTION: usize = 500;
    /// More full rows than this never fit into one answer.
    const MOST: usize = 50;
    let mut full = Vec::new();
    for card in cards.iter().take(MOST) {
        let mut task = tasks::get(&mut call.db, &call.scope, card.id).await?;
        task.cut_description(0, DESCRIPTION);
        full.push(task);
    }
    Ok(full)
}

/// One task in full.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Get {
    task_id: TaskRef,
    include: Option<Vec<Include>>,
    include_deps: Option<bool>,
    include_commits: Option<bool>,
    include_comments: Option<bool>,
    /// Where a truncated description goes on.
    offset: Option<u32>,
    /// Where truncated comments go on.
    comments_after: Option<CommentId>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Include {
    Dependencies,
    Dependents,
    Children,
    Comments,
    Commits,
    Events,
}

impl Tool for Get {
    const NAME: &'static str = "tasks.get";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        /// Leaves room for what comes with the task.
        const LONG: usize = 18_000;
        const SHORT: usize = 8_000;

        let (wanted, after) = (self.wanted(), self.comments_after);
        let id = self.task_id.resolve(&mut call.db, &call.scope).await?;
        let mut task = tasks::get(&mut call.db, &call.scope, id).await?;
        if task.holder_token_id == Some(call.agent.token) {
            call.seen = Some(id);
        }
        let offset = usize::try_from(self.offset.unwrap_or_default()).unwrap_or(usize::MAX);
        let most = if wanted.is_empty() { LONG } else { SHORT };
        task.cut_description(offset, most);

        let mut around = Around::with_room(&task)?;
        for part in &wanted {
            let share = around.share(wanted.len());
            match part {
                Include::Dependencies => {
                    let cards = tasks::prerequisites(&mut call.db, &call.scope, id).await?;
                    around.add("depends_on", cards, share)?;
                }
                Include::Dependents => {
                    let cards = tasks::dependents(&mut call.db, &call.scope, id).await?;
                    around.add("dependents", cards, share)?;
                }
                Include::Children => {
                    let cards = tasks::children(&mut call.db, &call.scope, id).await?;
                    around.add("children", cards, share)?;
                }
                Include::Comments => {
                    let comments =
                        tasks::comments(&mut call.db, &call.scope, id, after, MOST_ROWS).await?;
                    around.add("comments", comments.into_iter().map(shortened).collect(), share)?;
                }
                Include::Commits => {
                    let commits = tasks::commits(&mut call.db, &call.scope, id, MOST_ROWS).await?;
                    around.add("commits", commits, share)?;
                }
                Include::Events => {
                    let query =
                        Query { task: Some(id), limit: Some(MOST_ROWS.into()), ..Query::default() };
                    let page = events::since(&mut call.db, &call.scope, &query).await?;
                    around.add_newest("events", page.events, share)?;
                }
            }
        }
        let mut shape = json!({ "task": task });
        if let Value::Object(members) = &mut shape {
            members.extend(around.parts);
        }
        Answer::of(&shape)
    }
}

/// More rows than this never fit beside a task.
const MOST_ROWS: u16 = 200;

impl Get {
    /// What to include, each once, in the order of the arguments' list.
    fn wanted(&self) -> Vec<Include> {
        let mut wanted = Vec::new();
        let shorthand = [
            (self.include_deps, Include::Dependencies),
            (self.include_commits, Include::Commits),
            (self.include_comments, Include::Comments),
        ];
        let named = shorthand.into_iter().filter(|(is_set, _)| *is_set == Some(true));
        let more = self.comments_after.map(|_| Include::Comments);
        for part in
            self.include.iter().flatten().copied().chain(named.map(|(_, part)| part)).chain(more)
        {
            if !wanted.contains(&part) {
                wanted.push(part);
            }
        }
        wanted
    }
}

/// What comes with a task, within the room that the task has left.
struct Around {
    parts: Map<String, Value>,
    room: usize,
}

impl Around {
    fn with_room(task: &tasks::Task) -> Result<Self> {
        let taken = serde_json::to_string(task).map_err(Error::internal)?.chars().count();
        Ok(Self { parts: Map::new(), room: PAGE_CHARACTERS.saturating_sub(taken) })
    }

    /// An equal share for each part.
    fn share(&self, parts: usize) -> usize {
        self.room / parts.max(1)
    }

    fn add<T: Serialize>(&mut self, name: &str, rows: Vec<T>, share: usize) -> Result<()> {
        let fitted = fit(rows, share)?;
        if fitted.cut {
            self.parts.insert(format!("{name}_truncated"), true.into());
        }
        self.parts.insert(name.to_owned(), json!(fitted.rows));
        Ok(())
    }

    /// As [`add`](Self::add), but what does not fit is left out at the beginning.
    fn add_newest<T: Serialize>(
        &mut self,
        name: &str,
        mut rows: Vec<T>,
        share: usize,
    ) -> Result<()> {
        rows.reverse();
        self.add(name, rows, share)?;
        if let Some(Value::Array(rows)) = self.parts.get_mut(name) {
            rows.reverse();
        }
        Ok(())
    }
}

/// A comment with as much of its text as a list of them has room for.
fn shortened(mut comment: tasks::Comment) -> Value {
    const BODY: usize = 4_000;
    let (kept, is_cut) = cut(&comment.body, BODY);
    comment.body = kept.to_owned();
    let mut shape = json!(comment);
    if is_cut {
        shape["body_truncated"] = true.into();
    }
    shape
}

/// Tasks that break a rule; normally none.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Inconsistencies {}

impl Tool for Inconsistencies {
    const NAME: &'static str = "tasks.inconsistencies";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        let found = tasks::inconsistencies(&mut call.db, &call.scope).await?;
        let fitted = fit(found, PAGE_CHARACTERS)?;
        Answer::of(&json!({ "inconsistencies": fitted.rows }))
    }
}
