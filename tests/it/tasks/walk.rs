//! A random walk through everything that can be done to a queue, compared with the model after
//! every step: each task as it stands, what callers would be handed next, and each refusal.
//!
//! `NOTTARIO_WALK_SEED` walks another way, `NOTTARIO_WALK_STEPS` further.

use std::collections::BTreeSet;

use nottario::access::ProjectScope;
use nottario::error::{Error, Result};
use nottario::ids::{ClaimId, RoleId, TaskId, UserId};
use nottario::tasks::{
    self, ClaimFilter, Close, Closed, Force, Lease, NewTask, Outcome, Plan, PlanDependency,
    PlannedTask, Priority, TaskState, TaskType, Update,
};
use nottario::text::Patch;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::Row as _;

use super::kit::{Queue, call, titled};
use super::model::{Caller, Change, Follows, Model, Named, Narrow, New, Nth, Reasons};
use crate::world::line;

const STEPS: u32 = 1_000;
const ROLES: [&str; 2] = ["backend", "qa"];
const PEOPLE: [&str; 3] = ["admin", "ana", "bo"];
const TYPES: [TaskType; 3] = [TaskType::Task, TaskType::Bug, TaskType::Feature];

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
    let seed = number("NOTTARIO_WALK_SEED").map_or(seed, |base| base.wrapping_add(seed - 1));
    let steps = number("NOTTARIO_WALK_STEPS").unwrap_or(u64::from(STEPS));
    let mut walker = Walker::new(seed).await;
    for step in 0..steps {
        // Printed only when the test fails.
        print!("seed {seed} step {step}: ");
        let step_was = walker.step().await;
        println!("{step_was}");
        walker.compare().await;
        if step % 50 == 0 {
            walker.queue.assert_no_drift().await;
        }
    }
    let mut db = walker.queue.world.db().await;
    for one in tasks::inconsistencies(&mut db, &walker.scopes[0]).await.unwrap() {
        assert_eq!(one.reason, tasks::Reason::ClosedWithOpenPrerequisite);
    }
    println!("{} tasks, {} cycles", walker.ids.len(), walker.model.cycle);
    assert!(walker.done > steps / 3, "only {} of {steps} steps did something", walker.done);
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
            (Err(Error::Internal(source)), _) => panic!("{source:?}"),
            (Err(refusal), Err(reasons)) if reasons.contains(&refusal.code()) => {}
            _ => panic!("the model says {expected:?}, and the queue {real:?}"),
        }
    }

    /// Does one thing, to the queue and to the model; says what.
    async fn step(&mut self) -> String {
        let caller = self.dice.random_range(0..self.scopes.len());
        let scope = self.scopes[caller].clone();
        let choice = if self.ids.len() < 8 { 0 } else { self.dice.random_range(0..100) };
        match choice {
            0..10 => self.create(&scope).await,
            10..12 => self.plan(&scope).await,
            12..23 => {
                let (task, before) = (self.any_task(), self.any_task());
                let expected = self.model.depend(task, before);
                let (id, before_id) = (self.ids[task], self.ids[before]);
                let real = call!(self.queue, tasks::add_dependency, &scope, id, before_id);
                self.agree(&real, &expected);
                format!("{} waits for {}: {expected:?}", task + 1, before + 1)
            }
            23..28 => {
                let (task, mut before) = (self.any_task(), self.any_task());
                let there: Vec<_> = self.model.tasks[task].prerequisites.iter().copied().collect();
                before = self.maybe(0.7, &there).unwrap_or(before);
                self.model.undepend(task, before);
                let (id, before_id) = (self.ids[task], self.ids[before]);
                call!(self.queue, tasks::remove_dependency, &scope, id, before_id).unwrap();
                self.done += 1;
                format!("{} no longer waits for {}", task + 1, before + 1)
            }
            28..46 => self.claim_next(caller, &scope).await,
            46..54 => self.claim(caller, &scope).await,
            54..72 => self.close(caller).await,
            72..78 => self.release(caller, &scope).await,
            78..83 => {
                let task = self.any_task();
                self.model.reopen(task);
                call!(self.queue, tasks::reopen, &scope, self.ids[task]).unwrap();
                self.done += 1;
                format!("reopen {}", task + 1)
            }
            83..96 => self.update(&scope).await,
            96..98 => {
                let task = self.any_held_task();
                self.model.expire(task);
                // A person's claim has no lease that could run out.
                let has_lease = "lease_expires_at is not null";
                let id = self.ids[task];
                let lapse = "update tasks set lease_expires_at = now() - interval '1 second'";
                self.queue.world.run(format!("{lapse} where id = '{id}' and {has_lease}")).await;
                self.queue.sweep().await;
                self.done += 1;
                format!("the lease of {} runs out", task + 1)
            }
            _ => {
                self.model.end_cycle();
                self.queue.end_cycle().await;
                self.done += 1;
                "the cycle ends".to_owned()
            }
        }
    }

    fn any_new(&mut self) -> New {
        let parent = if self.dice.random_bool(0.45) { self.any_feature() } else { None };
        let mut depends_on = BTreeSet::new();
        if !self.ids.is_empty() && self.dice.random_bool(0.3) {
            for _ in 0..self.dice.random_range(1..3) {
                depends_on.insert(self.any_task());
            }
        }
        New {
            kind: if self.dice.random_bool(0.35) { TaskType::Feature } else { TaskType::Task },
            priority: *[30, 60, 90].choose(&mut self.dice).unwrap(),
            assignee: self.maybe(0.25, &PEOPLE),
            role: self.maybe(0.35, &ROLES),
            parent,
            depends_on: depends_on.into_iter().collect(),
        }
    }

    fn real(&self, new: &New) -> NewTask {
        NewTask {
            kind: new.kind,
            priority: Some(Priority::Value(new.priority)),
            assignee: new.assignee.map(|person| self.person(person)),
            target_role: new.role.map(|role| self.role(role)),
            parent: new.parent.map(|parent| self.ids[parent]),
            depends_on: new.depends_on.iter().map(|before| self.ids[*before]).collect(),
            ..titled("a task")
        }
    }

    fn made(&mut self, id: TaskId) {
        self.ids.push(id);
        self.claims.push(None);
    }

    async fn create(&mut self, scope: &ProjectScope) -> String {
        let new = self.any_new();
        let made = self.real(&new);
        let expected = self.model.create(&new);
        let real = call!(self.queue, tasks::create, scope, &made);
        self.agree(&real, &expected.clone().map(|_| ()));
        if let Ok(card) = real {
            self.made(card.id);
        }
        format!("create {new:?}: {expected:?}")
    }

    /// A feature with a row of children, each of which waits for the one before.
    async fn plan(&mut self, scope: &ProjectScope) -> String {
        let feature = New { kind: TaskType::Feature, ..self.any_new() };
        let outside = self.any_task();
        let mut children = Vec::new();
        for nth in 0..self.dice.random_range(1..4) {
            let before = if nth == 0 {
                PlanDependency::Task(self.ids[outside])
            } else {
                PlanDependency::Child(line(&format!("child {}", nth - 1)))
            };
            let reference = line(&format!("child {nth}"));
            let depends_on = vec![before];
            children.push(PlannedTask { reference, task: titled("a child"), depends_on });
        }
        let plan = Plan { feature: self.real(&feature), tasks: children };

        let before = self.model.clone();
        let mut expected = self.model.create(&feature).map(|_| ());
        if expected.is_ok() {
            let parent = self.model.tasks.len() - 1;
            for nth in 0..plan.tasks.len() {
                let previous = self.model.tasks.len() - 1;
                let child = New {
                    kind: TaskType::Task,
                    priority: 60,
                    assignee: None,
                    role: None,
                    parent: Some(parent),
                    depends_on: vec![if nth == 0 { outside } else { previous }],
                };
                expected = expected.and_then(|()| self.model.create(&child).map(|_| ()));
            }
        }
        if expected.is_err() {
            self.model = before;
        }
        let real = call!(self.queue, tasks::plan, scope, &plan);
        self.agree(&real, &expected);
        if let Ok(planned) = real {
            self.made(planned.feature.id);
            for task in planned.tasks {
                self.made(task.id);
            }
        }
        format!("plan {feature:?} after {}: {expected:?}", outside + 1)
    }

    fn any_narrow(&mut self) -> Narrow {
        if self.dice.random_bool(0.5) {
            return Narrow::default();
        }
        let parent = if self.dice.random_bool(0.3) { self.any_feature() } else { None };
        let (kind, role) = (self.maybe(0.3, &TYPES), self.maybe(0.2, &ROLES));
        Narrow { kind, role, parent, mine: self.dice.random_bool(0.2) }
    }

    fn filter(&self, narrow: Narrow) -> ClaimFilter {
        ClaimFilter {
            role: narrow.role.map(|role| self.role(role)),
            kind: narrow.kind,
            parent: narrow.parent.map(|parent| self.ids[parent]),
            assigned_to_me: narrow.mine,
        }
    }

    async fn claim_next(&mut self, caller: Nth, scope: &ProjectScope) -> String {
        let narrow = self.any_narrow();
        let filter = self.filter(narrow);
        let real = call!(self.queue, tasks::claim_next, scope, &filter, Lease::OfProject);
        let lacks = |role| !self.model.callers[caller].roles.contains(&role);
        if narrow.role.is_some_and(lacks) {
            self.agree(&real, &Err(vec!["invalid"]));
            return format!("{caller} may not ask for {narrow:?}");
        }
        let expected = self.model.claim_next(caller, narrow);
        let real = real.unwrap();
        let handed = real.as_ref().map(|claimed| self.nth(claimed.task.card.id));
        assert_eq!(handed, expected, "{caller} was handed another task than the best");
        if let (Some(task), Some(claimed)) = (handed, real) {
            self.claims[task] = Some(claimed.claim.claim_id);
            self.done += 1;
        }
        format!("{caller} claims {narrow:?}: {:?}", expected.map(|task| task + 1))
    }

    async fn claim(&mut self, caller: Nth, scope: &ProjectScope) -> String {
        let task = if self.dice.random() { self.any_held_task() } else { self.any_task() };
        let take_over = self.dice.random_bool(0.4);
        let (named, claim) = self.any_named(task);
        let expected = self.model.claim(caller, task, named, take_over);
        let (id, lease) = (self.ids[task], Lease::OfProject);
        let real = call!(self.queue, tasks::claim, scope, id, claim, take_over, lease);
        self.agree(&real, &expected);
        if let Ok(claimed) = real {
            self.claims[task] = Some(claimed.claim.claim_id);
        }
        format!("{caller} claims {} {named:?} take_over={take_over}: {expected:?}", task + 1)
    }

    async fn release(&mut self, caller: Nth, scope: &ProjectScope) -> String {
        let task = if self.dice.random_bool(0.8) { self.any_held_task() } else { self.any_task() };
        let (named, claim) = self.any_named(task);
        let insists = self.dice.random();
        let expected = self.model.release(caller, task, named, insists);
        let force = if insists { Force::Confirmed } else { Force::No };
        let id = self.ids[task];
        let real = call!(self.queue, tasks::release, scope, id, claim, None, force);
        self.agree(&real, &expected);
        format!("{caller} releases {} {named:?} insists={insists}: {expected:?}", task + 1)
    }

    async fn close(&mut self, caller: Nth) -> String {
        let task = if self.dice.random_bool(0.4) { self.any_held_task() } else { self.any_task() };
        // Mostly by its holder, so that work gets finished.
        let caller = match self.model.tasks[task].holder {
            Some(holder) if self.dice.random_bool(0.7) => holder,
            _ => caller,
        };
        let scope = self.scopes[caller].clone();
        let (named, claim) = self.any_named(task);
        let (as_done, cascade) = (self.dice.random_bool(0.6), self.dice.random());
        let insists = self.dice.random_bool(0.3);
        let expected = self.model.close(caller, task, as_done, cascade, named, insists);
        let how = Close {
            outcome: if as_done { Outcome::Done } else { Outcome::WontDo },
            claim,
            cascade,
            force: if insists { Force::Confirmed } else { Force::No },
            ..Close::default()
        };
        let real = call!(self.queue, tasks::close, &scope, self.ids[task], &how);
        self.agree(&real, &expected.as_ref().map(|_| ()).map_err(Clone::clone));
        if let (Ok(closed), Ok(follows)) = (&real, &expected) {
            assert_eq!(Self::follows(closed), *follows);
        }
        format!("{caller} closes {} {how:?}: {expected:?}", task + 1)
    }

    fn follows(closed: &Closed) -> Follows {
        let nth = |key: &String| key.split_once('-').unwrap().1.parse::<Nth>().unwrap() - 1;
        Follows {
            now_ready: closed.now_ready.iter().map(nth).collect(),
            rolled_up: closed.rolled_up.iter().map(nth).collect(),
        }
    }

    async fn update(&mut self, scope: &ProjectScope) -> String {
        let task = self.any_task();
        let change = match self.dice.random_range(0..10) {
            0..2 => Change::Kind(*TYPES.choose(&mut self.dice).unwrap()),
            2..3 => Change::Priority(self.dice.random_range(0..=100)),
            3..5 => Change::Assignee(self.maybe(0.5, &PEOPLE)),
            5..6 => Change::Role(self.maybe(0.5, &ROLES)),
            _ => {
                Change::Parent(if self.dice.random_bool(0.75) { self.any_feature() } else { None })
            }
        };
        fn patch<T>(value: Option<T>) -> Patch<T> {
            value.map_or(Patch::Clear, Patch::Set)
        }
        let mut update = Update::default();
        match change {
            Change::Kind(kind) => update.kind = Some(kind),
            Change::Priority(priority) => update.priority = Some(Priority::Value(priority)),
            Change::Assignee(person) => {
                update.assignee = patch(person.map(|name| self.person(name)))
            }
            Change::Role(role) => update.target_role = patch(role.map(|key| self.role(key))),
            Change::Parent(parent) => update.parent = patch(parent.map(|nth| self.ids[nth])),
        }
        let expected = self.model.update(task, change);
        let real = call!(self.queue, tasks::update, scope, self.ids[task], &update);
        self.agree(&real, &expected);
        format!("{} gets {change:?}: {expected:?}", task + 1)
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
                        from task_dependencies d join tasks b on b.id = d.depends_on_id
                        where d.task_id = t.id),
                       c.position, t.ready::text, t.open_prerequisites, t.open_children)
            from tasks t
            join cycles c on c.id = t.cycle_id
            left join tasks p on p.id = t.parent_id
            left join users a on a.id = t.assignee_id
            left join roles r on r.id = t.target_role_id
            left join users h on h.id = t.holder_user_id
            left join tokens k on k.id = t.holder_token_id
            order by t.number";
        let rows = sqlx::raw_sql(statement).fetch_all(self.queue.pool()).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect()
    }
}
