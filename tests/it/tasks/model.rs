//! The rules of the queue in memory, written from the specification. Nothing is counted or kept:
//! what is ready, what follows and what is refused is computed from how things stand.

use std::collections::BTreeSet;

use nottario::tasks::{TaskState, TaskType};

/// A place in the list of tasks: one less than the task's number.
pub(super) type Nth = usize;

/// Every reason for which a call has to be refused, as codes; the call may name any of them.
pub(super) type Reasons = Vec<&'static str>;

/// Who calls: an agent of a person, or the person.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) person: &'static str,
    pub(super) token: Option<&'static str>,
    pub(super) roles: &'static [&'static str],
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) kind: TaskType,
    pub(super) state: TaskState,
    pub(super) priority: i16,
    pub(super) assignee: Option<&'static str>,
    pub(super) assigned_by_claim: bool,
    pub(super) role: Option<&'static str>,
    pub(super) parent: Option<Nth>,
    pub(super) prerequisites: BTreeSet<Nth>,
    pub(super) holder: Option<Nth>,
    pub(super) cycle: usize,
}

/// What a new task is like.
#[derive(Clone, Debug)]
pub(super) struct New {
    pub(super) kind: TaskType,
    pub(super) priority: i16,
    pub(super) assignee: Option<&'static str>,
    pub(super) role: Option<&'static str>,
    pub(super) parent: Option<Nth>,
    pub(super) depends_on: Vec<Nth>,
}

/// Which claim a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    Nothing,
    /// The one that is current; on a task that nobody holds, none.
    Current,
    /// One that is over, or never was.
    Stale,
}

/// One field that changes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Kind(TaskType),
    Priority(i16),
    Assignee(Option<&'static str>),
    Role(Option<&'static str>),
    Parent(Option<Nth>),
}

/// What narrows a claim.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Narrow {
    pub(super) kind: Option<TaskType>,
    pub(super) role: Option<&'static str>,
    pub(super) parent: Option<Nth>,
    pub(super) mine: bool,
}

/// What follows from closing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Follows {
    pub(super) now_ready: BTreeSet<Nth>,
    pub(super) rolled_up: BTreeSet<Nth>,
}

#[derive(Clone)]
pub(super) struct Model {
    pub(super) callers: Vec<Caller>,
    pub(super) tasks: Vec<Task>,
    pub(super) cycle: usize,
}

fn allowed(reasons: Reasons) -> Result<(), Reasons> {
    if reasons.is_empty() { Ok(()) } else { Err(reasons) }
}

/// How things stand.
impl Model {
    fn all(&self) -> impl Iterator<Item = Nth> + use<> {
        0..self.tasks.len()
    }

    fn is_open(&self, task: Nth) -> bool {
        matches!(self.tasks[task].state, TaskState::Todo | TaskState::Doing)
    }

    pub(super) fn children(&self, feature: Nth) -> impl Iterator<Item = Nth> {
        self.all().filter(move |task| self.tasks[*task].parent == Some(feature))
    }

    fn open_children(&self, task: Nth) -> usize {
        self.children(task).filter(|child| self.is_open(*child)).count()
    }

    fn open_prerequisites(&self, task: Nth) -> usize {
        self.tasks[task].prerequisites.iter().filter(|before| self.is_open(**before)).count()
    }

    /// The features that a task is in, nearest first.
    fn above(&self, task: Nth) -> Vec<Nth> {
        std::iter::successors(self.tasks[task].parent, |at| self.tasks[*at].parent).collect()
    }

    fn below(&self, task: Nth) -> Vec<Nth> {
        self.all().filter(|other| self.above(*other).contains(&task)).collect()
    }

    /// How many levels a task and what is below it take.
    fn levels(&self, task: Nth) -> usize {
        1 + self.children(task).map(|child| self.levels(child)).max().unwrap_or(0)
    }

    /// Whether one task cannot be done before another: it waits for its prerequisites and children.
    fn leads_to(&self, from: Nth, to: Nth) -> bool {
        let mut seen = BTreeSet::new();
        let mut look = vec![from];
        while let Some(at) = look.pop() {
            if seen.insert(at) {
                look.extend(&self.tasks[at].prerequisites);
                look.extend(self.children(at));
            }
        }
        seen.contains(&to)
    }

    fn is_ready(&self, task: Nth) -> bool {
        self.tasks[task].state == TaskState::Todo
            && self.open_prerequisites(task) == 0
            && self.open_children(task) == 0
    }

    fn ready(&self) -> BTreeSet<Nth> {
        self.all().filter(|task| self.is_ready(*task)).collect()
    }

    fn is_meant_for(&self, caller: Nth, task: Nth) -> bool {
        let (caller, task) = (&self.callers[caller], &self.tasks[task]);
        match (task.assignee, task.role) {
            (Some(assignee), _) => assignee == caller.person,
            (None, Some(role)) => caller.roles.contains(&role),
            (None, None) => true,
        }
    }

    /// What a caller is handed next.
    pub(super) fn best(&self, caller: Nth, narrow: Narrow) -> Option<Nth> {
        self.all()
            .filter(|nth| {
                let task = &self.tasks[*nth];
                self.is_ready(*nth)
                    && self.is_meant_for(caller, *nth)
                    && narrow.kind.is_none_or(|kind| task.kind == kind)
                    && (narrow.role.is_none() || task.role == narrow.role)
                    && (narrow.parent.is_none() || task.parent == narrow.parent)
                    && (!narrow.mine || task.assignee == Some(self.callers[caller].person))
            })
            .min_by_key(|nth| (-self.tasks[*nth].priority, *nth))
    }

    fn is_held_by_other(&self, task: Nth, caller: Nth) -> bool {
        self.tasks[task].state == TaskState::Doing && self.tasks[task].holder != Some(caller)
    }

    /// A task in one line, in the same words as the statement that reads the table.
    pub(super) fn describe(&self, nth: Nth) -> String {
        let task = &self.tasks[nth];
        let kind = format!("{:?}", task.kind).to_lowercase();
        let holder = task.holder.map(|holder| {
            let holder = &self.callers[holder];
            format!("{}/{}", holder.person, holder.token.unwrap_or("-"))
        });
        let before: Vec<_> =
            task.prerequisites.iter().map(|before| (before + 1).to_string()).collect();
        format!(
            "{} {kind} {} priority={} assignee={} by_claim={} role={} holder={} parent={} before={} cycle={} ready={} waits={} children={}",
            nth + 1,
            task.state,
            task.priority,
            task.assignee.unwrap_or("-"),
            task.assigned_by_claim,
            task.role.unwrap_or("-"),
            holder.unwrap_or_else(|| "-".to_owned()),
            task.parent.map_or("-".to_owned(), |parent| (parent + 1).to_string()),
            before.join(","),
            task.cycle,
            self.is_ready(nth),
            self.open_prerequisites(nth),
            self.open_children(nth),
        )
    }
}

/// What calls do.
impl Model {
    pub(super) fn create(&mut self, new: &New) -> Result<Nth, Reasons> {
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

    pub(super) fn depend(&mut self, task: Nth, before: Nth) -> Result<(), Reasons> {
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

    pub(super) fn undepend(&mut self, task: Nth, before: Nth) {
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

    pub(super) fn claim_next(&mut self, caller: Nth, narrow: Narrow) -> Option<Nth> {
        let best = self.best(caller, narrow)?;
        self.hold(caller, best);
        Some(best)
    }

    pub(super) fn claim(
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

    pub(super) fn release(
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
    pub(super) fn expire(&mut self, task: Nth) {
        let holder = self.tasks[task].holder;
        if holder.is_some_and(|holder| self.callers[holder].token.is_some()) {
            self.give_back(task);
        }
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "they are the arguments of the call")]
    pub(super) fn close(
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

    pub(super) fn reopen(&mut self, task: Nth) {
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

    pub(super) fn update(&mut self, task: Nth, change: Change) -> Result<(), Reasons> {
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

    pub(super) fn end_cycle(&mut self) {
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
