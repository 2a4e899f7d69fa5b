//! What the reader sees of the demo: read from the record, so that the reader's own agent and
//! people at the board are in it like the simulated ones.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use super::moods::Moods;
use super::seed::enter_as_reader;
use crate::access::ProjectScope;
use crate::error::Result;
use crate::events::{self, Cursor, Event, Query};
use crate::ids::{ProjectId, TaskId};
use crate::projects::{self, Stats};
use crate::tasks::{self, Filter, TaskState, Why};

/// Over how long the rate of claims is taken.
const RATE_WINDOW: Duration = Duration::from_secs(10);

/// How many happenings are kept: more than any screen shows.
const KEPT: usize = 200;

/// Somebody who holds a task, or could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worker {
    /// The token's name; a person who works without an agent has the login here.
    pub(super) name: String,
    /// The login of the person for whom it acts.
    pub(super) person: String,
    /// What it holds.
    pub(super) holds: Option<Holding>,
    /// What it says of itself while it holds nothing.
    pub(super) mood: String,
}

/// A task in somebody's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holding {
    /// `ATL-12`.
    pub(super) key: String,
    /// Its title.
    pub(super) title: String,
    /// Since when.
    pub(super) since: DateTime<Utc>,
    /// How far the holder says it is.
    pub(super) note: Option<String>,
}

/// Something that happened, in the reader's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// When.
    pub(super) at: DateTime<Utc>,
    /// The agent, or the person.
    pub(super) who: String,
    /// What it did.
    pub(super) verb: &'static str,
    /// `ATL-12`.
    pub(super) key: String,
    /// The task's title, or what was said of it.
    pub(super) text: String,
    /// Whether it is only a note of progress.
    pub(super) is_progress: bool,
}

/// How the backlog stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) todo: i64,
    pub(super) doing: i64,
    pub(super) done: i64,
    /// Of those to be done: waiting for something else.
    pub(super) blocked: i64,
    pub(super) claims_per_second: f64,
    /// Since this demo began.
    pub(super) claims: u64,
}

/// Everything there is to see at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    pub(super) workers: Vec<Worker>,
    pub(super) counts: Counts,
    /// The latest happenings, oldest first.
    pub(super) recent: VecDeque<Happening>,
}

/// Looks at the demo's project again and again.
pub(super) struct Watcher {
    pool: PgPool,
    project: ProjectId,
    /// The simulated agents: name and person.
    crew: Vec<(String, String)>,
    moods: Moods,
    cursor: Cursor,
    claimed_at: VecDeque<Instant>,
    view: View,
}

impl Watcher {
    /// Begins to watch: what happened before is not news.
    pub(super) async fn start(
        pool: PgPool,
        project: ProjectId,
        crew: Vec<(String, String)>,
        moods: Moods,
    ) -> Result<Self> {
        let mut db = pool.acquire().await?;
        let scope = enter_as_reader(&mut db, project).await?;
        let newest = Query { limit: Some(1), ..Query::default() };
        let cursor = events::since(&mut db, &scope, &newest).await?.cursor;
        drop(db);
        let (claimed_at, view) = (VecDeque::new(), View::default());
        Ok(Self { pool, project, crew, moods, cursor, claimed_at, view })
    }

    /// What was seen at the last look.
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// Looks, and answers what has happened since the last look.
    pub(super) async fn look(&mut self) -> Result<Vec<Happening>> {
        let mut db = self.pool.acquire().await?;
        let scope = enter_as_reader(&mut db, self.project).await?;
        let news = self.read_news(&mut db, &scope).await?;
        let stats = projects::get(&mut db, &scope).await?.stats;
        let why = Why::read(&mut db, &scope).await?;
        self.view.workers = self.read_workers(&mut db, &scope).await?;
        drop(db);

        let Stats { todo, doing, done, .. } = stats;
        self.view.counts = Counts {
            todo,
            doing,
            done,
            blocked: why.blocked,
            claims_per_second: self.rate(),
            claims: self.view.counts.claims,
        };
        self.view.recent.extend(news.iter().cloned());
        let old = self.view.recent.len().saturating_sub(KEPT);
        self.view.recent.drain(..old);
        Ok(news)
    }

    async fn read_news(
        &mut self,
        db: &mut PgConnection,
        scope: &ProjectScope,
    ) -> Result<Vec<Happening>> {
        let query = Query { cursor: Some(self.cursor), limit: Some(500), ..Query::default() };
        let page = events::since(db, scope, &query).await?;
        self.cursor = page.cursor;

        let subjects: HashSet<_> = page.events.iter().map(|event| event.subject.id).collect();
        let subjects: Vec<_> = subjects.into_iter().map(TaskId::from).collect();
        let titles: HashMap<_, _> = tasks::cards(db, scope, &subjects)
            .await?
            .into_iter()
            .map(|card| (card.id.uuid(), card.title))
            .collect();

        let mut news = Vec::new();
        for event in page.events {
            if event.kind == "task.claimed" {
                self.view.counts.claims += 1;
                self.claimed_at.push_back(Instant::now());
            }
            let title = titles.get(&event.subject.id).cloned().unwrap_or_default();
            news.extend(happening(event, title));
        }
        Ok(news)
    }

    /// The crew, and behind it everybody else who holds something.
    async fn read_workers(
        &self,
        db: &mut PgConnection,
        scope: &ProjectScope,
    ) -> Result<Vec<Worker>> {
        let doing = Filter { state: Some(TaskState::Doing), ..Filter::default() };
        let cards = tasks::list(db, scope, &doing, None, 500).await?.rows;
        let mut workers: Vec<_> = self
            .crew
            .iter()
            .map(|(name, person)| Worker {
                name: name.clone(),
                person: person.clone(),
                holds: None,
                mood: self.moods.of(name),
            })
            .collect();
        for card in cards {
            let Some(holder) = card.held_by else { continue };
            let name = holder.who.token.unwrap_or_else(|| holder.who.user.clone());
            let holds = Holding {
                key: card.key,
                title: card.title,
                since: holder.since,
                note: holder.note,
            };
            match workers.iter_mut().find(|worker| worker.name == name && worker.holds.is_none()) {
                Some(worker) => worker.holds = Some(holds),
                None => workers.push(Worker {
                    name,
                    person: holder.who.user,
                    holds: Some(holds),
                    mood: String::new(),
                }),
            }
        }
        Ok(workers)
    }

    fn rate(&mut self) -> f64 {
        while self.claimed_at.front().is_some_and(|at| at.elapsed() > RATE_WINDOW) {
            self.claimed_at.pop_front();
        }
        let claims = u32::try_from(self.claimed_at.len()).unwrap_or(u32::MAX);
        f64::from(claims) / RATE_WINDOW.as_secs_f64()
    }
}

/// An event as a happening; `None` for what only goes along with another one.
fn happening(event: Event, title: String) -> Option<Happening> {
    let data = |name: &str| event.data.get(name).filter(|value| !value.is_null());
    let is = |name: &str, text: &str| data(name).is_some_and(|value| value == text);
    let rolled_up = data("rolled_up").is_some();
    let verb = match event.kind.as_str() {
        "task.claimed" if data("taken_over_from").is_some() => "took over",
        "task.claimed" => "claimed",
        "task.progress" => "works on",
        "task.closed" if rolled_up => "completed",
        "task.closed" if is("state", "wont_do") => "dropped",
        "task.closed" => "closed",
        "task.released" => "gave back",
        "task.reopened" => "reopened",
        "claim.expired" => "lost",
        "task.created" if is("type", "feature") => "planned",
        "task.created" if is("type", "bug") => "reported",
        "task.created" if data("parent_id").is_none() => "added",
        _ => return None,
    };
    let text = match data("note").and_then(|note| note.as_str()) {
        Some(note) => format!("{title}: {note}"),
        None => title,
    };
    let who = match event.actor {
        Some(actor) => actor.token.unwrap_or(actor.user),
        None => "nottario".to_owned(),
    };
    let is_progress = event.kind == "task.progress";
    Some(Happening { at: event.at, who, verb, key: event.subject.key?, text, is_progress })
}
