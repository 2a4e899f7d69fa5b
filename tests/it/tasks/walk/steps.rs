//! The steps of the walk: each is dice, the model's answer, and the queue's.

use std::collections::BTreeSet;

use nottario::access::ProjectScope;
use nottario::ids::TaskId;
use nottario::tasks::{
    self, ClaimFilter, Close, Closed, Force, Lease, NewTask, Outcome, Plan, PlanDependency,
    PlannedTask, Priority, TaskType, Update,
};
use nottario::text::Patch;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::{PEOPLE, ROLES, Walker};
use crate::tasks::kit::{call, titled};
use crate::tasks::model::{Change, Follows, Narrow, New, Nth};
use crate::world::line;

const TYPES: [TaskType; 3] = [TaskType::Task, TaskType::Bug, TaskType::Feature];

impl Walker {
    /// Does one thing, to the queue and to the model.
    pub(super) async fn step(&mut self) {
        let caller = self.dice.random_range(0..self.scopes.len());
        let scope = self.scopes[caller].clone();
        let choice = if self.ids.len() < 8 { 0 } else { self.dice.random_range(0..100) };
        match choice {
            0..10 => self.create(&scope).await,
            10..12 => self.plan(&scope).await,
            12..23 => {
                let (task, before) = (self.any_task(), self.any_task());
                let expected = self.model.depend(task, before);
                self.trail.note(format!("{} waits for {}: {expected:?}", task + 1, before + 1));
                let (id, before_id) = (self.ids[task], self.ids[before]);
                let real = call!(self.queue, tasks::add_dependency, &scope, id, before_id);
                self.agree(&real, &expected);
            }
            23..28 => {
                let (task, mut before) = (self.any_task(), self.any_task());
                let there: Vec<_> = self.model.tasks[task].prerequisites.iter().copied().collect();
                before = self.maybe(0.7, &there).unwrap_or(before);
                self.model.undepend(task, before);
                self.trail.note(format!("{} no longer waits for {}", task + 1, before + 1));
                let (id, before_id) = (self.ids[task], self.ids[before]);
                call!(self.queue, tasks::remove_dependency, &scope, id, before_id).unwrap();
                self.done += 1;
            }
            28..46 => self.claim_next(caller, &scope).await,
            46..54 => self.claim(caller, &scope).await,
            54..72 => self.close(caller).await,
            72..78 => self.release(caller, &scope).await,
            78..83 => {
                let task = self.any_task();
                self.model.reopen(task);
                self.trail.note(format!("reopen {}", task + 1));
                call!(self.queue, tasks::reopen, &scope, self.ids[task]).unwrap();
                self.done += 1;
            }
            83..96 => self.update(&scope).await,
            96..98 => {
                let task = self.any_held_task();
                self.model.expire(task);
                self.trail.note(format!("the lease of {} runs out", task + 1));
                // A person's claim has no lease that could run out.
                let has_lease = "lease_expires_at is not null";
                let id = self.ids[task];
                let lapse = "update tasks set lease_expires_at = now() - interval '1 second'";
                self.queue.world.run(format!("{lapse} where id = '{id}' and {has_lease}")).await;
                self.queue.sweep().await;
                self.done += 1;
            }
            _ => {
                self.model.end_cycle();
                self.trail.note("the cycle ends".to_owned());
                self.queue.end_cycle().await;
                self.done += 1;
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

    async fn create(&mut self, scope: &ProjectScope) {
        let new = self.any_new();
        let made = self.real(&new);
        let expected = self.model.create(&new);
        self.trail.note(format!("create {new:?}: {expected:?}"));
        let real = call!(self.queue, tasks::create, scope, &made);
        self.agree(&real, &expected.clone().map(|_| ()));
        if let Ok(card) = real {
            self.made(card.id);
        }
    }

    /// A feature with a row of children, each of which waits for the one before.
    async fn plan(&mut self, scope: &ProjectScope) {
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
        self.trail.note(format!("plan {feature:?} after {}: {expected:?}", outside + 1));
        let real = call!(self.queue, tasks::plan, scope, &plan);
        self.agree(&real, &expected);
        if let Ok(planned) = real {
            self.made(planned.feature.id);
            for task in planned.tasks {
                self.made(task.id);
            }
        }
    }

    pub(super) fn any_narrow(&mut self) -> Narrow {
        if self.dice.random_bool(0.5) {
            return Narrow::default();
        }
        let parent = if self.dice.random_bool(0.3) { self.any_feature() } else { None };
        let (kind, role) = (self.maybe(0.3, &TYPES), self.maybe(0.2, &ROLES));
        Narrow { kind, role, parent, mine: self.dice.random_bool(0.2) }
    }

    pub(super) fn filter(&self, narrow: Narrow) -> ClaimFilter {
        ClaimFilter {
            role: narrow.role.map(|role| self.role(role)),
            kind: narrow.kind,
            parent: narrow.parent.map(|parent| self.ids[parent]),
            assigned_to_me: narrow.mine,
        }
    }

    async fn claim_next(&mut self, caller: Nth, scope: &ProjectScope) {
        let narrow = self.any_narrow();
        let lacks = |role| !self.model.callers[caller].roles.contains(&role);
        let expected = if narrow.role.is_some_and(lacks) {
            Err(vec!["invalid"])
        } else {
            Ok(self.model.claim_next(caller, narrow))
        };
        self.trail.note(format!("{caller} claims {narrow:?}: {expected:?}"));
        let filter = self.filter(narrow);
        let real = call!(self.queue, tasks::claim_next, scope, &filter, Lease::OfProject);
        self.agree(&real, &expected.clone().map(|_| ()));
        let (Ok(claimed), Ok(best)) = (real, expected) else { return };
        let handed = claimed.as_ref().map(|claimed| self.nth(claimed.task.card.id));
        assert_eq!(handed, best, "{caller} was handed another task than the best");
        if let (Some(task), Some(claimed)) = (handed, claimed) {
            self.claims[task] = Some(claimed.claim.claim_id);
        }
    }

    async fn claim(&mut self, caller: Nth, scope: &ProjectScope) {
        let task = if self.dice.random() { self.any_held_task() } else { self.any_task() };
        let take_over = self.dice.random_bool(0.4);
        let (named, claim) = self.any_named(task);
        let expected = self.model.claim(caller, task, named, take_over);
        let (id, lease) = (self.ids[task], Lease::OfProject);
        self.trail.note(format!(
            "{caller} claims {} {named:?} take_over={take_over}: {expected:?}",
            task + 1
        ));
        let real = call!(self.queue, tasks::claim, scope, id, claim, take_over, lease);
        self.agree(&real, &expected);
        if let Ok(claimed) = real {
            self.claims[task] = Some(claimed.claim.claim_id);
        }
    }

    async fn release(&mut self, caller: Nth, scope: &ProjectScope) {
        let task = if self.dice.random_bool(0.8) { self.any_held_task() } else { self.any_task() };
        let (named, claim) = self.any_named(task);
        let insists = self.dice.random();
        let expected = self.model.release(caller, task, named, insists);
        let force = if insists { Force::Confirmed } else { Force::No };
        let id = self.ids[task];
        self.trail.note(format!(
            "{caller} releases {} {named:?} insists={insists}: {expected:?}",
            task + 1
        ));
        let real = call!(self.queue, tasks::release, scope, id, claim, None, force);
        self.agree(&real, &expected);
    }

    async fn close(&mut self, caller: Nth) {
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
        self.trail.note(format!("{caller} closes {} {how:?}: {expected:?}", task + 1));
        let real = call!(self.queue, tasks::close, &scope, self.ids[task], &how);
        self.agree(&real, &expected.as_ref().map(|_| ()).map_err(Clone::clone));
        if let (Ok(closed), Ok(follows)) = (&real, &expected) {
            assert_eq!(Self::follows(closed), *follows);
        }
    }

    fn follows(closed: &Closed) -> Follows {
        let nth = |key: &String| key.split_once('-').unwrap().1.parse::<Nth>().unwrap() - 1;
        Follows {
            now_ready: closed.now_ready.iter().map(nth).collect(),
            rolled_up: closed.rolled_up.iter().map(nth).collect(),
        }
    }

    async fn update(&mut self, scope: &ProjectScope) {
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
        let mut update = Update::default();
        match change {
            Change::Kind(kind) => update.kind = Some(kind),
            Change::Priority(priority) => update.priority = Some(Priority::Value(priority)),
            Change::Assignee(person) => {
                update.assignee = patch(person.map(|name| self.person(name)));
            }
            Change::Role(role) => update.target_role = patch(role.map(|key| self.role(key))),
            Change::Parent(parent) => update.parent = patch(parent.map(|nth| self.ids[nth])),
        }
        let expected = self.model.update(task, change);
        self.trail.note(format!("{} gets {change:?}: {expected:?}", task + 1));
        let real = call!(self.queue, tasks::update, scope, self.ids[task], &update);
        self.agree(&real, &expected);
    }
}

fn patch<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Clear, Patch::Set)
}
