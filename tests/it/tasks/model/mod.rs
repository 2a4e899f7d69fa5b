//! The rules of the queue in memory, written from the specification. Nothing is counted or kept:
//! what is ready, what follows and what is refused is computed from how things stand.

mod calls;

use std::collections::BTreeSet;

use nottario::tasks::{TaskState, TaskType};

/// A place in the list of tasks: one less than the task's number.
pub(in crate::tasks) type Nth = usize;

/// Every reason for which a call has to be refused, as codes; the call may name any of them.
pub(in crate::tasks) type Reasons = Vec<&'static str>;

/// Who calls: an agent of a person, or the person.
#[derive(Clone, Debug)]
pub(in crate::tasks) struct Caller {
    pub(in crate::tasks) person: &'static str,
    pub(in crate::tasks) token: Option<&'static str>,
    pub(in crate::tasks) roles: &'static [&'static str],
}

#[derive(Clone, Debug)]
pub(in crate::tasks) struct Task {
    pub(in crate::tasks) kind: TaskType,
    pub(in crate::tasks) state: TaskState,
    pub(in crate::tasks) priority: i16,
    pub(in crate::tasks) assignee: Option<&'static str>,
    pub(in crate::tasks) assigned_by_claim: bool,
    pub(in crate::tasks) role: Option<&'static str>,
    pub(in crate::tasks) parent: Option<Nth>,
    pub(in crate::tasks) prerequisites: BTreeSet<Nth>,
    pub(in crate::tasks) holder: Option<Nth>,
    pub(in crate::tasks) cycle: usize,
}

/// What a new task is like.
#[derive(Clone, Debug)]
pub(in crate::tasks) struct New {
    pub(in crate::tasks) kind: TaskType,
    pub(in crate::tasks) priority: i16,
    pub(in crate::tasks) assignee: Option<&'static str>,
    pub(in crate::tasks) role: Option<&'static str>,
    pub(in crate::tasks) parent: Option<Nth>,
    pub(in crate::tasks) depends_on: Vec<Nth>,
}

/// Which claim a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tasks) enum Named {
    Nothing,
    /// The one that is current; on a task that nobody holds, none.
    Current,
    /// One that is over, or never was.
    Stale,
}

/// One field that changes.
#[derive(Clone, Copy, Debug)]
pub(in crate::tasks) enum Change {
    Kind(TaskType),
    Priority(i16),
    Assignee(Option<&'static str>),
    Role(Option<&'static str>),
    Parent(Option<Nth>),
}

/// What narrows a claim.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::tasks) struct Narrow {
    pub(in crate::tasks) kind: Option<TaskType>,
    pub(in crate::tasks) role: Option<&'static str>,
    pub(in crate::tasks) parent: Option<Nth>,
    pub(in crate::tasks) mine: bool,
}

/// What follows from closing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::tasks) struct Follows {
    pub(in crate::tasks) now_ready: BTreeSet<Nth>,
    pub(in crate::tasks) rolled_up: BTreeSet<Nth>,
}

#[derive(Clone)]
pub(in crate::tasks) struct Model {
    pub(in crate::tasks) callers: Vec<Caller>,
    pub(in crate::tasks) tasks: Vec<Task>,
    pub(in crate::tasks) cycle: usize,
}

/// How things stand.
impl Model {
    fn all(&self) -> impl Iterator<Item = Nth> + use<> {
        0..self.tasks.len()
    }

    fn is_open(&self, task: Nth) -> bool {
        matches!(self.tasks[task].state, TaskState::Todo | TaskState::Doing)
    }

    pub(in crate::tasks) fn children(&self, feature: Nth) -> impl Iterator<Item = Nth> {
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
    pub(in crate::tasks) fn best(&self, caller: Nth, narrow: Narrow) -> Option<Nth> {
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
    pub(in crate::tasks) fn describe(&self, nth: Nth) -> String {
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
