//! Everything at once: many connections do everything that can be done to few tasks. No call fails
//! for a reason of ours, and afterwards every counter, every rule and every claim's history holds.

use nottario::access::ProjectScope;
use nottario::cycles;
use nottario::error::Error;
use nottario::ids::TaskId;
use nottario::tasks::{
    self, ClaimFilter, Close, Force, Lease, NewCommit, NewTask, Outcome, Reason, Repo, Sha, Update,
};
use nottario::text::Patch;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::postgres::{PgConnection, PgPool};

use super::kit::{Queue, titled};

const WORKERS: u64 = 12;
const CALLS_EACH: u32 = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_at_once_the_rules_hold_afterwards() {
    let queue = Queue::new().await;
    let mut few = Vec::new();
    for nth in 0..6 {
        few.push(queue.task(&format!("task {nth}")).await);
    }
    for nth in 0..4 {
        few.push(queue.feature(&format!("feature {nth}")).await);
    }

    let mut workers = Vec::new();
    for seed in 0..WORKERS {
        let (owner, few) = (queue.project.scope.clone(), few.clone());
        let agent = queue.agent(&format!("agent {seed}")).await;
        workers.push(tokio::spawn(work(queue.pool().clone(), agent, owner, few, seed)));
    }
    let (mut done, mut refused) = (0, 0);
    for worker in workers {
        let (more_done, more_refused) = worker.await.unwrap();
        (done, refused) = (done + more_done, refused + more_refused);
    }
    println!("{done} calls done, {refused} refused");

    assert!(done > WORKERS * 50, "{done} calls done, {refused} refused");
    queue.assert_no_drift().await;
    let found = tasks::inconsistencies(&mut *queue.world.db().await, &queue.bot).await.unwrap();
    // What a reopened prerequisite leaves behind, and nothing else.
    assert!(found.iter().all(|one| one.reason == Reason::ClosedWithOpenPrerequisite), "{found:?}");
    assert_children_are_with_their_parents(&queue).await;
    assert_one_claim_at_a_time(&queue).await;
}

/// Makes one call after the other; answers how many were done, and how many refused.
async fn work(
    pool: PgPool,
    agent: ProjectScope,
    owner: ProjectScope,
    few: Vec<TaskId>,
    seed: u64,
) -> (u64, u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut mine = Vec::new();
    let (mut done, mut refused) = (0, 0);
    for _ in 0..CALLS_EACH {
        let mut tx = pool.begin().await.unwrap();
        match one_call(&mut tx, &agent, &owner, &few, &mut mine, &mut dice).await {
            Ok(()) => {
                tx.commit().await.unwrap();
                done += 1;
            }
            // A deadlock or a time-out is one of these.
            Err(Error::Internal(source) | Error::Busy(source)) => {
                panic!("worker {seed}: {source:?}")
            }
            Err(_) => {
                tx.rollback().await.unwrap();
                refused += 1;
            }
        }
    }
    (done, refused)
}

async fn one_call(
    db: &mut PgConnection,
    agent: &ProjectScope,
    owner: &ProjectScope,
    few: &[TaskId],
    mine: &mut Vec<TaskId>,
    dice: &mut StdRng,
) -> Result<(), Error> {
    let any = |dice: &mut StdRng| few[dice.random_range(0..few.len())];
    let (task, other) = (any(dice), any(dice));
    let held = mine.last().copied().unwrap_or(task);
    match dice.random_range(0..100) {
        0..20 => {
            let filter = ClaimFilter::default();
            if let Some(claimed) = tasks::claim_next(db, agent, &filter, Lease::OfProject).await? {
                assert_eq!(claimed.task.open_prerequisites, 0, "a blocked task was handed out");
                mine.push(claimed.task.card.id);
            }
        }
        20..25 => {
            tasks::claim(db, agent, task, None, dice.random(), Lease::OfProject).await?;
            mine.push(task);
        }
        25..40 => {
            let outcome = if dice.random() { Outcome::Done } else { Outcome::WontDo };
            let task = if dice.random() { held } else { task };
            let how = Close {
                outcome,
                cascade: dice.random(),
                commits: vec![commit(dice.random_range(0..3))],
                ..Close::default()
            };
            mine.pop();
            tasks::close(db, agent, task, &how).await?;
        }
        40..50 => {
            mine.pop();
            tasks::release(db, agent, held, None, None, Force::No).await?;
        }
        50..58 => {
            tasks::reopen(db, agent, task).await?;
        }
        58..68 => {
            tasks::add_dependency(db, agent, task, other).await?;
        }
        68..74 => {
            tasks::remove_dependency(db, agent, task, other).await?;
        }
        74..80 => {
            let parent = if dice.random() { Patch::Set(other) } else { Patch::Clear };
            let change = Update { parent, ..Update::default() };
            tasks::update(db, agent, task, &change).await?;
        }
        80..84 => {
            let assignee = if dice.random() { Patch::Set(agent.user()?) } else { Patch::Clear };
            let change = Update { assignee, ..Update::default() };
            tasks::update(db, agent, task, &change).await?;
        }
        84..87 => {
            let parent = dice.random::<bool>().then_some(task);
            let depends_on = if dice.random() { vec![other] } else { Vec::new() };
            let new = NewTask { parent, depends_on, ..titled("one more") };
            tasks::create(db, agent, &new).await?;
        }
        87..91 => {
            tasks::link_commit(db, agent, held, &commit(dice.random_range(0..3))).await?;
        }
        91..94 => {
            tasks::heartbeat(db, agent, held, None, None).await?;
        }
        94..98 => {
            // As the sweep does, after a lease has run out.
            let lapse = "update tasks set lease_expires_at = now() - interval '1 second'
                         where id = (select id from tasks where state = 'doing'
                                     order by random() limit 1 for no key update skip locked)";
            sqlx::raw_sql(lapse).execute(&mut *db).await?;
            tasks::expire_claims(db, agent, 5).await?;
        }
        _ => {
            cycles::end(db, owner, None).await?;
        }
    }
    Ok(())
}

fn commit(nth: u8) -> NewCommit {
    let (repo, sha) = (Repo::parse("acme/atlas").unwrap(), format!("abcdef{nth}"));
    NewCommit { repo, sha: Sha::parse(&sha).unwrap(), message: None }
}

async fn assert_children_are_with_their_parents(queue: &Queue) {
    let apart = "select count(*) from tasks c
                 join tasks p on p.project_id = c.project_id and p.id = c.parent_id
                 where p.cycle_id <> c.cycle_id";
    assert_eq!(queue.world.number(apart).await, 0);
}

/// Between two claims on a task there is an end of the first one: whoever holds the task writes
/// the event while it holds the row, so the events of one task are in the order of their truth.
async fn assert_one_claim_at_a_time(queue: &Queue) {
    let doubled = "
        select count(*)
        from (
            select e.kind, e.data,
                   lag(e.kind) over (partition by e.subject_id order by e.id) as former
            from event_outbox e
            where e.kind in ('task.claimed', 'task.released', 'claim.expired', 'task.closed', 'task.reopened')
        ) e
        where e.kind = 'task.claimed'
          and e.former = 'task.claimed'
          and not e.data ? 'taken_over_from'";
    assert_eq!(queue.world.number(doubled).await, 0);
    let claimed = "select count(*) from event_outbox where kind = 'task.claimed'";
    assert!(queue.world.number(claimed).await > 100, "hardly anything was claimed");
}
