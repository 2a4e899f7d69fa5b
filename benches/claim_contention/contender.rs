//! One way to take tasks, tried by several callers at once for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nottario::access::ProjectScope;
use nottario::db::Database;
use nottario::ids::{ClaimId, TaskId};
use nottario::tasks::{self, ClaimFilter, Lease};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPool};
use tokio::task::JoinSet;

use crate::support::Outcome;
use crate::support::figures::Sample;
use crate::support::seed::Project;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// `claim_next`, whose one statement commits by itself.
    Claim,
    /// The same on the product's own pool, which has fewer connections than the largest crowd.
    ClaimOnPool,
    /// `claim_next`, begun and committed.
    ClaimInTransaction,
    /// One update of a known row, begun and committed.
    BareInTransaction,
    /// The same as a single statement that commits by itself.
    Bare,
}

/// One call: which task it got, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) task: TaskId,
    pub(crate) start: Instant,
    pub(crate) end: Instant,
}

/// What one round of so many callers brought.
pub(crate) struct Round {
    pub(crate) callers: usize,
    pub(crate) calls: Vec<Call>,
    elapsed: Duration,
}

pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) work: Work,
    /// With how many callers it is tried.
    pub(crate) callers: &'static [usize],
    pub(crate) project: Project,
    /// All ready tasks in the order in which they should be handed out.
    pub(crate) ready: Arc<Vec<TaskId>>,
    /// Every round, the ones to warm up included.
    pub(crate) rounds: Vec<Round>,
    counted: Vec<usize>,
    connections: Vec<PgConnection>,
    pool: PgPool,
    /// The next of the known rows.
    next: Arc<AtomicUsize>,
}

impl Contender {
    pub(crate) async fn new(
        name: &'static str,
        work: Work,
        callers: &'static [usize],
        project: Project,
    ) -> Outcome<Self> {
        let mut db = project.connect().await?;
        let ready = sqlx::query_file_scalar!("benches/sql/ready.sql", project.id as _)
            .fetch_all(&mut db)
            .await?;
        let pool = Database::connect(project.options.clone()).pool().clone();
        Ok(Self {
            name,
            pool,
            work,
            callers,
            project,
            ready: Arc::new(ready),
            rounds: Vec::new(),
            counted: Vec::new(),
            connections: vec![db],
            next: Arc::default(),
        })
    }

    /// Lets so many callers work for a while.
    pub(crate) async fn round(
        &mut self,
        callers: usize,
        duration: Duration,
        counts: bool,
    ) -> Outcome<()> {
        while self.connections.len() < callers {
            self.connections.push(self.project.connect().await?);
        }
        let start = Instant::now();
        let mut running = JoinSet::new();
        for (db, scope) in self.connections.drain(..callers).zip(&self.project.agents) {
            let caller = Caller {
                work: self.work,
                db,
                pool: self.pool.clone(),
                scope: scope.clone(),
                ready: Arc::clone(&self.ready),
                next: Arc::clone(&self.next),
            };
            running.spawn(caller.run(start + duration));
        }
        let mut calls = Vec::new();
        while let Some(done) = running.join_next().await {
            let (db, of_one) = done??;
            self.connections.push(db);
            calls.extend(of_one);
        }
        if counts {
            self.counted.push(self.rounds.len());
        }
        self.rounds.push(Round { callers, calls, elapsed: start.elapsed() });
        Ok(())
    }

    /// Calls per second in each round with so many callers.
    pub(crate) fn rates(&self, callers: usize) -> Vec<f64> {
        self.counted(callers)
            .map(|round| {
                let many = u32::try_from(round.calls.len()).unwrap_or(u32::MAX);
                f64::from(many) / round.elapsed.as_secs_f64()
            })
            .collect()
    }

    /// How long calls took with so many callers.
    pub(crate) fn walls(&self, callers: usize) -> Sample {
        let mut walls = Sample::default();
        for call in self.counted(callers).flat_map(|round| &round.calls) {
            walls.add(call.end.duration_since(call.start));
        }
        walls
    }

    fn counted(&self, callers: usize) -> impl Iterator<Item = &Round> {
        self.counted
            .iter()
            .map(|&index| &self.rounds[index])
            .filter(move |round| round.callers == callers)
    }
}

struct Caller {
    work: Work,
    db: PgConnection,
    pool: PgPool,
    scope: ProjectScope,
    ready: Arc<Vec<TaskId>>,
    next: Arc<AtomicUsize>,
}

impl Caller {
    async fn run(mut self, deadline: Instant) -> Outcome<(PgConnection, Vec<Call>)> {
        let mut calls = Vec::new();
        while Instant::now() < deadline {
            let start = Instant::now();
            let task = match self.work {
                Work::Claim => claim(&mut self.db, &self.scope).await?,
                Work::ClaimOnPool => {
                    let mut db = self.pool.acquire().await?;
                    claim(&mut db, &self.scope).await?
                }
                Work::ClaimInTransaction => {
                    let mut tx = self.db.begin().await?;
                    let task = claim(&mut tx, &self.scope).await?;
                    tx.commit().await?;
                    task
                }
                Work::BareInTransaction => {
                    let task = self.draw()?;
                    let mut tx = self.db.begin().await?;
                    update(&mut tx, &self.scope, task).await?;
                    tx.commit().await?;
                    task
                }
                Work::Bare => {
                    let task = self.draw()?;
                    update(&mut self.db, &self.scope, task).await?;
                    task
                }
            };
            calls.push(Call { task, start, end: Instant::now() });
        }
        Ok((self.db, calls))
    }

    fn draw(&self) -> Outcome<TaskId> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(*self.ready.get(index).ok_or("the backlog ran dry")?)
    }
}

async fn claim(db: &mut PgConnection, scope: &ProjectScope) -> Outcome<TaskId> {
    let filter = ClaimFilter::default();
    let claimed = tasks::claim_next(db, scope, &filter, Lease::OfProject).await?;
    Ok(claimed.ok_or("the backlog ran dry")?.task.card.id)
}

async fn update(db: &mut PgConnection, scope: &ProjectScope, task: TaskId) -> Outcome<()> {
    sqlx::query_file!(
        "benches/sql/bare_update.sql",
        scope.project() as _,
        task as _,
        ClaimId::fresh() as _,
        scope.user()? as _,
        scope.actor().token as _,
        scope.lease_minutes() * 60,
    )
    .execute(db)
    .await?;
    Ok(())
}
