//! A random walk through everything that can be done to a queue, compared with the model after
//! every step: each task as it stands, what callers would be handed next, and each refusal.
//!
//! `NOTTARIO_WALK_SEED` walks another way, `NOTTARIO_WALK_STEPS` further.

mod steps;

use nottario::access::ProjectScope;
use nottario::error::{Error, Result};
use nottario::ids::{ClaimId, RoleId, TaskId, UserId};
use nottario::tasks::{self, TaskState, TaskType};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::Row as _;

use super::kit::Queue;
use super::model::{Caller, Model, Named, Narrow, Nth, Reasons};

const STEPS: u64 = 1_000;
const ROLES: [&str; 2] = ["backend", "qa"];
const PEOPLE: [&str; 3] = ["admin", "ana", "bo"];

#[tokio::test]
async fn a_walk_agrees_with_the_model() {
    walk(1).await;
}

#[tokio::test]
async fn another_walk_agrees_with_the_model() {
    walk(2).await;
}

#[tokio::test]
async fn a_third_walk_agrees_with_the_model() {
    walk(3).await;
}

async fn walk(seed: u64) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seed = number("NOTTARIO_WALK_SEED").map_or(seed, |first| first.wrapping_add(seed - 1));
    let steps = number("NOTTARIO_WALK_STEPS").unwrap_or(STEPS);
    let mut walker = Walker::new(seed).await;
    for step in 0..steps {
        walker.step().await;
        walker.compare().await;
        if step % 50 == 0 {
            walker.queue.assert_no_drift().await;
        }
    }
    let mut db = walker.queue.world.db().await;
    for one in tasks::inconsistencies(&mut db, &walker.scopes[0]).await.unwrap() {
        assert_eq!(one.reason, tasks::Reason::ClosedWithOpenPrerequisite);
    }
    assert!(walker.done > steps / 3, "only {} of {steps} steps did something", walker.done);
}

/// The way so far, told when the test fails.
struct Trail {
    seed: u64,
    steps: Vec<String>,
}

impl Trail {
    fn note(&mut self, step: String) {
        self.steps.push(step);
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let first = self.steps.len().saturating_sub(40);
            for (nth, step) in self.steps.iter().enumerate().skip(first) {
                eprintln!("step {nth}: {step}");
            }
            eprintln!("to walk this way again: NOTTARIO_WALK_SEED={} (first walk)", self.seed);
        }
    }
}

struct Walker {
    queue: Queue,
    dice: StdRng,
    model: Model,
    /// The callers of the model, in their order.
    scopes: Vec<ProjectScope>,
    people: Vec<UserId>,
    roles: Vec<RoleId>,
    /// The tasks of the model, in their order.
    ids: Vec<TaskId>,
    /// The last claim of each task, over or not.
    claims: Vec<Option<ClaimId>>,
    done: u64,
    trail: Trail,
}

impl Walker {
    async fn new(seed: u64) -> Self {
        let queue = Queue::new().await;
        let ana = queue.world.member(&queue.project, "ana", &["backend"]).await;
        let bo = queue.world.member(&queue.project, "bo", &[]).await;
        let roles = vec![queue.project.role("backend").await, queue.project.role("qa").await];
        let scopes = vec![
            queue.bot.clone(),
            queue.agent("second").await,
            queue.project.agent_of(&ana.user, "ana-bot").await.scope,
            queue.project.agent_of(&bo.user, "bo-bot").await.scope,
            ana.scope,
        ];
        let caller = |person, token, roles| Caller { person, token, roles };
        let callers = vec![
            caller("admin", Some("bot"), &ROLES[..]),
            caller("admin", Some("second"), &ROLES[..]),
            caller("ana", Some("ana-bot"), &ROLES[..1]),
            caller("bo", Some("bo-bot"), &[]),
            caller("ana", None, &ROLES[..1]),
        ];
        Self {
            people: vec![queue.project.owner.id, ana.user.id, bo.user.id],
            queue,
            dice: StdRng::seed_from_u64(seed),
            model: Model { callers, tasks: Vec::new(), cycle: 1 },
            scopes,
            roles,
            ids: Vec::new(),
            claims: Vec::new(),
            done: 0,
            trail: Trail { seed, steps: Vec::new() },
        }
    }

    /// A task, mostly one of the younger: among few tasks more happens.
    fn any_task(&mut self) -> Nth {
        let first = if self.dice.random_bool(0.9) { self.ids.len().saturating_sub(24) } else { 0 };
        self.dice.random_range(first..self.ids.len())
    }

    fn any_held_task(&mut self) -> Nth {
        let is_held = |nth: &Nth| self.model.tasks[*nth].state == TaskState::Doing;
        let held: Vec<_> = (0..self.ids.len()).filter(is_held).collect();
        match held.choose(&mut self.dice) {
            Some(held) => *held,
            None => self.any_task(),
        }
    }

    fn any_feature(&mut self) -> Option<Nth> {
        let is_feature = |nth: &Nth| self.model.tasks[*nth].kind == TaskType::Feature;
        let features: Vec<_> = (0..self.ids.len()).filter(is_feature).collect();
        let recent = &features[features.len().saturating_sub(8)..];
        recent.choose(&mut self.dice).copied()
    }

    fn maybe<T: Copy>(&mut self, chance: f64, among: &[T]) -> Option<T> {
        if self.dice.random_bool(chance) { among.choose(&mut self.dice).copied() } else { None }
    }

    fn person(&self, name: &str) -> UserId {
        self.people[PEOPLE.iter().position(|person| *person == name).unwrap()]
    }

    fn role(&self, key: &str) -> RoleId {
        self.roles[ROLES.iter().position(|role| *role == key).unwrap()]
    }

    /// A claim to name, and what it is to the model.
    fn any_named(&mut self, task: Nth) -> (Named, Option<ClaimId>) {
        let is_held = self.model.tasks[task].state == TaskState::Doing;
        match (self.dice.random_range(0..10), is_held) {
            (0, _) => (Named::Stale, Some(ClaimId::fresh())),
            (1, false) if self.claims[task].is_some() => (Named::Stale, self.claims[task]),
            (1..4, true) => (Named::Current, self.claims[task]),
            _ => (Named::Nothing, None),
        }
    }

    fn agree<T: std::fmt::Debug>(&mut self, real: &Result<T>, expected: &Result<(), Reasons>) {
        match (real, expected) {
            (Ok(_), Ok(())) => self.done += 1,
            (Err(Error::Internal(source) | Error::Busy(source)), _) => panic!("{source:?}"),
            (Err(refusal), Err(reasons)) if reasons.contains(&refusal.code()) => {}
            _ => panic!("the model says {expected:?}, and the queue {real:?}"),
        }
    }

    fn nth(&self, id: TaskId) -> Nth {
        self.ids.iter().position(|other| *other == id).unwrap()
    }

    /// Compares every task, and what two of the callers would be handed next.
    async fn compare(&mut self) {
        let table = self.table().await;
        assert_eq!(table.len(), self.model.tasks.len());
        for (nth, real) in table.iter().enumerate() {
            assert_eq!(*real, self.model.describe(nth), "the queue is on the left");
        }
        let narrow = self.any_narrow();
        let mut db = self.queue.world.db().await;
        let first = self.dice.random_range(0..self.scopes.len());
        for caller in [first, (first + 1) % self.scopes.len()] {
            let scope = &self.scopes[caller];
            let held = self.model.callers[caller].roles;
            let role = narrow.role.filter(|role| held.contains(role));
            let narrow = Narrow { role, ..narrow };
            let best = tasks::next(&mut db, scope, &self.filter(narrow)).await.unwrap();
            let best = best.map(|card| self.nth(card.id));
            assert_eq!(best, self.model.best(caller, narrow), "next for {caller}, {narrow:?}");
        }
    }

    /// The tasks in the words of the model, in their order.
    async fn table(&self) -> Vec<String> {
        let statement = "
            select format(
                       '%s %s %s priority=%s assignee=%s by_claim=%s role=%s holder=%s parent=%s before=%s cycle=%s ready=%s waits=%s children=%s',
                       t.number, t.type, t.state, t.priority, coalesce(a.login, '-'),
                       t.assigned_by_claim::text, coalesce(r.key, '-'),
                       coalesce(h.login || '/' || coalesce(k.name, '-'), '-'),
                       coalesce(p.number::text, '-'),
                       (select string_agg(b.number::text, ',' order by b.number)
                        from task_dependencies d
                        join tasks b on b.project_id = d.project_id and b.id = d.depends_on_id
                        where d.project_id = t.project_id and d.task_id = t.id),
                       c.position, t.ready::text, t.open_prerequisites, t.open_children)
            from tasks t
            join cycles c on c.project_id = t.project_id and c.id = t.cycle_id
            left join tasks p on p.project_id = t.project_id and p.id = t.parent_id
            left join users a on a.id = t.assignee_id
            left join roles r on r.project_id = t.project_id and r.id = t.target_role_id
            left join users h on h.id = t.holder_user_id
            left join tokens k on k.id = t.holder_token_id
            order by t.number";
        let rows = sqlx::raw_sql(statement).fetch_all(self.queue.pool()).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }
}
