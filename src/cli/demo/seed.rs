//! The backlog that a demo begins with, written through the same functions as everybody's work.
//!
//! Nothing here reaches around a rule: what is done was claimed and closed by a person who may, and
//! what waits does so because something is open before it.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::draft::{Draft, Fate, FeatureDraft};
use super::ideas::idea;
use super::story::{self, READER, REPOSITORY, TEAM};
use crate::access::{self, Caller, InstanceScope, ProjectScope, Via};
use crate::error::{Error, Kind, Result};
use crate::identity::users::{self, NewUser};
use crate::ids::{ProjectId, RoleId, TaskId, UserId};
use crate::projects::{self, NewProject, Stats};
use crate::tasks::{
    self, Close, CommitMessage, Lease, NewCommit, NewTask, Outcome, Plan, PlanDependency,
    PlannedTask, Priority, Repo, Sha,
};
use crate::text::{CommentBody, Line, Markdown, Title};

/// Makes the project, its people and the story in an empty instance.
pub async fn seed(db: &mut PgConnection) -> Result<ProjectId> {
    let operator = InstanceScope::operator();
    let mut people = HashMap::new();
    // The reader first: the first person of an instance administers it.
    for person in [READER].into_iter().chain(TEAM) {
        let new = NewUser {
            login: fitting(person.login.parse())?,
            display_name: Some(fitting(Line::parse(person.name))?),
        };
        people.insert(person.login, users::create(db, operator, &new).await?.id);
    }

    let owner = *people.get(READER.login).ok_or_else(|| missing(READER.login))?;
    let atlas = NewProject {
        name: fitting(Line::parse("Atlas"))?,
        slug: None,
        key: Some(fitting("ATL".parse())?),
        owner,
    };
    let scope = projects::create(db, operator, &atlas).await?;
    let roles = roles(db, &scope).await?;
    for person in TEAM {
        let user = *people.get(person.login).ok_or_else(|| missing(person.login))?;
        let held = person.roles.iter().map(|key| known(&roles, key)).collect::<Result<Vec<_>>>()?;
        projects::add_member(db, &scope, user, &held).await?;
    }

    let mut writer = Writer { scope, people, roles, tasks: HashMap::new() };
    writer.write_story(db).await?;
    Ok(writer.scope.project())
}

/// Adds so many made-up tasks, features included, to the demo's project.
pub async fn add_ideas(db: &mut PgConnection, scope: &ProjectScope, many: usize) -> Result<()> {
    let roles = roles(db, scope).await?;
    let mut writer =
        Writer { scope: scope.clone(), people: HashMap::new(), roles, tasks: HashMap::new() };
    let mut number = next_idea(projects::get(db, scope).await?.stats);
    let mut left = many;
    let mut before = None;
    while left > 1 {
        let FeatureDraft { feature, mut tasks } = idea(number);
        tasks.truncate(left - 1);
        left -= tasks.len() + 1;
        // Every third one waits for the one before it, so that there are chains across features.
        let waits_for = before.take().filter(|_| number.is_multiple_of(3));
        before = writer.write_feature(db, &FeatureDraft { feature, tasks }, waits_for).await?;
        number += 1;
    }
    if left == 1 {
        writer.write_task(db, &idea(number).feature.kind(tasks::TaskType::Chore)).await?;
    }
    Ok(())
}

/// The number of an idea that the backlog does not have yet, or has had for the longest.
pub(super) fn next_idea(stats: Stats) -> usize {
    /// A feature and four children.
    const TASKS_OF_AN_IDEA: i64 = 5;
    let tasks = stats.todo + stats.doing + stats.done + stats.wont_do;
    usize::try_from(tasks / TASKS_OF_AN_IDEA).unwrap_or_default()
}

/// Lets the reader, who owns the demo's project, into it.
pub async fn enter_as_reader(db: &mut PgConnection, project: ProjectId) -> Result<ProjectScope> {
    let reader = users::find(db, InstanceScope::operator(), READER.login).await?;
    access::enter(db, &at_browser(reader.id), project).await
}

fn at_browser(user: UserId) -> Caller {
    Caller { user, via: Via::Session { is_admin: false } }
}

/// Turns drafts into tasks.
struct Writer {
    scope: ProjectScope,
    people: HashMap<&'static str, UserId>,
    roles: HashMap<String, RoleId>,
    /// What has been written, by the names of the drafts.
    tasks: HashMap<&'static str, TaskId>,
}

impl Writer {
    async fn write_story(&mut self, db: &mut PgConnection) -> Result<()> {
        let features = story::features();
        for feature in &features {
            self.write_feature(db, feature, None).await?;
        }
        let loose = story::loose();
        for draft in &loose {
            self.write_task(db, draft).await?;
        }
        for draft in features.iter().flat_map(|feature| &feature.tasks).chain(&loose) {
            self.bring_to_its_fate(db, draft).await?;
        }
        Ok(())
    }

    /// Writes a feature with its children, and answers the last child.
    async fn write_feature(
        &mut self,
        db: &mut PgConnection,
        draft: &FeatureDraft,
        first_waits_for: Option<TaskId>,
    ) -> Result<Option<TaskId>> {
        if draft.tasks.is_empty() {
            self.write_task(db, &draft.feature).await?;
            return Ok(None);
        }
        let mut planned = Vec::with_capacity(draft.tasks.len());
        for child in &draft.tasks {
            let is_sibling = |name: &str| draft.tasks.iter().any(|other| other.name == name);
            let mut depends_on = Vec::new();
            for &need in &child.needs {
                depends_on.push(if is_sibling(need) {
                    PlanDependency::Child(fitting(Line::parse(need))?)
                } else {
                    PlanDependency::Task(self.task(need)?)
                });
            }
            if planned.is_empty() {
                depends_on.extend(first_waits_for.map(PlanDependency::Task));
            }
            let reference = fitting(Line::parse(child.name))?;
            planned.push(PlannedTask { reference, task: self.new_task(child)?, depends_on });
        }
        let plan = Plan { feature: self.new_task(&draft.feature)?, tasks: planned };
        let written = tasks::plan(db, &self.scope, &plan).await?;
        for (child, key) in draft.tasks.iter().zip(&written.tasks) {
            self.tasks.insert(child.name, key.id);
        }
        Ok(written.tasks.last().map(|key| key.id))
    }

    async fn write_task(&mut self, db: &mut PgConnection, draft: &Draft) -> Result<()> {
        let depends_on =
            draft.needs.iter().map(|need| self.task(need)).collect::<Result<Vec<_>>>()?;
        let new = NewTask { depends_on, ..self.new_task(draft)? };
        let card = tasks::create(db, &self.scope, &new).await?;
        self.tasks.insert(draft.name, card.id);
        Ok(())
    }

    fn new_task(&self, draft: &Draft) -> Result<NewTask> {
        let assignee = draft.assignee.map(|login| self.person(login)).transpose()?;
        let target_role = draft.role.map(|key| known(&self.roles, key)).transpose()?;
        Ok(NewTask {
            description: fitting(Markdown::parse(draft.description.clone()))?,
            kind: draft.kind,
            priority: draft.bucket.map(|key| Priority::Bucket(key.to_owned())),
            assignee,
            target_role,
            ..NewTask::titled(fitting(Title::parse(&draft.title))?)
        })
    }

    /// Has the people do what they have done when the demo begins.
    async fn bring_to_its_fate(&self, db: &mut PgConnection, draft: &Draft) -> Result<()> {
        let (who, close) = match &draft.fate {
            Fate::Open => return Ok(()),
            Fate::HeldBy(who) => (who, None),
            Fate::DoneBy { who, comment, commit } => {
                let commit = commit.map(|(sha, message)| new_commit(sha, message)).transpose()?;
                let comment = Some(fitting(CommentBody::parse(*comment))?);
                let commits = commit.into_iter().collect();
                (who, Some(Close { comment, commits, ..Close::default() }))
            }
            Fate::RefusedBy { who, comment } => {
                let comment = Some(fitting(CommentBody::parse(*comment))?);
                (who, Some(Close { outcome: Outcome::WontDo, comment, ..Close::default() }))
            }
        };
        let task = self.task(draft.name)?;
        let person = at_browser(self.person(who)?);
        let scope = access::enter(db, &person, self.scope.project()).await?;
        let is_refused = close.as_ref().is_some_and(|close| close.outcome == Outcome::WontDo);
        if !is_refused {
            tasks::claim(db, &scope, task, None, false, Lease::OfProject).await?;
        }
        if let Some(close) = close {
            tasks::close(db, &scope, task, &close).await?;
        }
        Ok(())
    }

    fn task(&self, name: &str) -> Result<TaskId> {
        self.tasks.get(name).copied().ok_or_else(|| missing(name))
    }

    fn person(&self, login: &str) -> Result<UserId> {
        self.people.get(login).copied().ok_or_else(|| missing(login))
    }
}

async fn roles(db: &mut PgConnection, scope: &ProjectScope) -> Result<HashMap<String, RoleId>> {
    let roles = projects::list_roles(db, scope).await?;
    Ok(roles.into_iter().map(|role| (role.key, role.id)).collect())
}

fn known(roles: &HashMap<String, RoleId>, key: &str) -> Result<RoleId> {
    roles.get(key).copied().ok_or_else(|| Error::not_found(Kind::Role, key))
}

fn new_commit(sha: &str, message: &str) -> Result<NewCommit> {
    Ok(NewCommit {
        repo: fitting(Repo::parse(REPOSITORY))?,
        sha: fitting(Sha::parse(sha))?,
        message: Some(fitting(CommitMessage::parse(message))?),
    })
}

/// The story's own texts keep the rules; its unit tests say so.
fn fitting<T>(checked: Result<T, String>) -> Result<T> {
    checked.map_err(|rule| Error::internal(format!("the demo's story: {rule}")))
}

fn missing(name: &str) -> Error {
    Error::internal(format!("the demo's story has no {name}"))
}
