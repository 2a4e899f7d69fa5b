//! A project with a queue, and the calls as a surface makes them: one transaction each, committed
//! unless the call is refused.

use std::pin::Pin;
use std::sync::Arc;

use nottario::access::{self, ProjectScope};
use nottario::cycles;
use nottario::error::Result;
use nottario::events::{self, Cursor, Event, Query};
use nottario::ids::TaskId;
use nottario::tasks::{
    self, Claim, Claimed, Close, Closed, Lease, NewTask, Outcome, Task, TaskState, TaskType,
};
use sqlx::postgres::{PgConnection, PgPool};
use tokio::sync::Barrier;

use crate::world::{ProjectFixture, World, line};

/// A project, and an agent of its owner, who holds every role.
pub(crate) struct Queue {
    pub(crate) world: World,
    pub(crate) project: ProjectFixture,
    pub(crate) bot: ProjectScope,
}

/// One call in a transaction of its own: `call!(queue, tasks::close, &scope, id, &how)`.
macro_rules! call {
    ($queue:expr, $function:path $(, $argument:expr)* $(,)?) => {{
        let mut tx = $queue.pool().begin().await.unwrap();
        let answer = $function(&mut tx $(, $argument)*).await;
        match answer {
            Ok(_) => tx.commit().await.unwrap(),
            Err(_) => tx.rollback().await.unwrap(),
        }
        answer
    }};
}

/// A call that has to be refused, and to leave every row as it was; gives the refusal.
macro_rules! refused {
    ($queue:expr, $function:path $(, $argument:expr)* $(,)?) => {{
        let before = $queue.fingerprint().await;
        let answer = $crate::tasks::kit::call!($queue, $function $(, $argument)*);
        assert_eq!($queue.fingerprint().await, before, "a refusal has written something");
        answer.expect_err("this has to be refused")
    }};
}

/// A call in a transaction of its own, to be run beside others: `job!(queue, scope, |db, scope| …)`.
macro_rules! job {
    ($queue:expr, $caller:expr, |$db:ident, $scope:ident| $call:expr) => {{
        let pool = $queue.pool().clone();
        let $scope = $caller.clone();
        async move {
            let mut $db = pool.begin().await.unwrap();
            let answer = $call.await;
            match &answer {
                Ok(_) => $db.commit().await.unwrap(),
                Err(_) => $db.rollback().await.unwrap(),
            }
            answer
        }
    }};
}

pub(crate) use {call, job, refused};

/// A call that waits to be run.
pub(crate) type Job<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs calls at the same instant, and gives their answers in their order.
pub(crate) async fn at_once<T: Send + 'static>(jobs: Vec<Job<T>>) -> Vec<T> {
    let start = Arc::new(Barrier::new(jobs.len()));
    let running: Vec<_> = jobs
        .into_iter()
        .map(|job| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                job.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in running {
        answers.push(answer.await.unwrap());
    }
    answers
}

impl Queue {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let project = world.project("atlas").await;
        let bot = project.agent("bot").await.scope;
        Self { world, project, bot }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.world.pool
    }

    /// Another agent of the owner's.
    pub(crate) async fn agent(&self, name: &str) -> ProjectScope {
        self.project.agent(name).await.scope
    }

    /// An agent of a new member with these roles.
    pub(crate) async fn agent_with(&self, person: &str, roles: &[&str]) -> ProjectScope {
        let member = self.world.member(&self.project, person, roles).await;
        self.project.agent_of(&member.user, person).await.scope
    }

    /// The scope of an agent as it is now, after settings or roles have changed.
    pub(crate) async fn entered_again(&self, scope: &ProjectScope) -> ProjectScope {
        let via = access::Via::Token {
            id: scope.actor().token.unwrap(),
            project: scope.project(),
            slug: self.project.slug.clone(),
        };
        let caller = access::Caller { user: scope.user().unwrap(), via };
        access::enter(&mut *self.world.db().await, &caller, scope.project()).await.unwrap()
    }

    pub(crate) async fn make(&self, new: NewTask) -> TaskId {
        call!(self, tasks::create, &self.bot, &new).unwrap().id
    }

    pub(crate) async fn task(&self, title: &str) -> TaskId {
        self.make(titled(title)).await
    }

    pub(crate) async fn feature(&self, title: &str) -> TaskId {
        self.make(NewTask { kind: TaskType::Feature, ..titled(title) }).await
    }

    pub(crate) async fn child(&self, parent: TaskId, title: &str) -> TaskId {
        self.make(NewTask { parent: Some(parent), ..titled(title) }).await
    }

    /// A feature inside a feature.
    pub(crate) async fn part(&self, parent: TaskId, title: &str) -> TaskId {
        let kind = TaskType::Feature;
        self.make(NewTask { kind, parent: Some(parent), ..titled(title) }).await
    }

    pub(crate) async fn waits(&self, task: TaskId, prerequisite: TaskId) {
        call!(self, tasks::add_dependency, &self.bot, task, prerequisite).unwrap();
    }

    pub(crate) async fn claim(&self, scope: &ProjectScope, task: TaskId) -> Claim {
        call!(self, tasks::claim, scope, task, None, false, Lease::OfProject).unwrap().claim
    }

    pub(crate) async fn claim_next(&self, scope: &ProjectScope) -> Option<Claimed> {
        let filter = tasks::ClaimFilter::default();
        call!(self, tasks::claim_next, scope, &filter, Lease::OfProject).unwrap()
    }

    /// Whether a caller would be handed this task if it were the only one.
    pub(crate) async fn is_offered(&self, scope: &ProjectScope, task: TaskId) -> bool {
        let mut tx = self.pool().begin().await.unwrap();
        let answer = tasks::claim(&mut tx, scope, task, None, false, Lease::OfProject).await;
        tx.rollback().await.unwrap();
        answer.is_ok()
    }

    pub(crate) async fn done(&self, task: TaskId) -> Closed {
        call!(self, tasks::close, &self.bot, task, &Close::default()).unwrap()
    }

    pub(crate) async fn wont_do(&self, task: TaskId) -> Closed {
        call!(self, tasks::close, &self.bot, task, &as_wont_do()).unwrap()
    }

    pub(crate) async fn reopen(&self, task: TaskId) {
        call!(self, tasks::reopen, &self.bot, task).unwrap();
    }

    pub(crate) async fn get(&self, task: TaskId) -> Task {
        tasks::get(&mut *self.world.db().await, &self.bot, task).await.unwrap()
    }

    pub(crate) async fn state(&self, task: TaskId) -> TaskState {
        self.get(task).await.card.state
    }

    /// The states of tasks, in their order.
    pub(crate) async fn states<const N: usize>(&self, tasks: [TaskId; N]) -> [TaskState; N] {
        let mut states = [TaskState::Todo; N];
        for (state, task) in states.iter_mut().zip(tasks) {
            *state = self.state(task).await;
        }
        states
    }

    pub(crate) async fn is_ready(&self, task: TaskId) -> bool {
        self.get(task).await.card.ready
    }

    pub(crate) async fn end_cycle(&self) {
        call!(self, cycles::end, &self.project.scope, None).unwrap();
    }

    /// Lets the lease of a held task run out, without waiting for it.
    pub(crate) async fn lapse(&self, task: TaskId) {
        let lapsed = "update tasks set lease_expires_at = now() - interval '1 second'";
        self.world.run(format!("{lapsed} where id = '{task}' and state = 'doing'")).await;
    }

    /// What the sweep of lapsed leases does.
    pub(crate) async fn sweep(&self) -> u64 {
        let system = access::enter_as_system(&mut *self.world.db().await, self.project.id).await;
        call!(self, tasks::expire_claims, &system.unwrap(), 100).unwrap()
    }

    /// In how many projects the sweep has something to do.
    pub(crate) async fn lapsed_projects(&self) -> i64 {
        let sql = include_str!("../../../sql/jobs/lapsed_projects.sql");
        self.world.number(format!("select count(*) from ({sql}) lapsed")).await
    }

    /// Everything that was recorded about a task.
    pub(crate) async fn events_of(&self, task: TaskId) -> Vec<Event> {
        self.world.relay().await;
        let cursor = Some(Cursor::START);
        let query = Query { cursor, task: Some(task), limit: Some(500), ..Query::default() };
        let mut db = self.world.db().await;
        events::since(&mut db, &self.project.scope, &query).await.unwrap().events
    }

    /// The kinds of what was recorded about a task, in order.
    pub(crate) async fn kinds_of(&self, task: TaskId) -> Vec<String> {
        self.events_of(task).await.into_iter().map(|event| event.kind).collect()
    }

    /// Every row that a call about tasks or about the project can touch, in one number.
    pub(crate) async fn fingerprint(&self) -> i64 {
        self.world
            .number(
                "select hashtextextended(coalesce(string_agg(x.line, e'\\n' order by x.line), ''), 0)
                 from (
                     select 'task ' || t::text as line from tasks t
                     union all select 'text ' || t::text from task_texts t
                     union all select 'edge ' || t::text from task_dependencies t
                     union all select 'comment ' || t::text from task_comments t
                     union all select 'commit ' || t::text from task_commits t
                     union all select 'counter ' || t::text from task_counters t
                     union all select 'cycle ' || t::text from cycles t
                     union all select 'project ' || t::text from projects t
                     union all select 'member ' || t::text from members t
                     union all select 'role ' || t::text from roles t
                     union all select 'holds ' || t::text from member_roles t
                     union all select 'bucket ' || t::text from buckets t
                     union all select 'token ' || t::text from tokens t
                     union all select 'outbox ' || t::text from event_outbox t
                     union all select 'event ' || t::text from events t
                 ) x",
            )
            .await
    }

    /// Fails unless every stored counter agrees with its definition.
    pub(crate) async fn assert_no_drift(&self) {
        no_drift(&mut *self.world.db().await, &self.bot).await;
    }

    /// Fails unless every stored counter agrees with its definition, and no rule is broken.
    pub(crate) async fn assert_sound(&self) {
        let mut db = self.world.db().await;
        no_drift(&mut db, &self.bot).await;
        assert_eq!(tasks::inconsistencies(&mut db, &self.bot).await.unwrap(), []);
    }
}

async fn no_drift(db: &mut PgConnection, scope: &ProjectScope) {
    let drift = tasks::drift(db, scope).await.unwrap();
    assert!(drift.is_empty(), "{drift:#?}");
}

/// A task with nothing but a title.
pub(crate) fn titled(title: &str) -> NewTask {
    NewTask::titled(line(title))
}

/// A task with a title and a priority.
pub(crate) fn urgent(title: &str, priority: i16) -> NewTask {
    NewTask { priority: Some(tasks::Priority::Value(priority)), ..titled(title) }
}

/// Closing as won't do.
pub(crate) fn as_wont_do() -> Close {
    Close { outcome: Outcome::WontDo, ..Close::default() }
}

/// What a refused call said, with its code in front.
pub(crate) fn said<T: std::fmt::Debug>(answer: Result<T>) -> String {
    let error = answer.unwrap_err();
    format!("{}: {error}", error.code())
}
