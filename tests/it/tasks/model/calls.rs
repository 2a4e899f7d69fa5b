//! What calls do, and what they are refused for.

use std::collections::BTreeSet;

use nottario::tasks::{TaskState, TaskType};

use super::{Change, Follows, Model, Named, Narrow, New, Nth, Reasons, Task};

fn allowed(reasons: Reasons) -> Result<(), Reasons> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

impl Model {
    pub(in crate::tasks) fn create(&mut self, new: &New) -> Result<Nth, Reasons> {
        let mut reasons = Vec::new();
        if let Some(parent) = new.parent {
            reasons.extend(self.objections_to_child(parent, true, 1));
            let loops = |before: &Nth| self.leads_to(*before, parent);
            if new.depends_on.iter().any(loops) {
                reasons.push("invalid");
            }
        }
        allowed(reasons)?;
        self.tasks.push(Task {
            kind: new.kind,
            state: TaskState::Todo,
            priority: new.priority,
            assignee: new.assignee,
            assigned_by_claim: false,
            role: new.role,
            parent: new.parent,
            prerequisites: new.depends_on.iter().copied().collect(),
            holder: None,
            cycle: self.cycle,
        });
        Ok(self.tasks.len() - 1)
    }

    fn objections_to_child(&self, parent: Nth, is_open: bool, levels: usize) -> Reasons {
        let mut reasons = Vec::new();
        if self.tasks[parent].kind != TaskType::Feature {
            reasons.push("invalid");
        }
        if is_open && !self.is_open(parent) {
            reasons.push("not_ready");
        }
        if self.above(parent).len() + 1 + levels > 4 {
            reasons.push("invalid");
        }
        reasons
    }

    pub(in crate::tasks) fn depend(&mut self, task: Nth, before: Nth) -> Result<(), Reasons> {
        if self.tasks[task].prerequisites.contains(&before) {
            return Ok(());
        }
        let mut reasons = Vec::new();
        if self.leads_to(before, task) || self.below(task).contains(&before) {
            reasons.push("invalid");
        }
        if !self.is_open(task) && self.is_open(before) {
            reasons.push("not_ready");
        }
        allowed(reasons)?;
        self.tasks[task].prerequisites.insert(before);
        Ok(())
    }

    pub(in crate::tasks) fn undepend(&mut self, task: Nth, before: Nth) {
        self.tasks[task].prerequisites.remove(&before);
    }

    fn hold(&mut self, caller: Nth, task: Nth) {
        let person = self.callers[caller].person;
        let task = &mut self.tasks[task];
        task.state = TaskState::Doing;
        task.holder = Some(caller);
        task.assigned_by_claim = task.assignee.is_none();
        task.assignee = task.assignee.or(Some(person));
    }

    pub(in crate::tasks) fn claim_next(&mut self, caller: Nth, narrow: Narrow) -> Option<Nth> {
        let best = self.best(caller, narrow)?;
        self.hold(caller, best);
        Some(best)
    }

    pub(in crate::tasks) fn claim(
        &mut self,
        caller: Nth,
        task: Nth,
        named: Named,
        take_over: bool,
    ) -> Result<(), Reasons> {
        if named == Named::Stale {
            return Err(vec!["lost_claim"]);
        }
        let is_person = self.callers[caller].token.is_none();
        if self.tasks[task].state == TaskState::Doing {
            if self.tasks[task].holder == Some(caller) {
                let goes_on = named == Named::Current || take_over || is_person;
                return if goes_on { Ok(()) } else { Err(vec!["taken"]) };
            }
            if !(take_over && is_person) {
                return Err(vec!["taken"]);
            }
            let person = self.callers[caller].person;
            let task = &mut self.tasks[task];
            task.holder = Some(caller);
            task.assignee = if task.assigned_by_claim { Some(person) } else { task.assignee };
            return Ok(());
        }
        let mut reasons = Vec::new();
        if !self.is_open(task) {
            reasons.push("not_ready");
        }
        if self.open_prerequisites(task) > 0 {
            reasons.push("blocked");
        }
        if self.open_children(task) > 0 {
            reasons.push("not_ready");
        }
        if !self.is_meant_for(caller, task) {
            let assigned = self.tasks[task].assignee.is_some();
            reasons.push(if assigned { "taken" } else { "not_ready" });
        }
        allowed(reasons)?;
        self.hold(caller, task);
        Ok(())
    }

    fn give_back(&mut self, task: Nth) {
        let task = &mut self.tasks[task];
        task.state = TaskState::Todo;
        task.holder = None;
        task.assignee = if task.assigned_by_claim { None } else { task.assignee };
        task.assigned_by_claim = false;
    }

    pub(in crate::tasks) fn release(
        &mut self,
        caller: Nth,
        task: Nth,
        named: Named,
        insists: bool,
    ) -> Result<(), Reasons> {
        if named == Named::Stale {
            return Err(vec!["lost_claim"]);
        }
        match self.tasks[task].state {
            TaskState::Todo => Ok(()),
            TaskState::Doing => {
                let may_insist = insists && self.callers[caller].token.is_none();
                if self.is_held_by_other(task, caller) && !may_insist {
                    return Err(vec!["taken"]);
                }
                self.give_back(task);
                Ok(())
            }
            TaskState::Done | TaskState::WontDo => Err(vec!["not_ready"]),
        }
    }

    /// Leases that run out: those of agents' claims.
    pub(in crate::tasks) fn expire(&mut self, task: Nth) {
        let holder = self.tasks[task].holder;
        if holder.is_some_and(|holder| self.callers[holder].token.is_some()) {
            self.give_back(task);
        }
    }

    pub(in crate::tasks) fn close(
        &mut self,
        caller: Nth,
        task: Nth,
        as_done: bool,
        cascade: bool,
        named: Named,
        insists: bool,
    ) -> Result<Follows, Reasons> {
        let target = if as_done { TaskState::Done } else { TaskState::WontDo };
        if named == Named::Stale {
            return Err(vec!["lost_claim"]);
        }
        if self.tasks[task].state == target {
            return Ok(Follows::default());
        }
        let may_insist = insists && self.callers[caller].token.is_none();
        let mut reasons = Vec::new();
        if !self.is_open(task) {
            reasons.push("not_ready");
        }
        if self.is_held_by_other(task, caller) && !may_insist {
            reasons.push("taken");
        }
        let mut closing = vec![task];
        if as_done {
            if self.open_prerequisites(task) + self.open_children(task) > 0 {
                reasons.push("blocked");
            }
        } else if self.open_children(task) > 0 {
            let below = self.below(task);
            closing.extend(below.iter().filter(|below| self.is_open(**below)));
            if !cascade {
                reasons.push("not_ready");
            }
            if below.iter().any(|below| self.is_held_by_other(*below, caller)) && !may_insist {
                reasons.push("taken");
            }
        }
        allowed(reasons)?;

        let before = self.ready();
        for task in &closing {
            self.shut(*task, target);
        }
        let rolled_up = self.roll_up(closing);
        Ok(Follows { now_ready: self.ready().difference(&before).copied().collect(), rolled_up })
    }

    fn shut(&mut self, task: Nth, state: TaskState) {
        self.tasks[task].state = state;
        self.tasks[task].holder = None;
    }

    /// A feature follows its last child: done when one of its children is, else won't do. As done
    /// it waits for its own prerequisites, and follows the last of them.
    fn roll_up(&mut self, mut closed: Vec<Nth>) -> BTreeSet<Nth> {
        let mut rolled_up = BTreeSet::new();
        while let Some(task) = closed.pop() {
            for feature in self.all() {
                let is_complete = self.is_open(feature)
                    && self.children(feature).next().is_some()
                    && self.open_children(feature) == 0;
                let is_parent = self.tasks[task].parent == Some(feature);
                let was_before = self.tasks[feature].prerequisites.contains(&task);
                if !is_complete || !(is_parent || was_before) {
                    continue;
                }
                let any_done =
                    self.children(feature).any(|child| self.tasks[child].state == TaskState::Done);
                if any_done && self.open_prerequisites(feature) == 0 {
                    self.shut(feature, TaskState::Done);
                } else if !any_done && is_parent {
                    self.shut(feature, TaskState::WontDo);
                } else {
                    continue;
                }
                rolled_up.insert(feature);
                closed.push(feature);
            }
        }
        rolled_up
    }

    pub(in crate::tasks) fn reopen(&mut self, task: Nth) {
        if self.is_open(task) {
            return;
        }
        let above = self.above(task);
        let top = above.last().copied().unwrap_or(task);
        for opened in above.into_iter().chain([task]) {
            if !self.is_open(opened) {
                self.give_back(opened);
            }
        }
        self.bring(top, self.cycle);
    }

    fn bring(&mut self, task: Nth, cycle: usize) {
        for moved in self.below(task).into_iter().chain([task]) {
            self.tasks[moved].cycle = cycle;
        }
    }

    pub(in crate::tasks) fn update(&mut self, task: Nth, change: Change) -> Result<(), Reasons> {
        match change {
            Change::Kind(kind) => {
                if kind != TaskType::Feature && self.children(task).next().is_some() {
                    return Err(vec!["invalid"]);
                }
                self.tasks[task].kind = kind;
            }
            Change::Priority(priority) => self.tasks[task].priority = priority,
            Change::Assignee(assignee) => {
                let task = &mut self.tasks[task];
                task.assigned_by_claim &= task.assignee == assignee;
                task.assignee = assignee;
            }
            Change::Role(role) => self.tasks[task].role = role,
            Change::Parent(parent) => self.move_to(task, parent)?,
        }
        Ok(())
    }

    fn move_to(&mut self, task: Nth, parent: Option<Nth>) -> Result<(), Reasons> {
        if self.tasks[task].parent == parent {
            return Ok(());
        }
        if let Some(parent) = parent {
            let is_open = self.is_open(task);
            let mut reasons = self.objections_to_child(parent, is_open, self.levels(task));
            let mut above = self.above(parent);
            above.push(parent);
            let mut below = self.below(task);
            below.push(task);
            let waits = |above: &Nth| {
                self.tasks[*above].prerequisites.iter().any(|before| below.contains(before))
            };
            if self.leads_to(task, parent) || above.iter().any(waits) {
                reasons.push("invalid");
            }
            allowed(reasons)?;
            self.bring(task, self.tasks[parent].cycle);
        }
        self.tasks[task].parent = parent;
        Ok(())
    }

    pub(in crate::tasks) fn end_cycle(&mut self) {
        let moving: Vec<_> = self
            .all()
            .filter(|task| {
                self.is_open(*task) || self.above(*task).iter().any(|above| self.is_open(*above))
            })
            .collect();
        self.cycle += 1;
        for task in moving {
            self.tasks[task].cycle = self.cycle;
        }
    }
}
