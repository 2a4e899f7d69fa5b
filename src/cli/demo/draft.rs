//! Work before it is in the backlog: what the story tells, and what the ideas make up.
//!
//! A draft names other drafts and roles by short names. It reaches the backlog by either door: the
//! domain while seeding, and the agents' endpoint while the demo runs.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::tasks::TaskType;

/// One piece of work.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What other drafts call it.
    pub name: &'static str,
    /// One line.
    pub title: Cow<'static, str>,
    /// Markdown.
    pub description: Cow<'static, str>,
    /// The kind of work.
    pub kind: TaskType,
    /// The key of its bucket; the project's default when absent.
    pub bucket: Option<&'static str>,
    /// The key of the role it asks for.
    pub role: Option<&'static str>,
    /// The login of who should do it.
    pub assignee: Option<&'static str>,
    /// The names of the drafts that come first.
    pub needs: Vec<&'static str>,
    /// How far it has come when the demo begins.
    pub fate: Fate,
}

/// How far a piece of work has come when the demo begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// Nobody has begun.
    #[default]
    Open,
    /// A person is at it.
    HeldBy(&'static str),
    /// A person has done it.
    DoneBy {
        /// The person's login.
        who: &'static str,
        /// What it wrote at the end.
        comment: &'static str,
        /// What it shipped: the commit's hash and message.
        commit: Option<(&'static str, &'static str)>,
    },
    /// A person has turned it down.
    RefusedBy {
        /// The person's login.
        who: &'static str,
        /// Why.
        comment: &'static str,
    },
}

/// A feature and its children, each of which needs only drafts that come before it.
#[derive(Clone, Debug)]
pub struct FeatureDraft {
    /// The feature.
    pub feature: Draft,
    /// Its children; none at all when somebody has yet to break it down.
    pub tasks: Vec<Draft>,
}

/// A task of the default kind.
pub(super) fn task(
    name: &'static str,
    title: impl Into<Cow<'static, str>>,
    description: impl Into<Cow<'static, str>>,
) -> Draft {
    Draft {
        name,
        title: title.into(),
        description: description.into(),
        kind: TaskType::Task,
        bucket: None,
        role: None,
        assignee: None,
        needs: Vec::new(),
        fate: Fate::Open,
    }
}

/// A feature with its children.
pub(super) fn feature(feature: Draft, tasks: Vec<Draft>) -> FeatureDraft {
    FeatureDraft { feature: feature.kind(TaskType::Feature), tasks }
}

impl Draft {
    pub(super) fn kind(self, kind: TaskType) -> Self {
        Self { kind, ..self }
    }

    pub(super) fn bug(self) -> Self {
        self.kind(TaskType::Bug)
    }

    pub(super) fn chore(self) -> Self {
        self.kind(TaskType::Chore)
    }

    pub(super) fn spike(self) -> Self {
        self.kind(TaskType::Spike)
    }

    pub(super) fn bucket(self, key: &'static str) -> Self {
        Self { bucket: Some(key), ..self }
    }

    pub(super) fn role(self, key: &'static str) -> Self {
        Self { role: Some(key), ..self }
    }

    pub(super) fn assigned_to(self, login: &'static str) -> Self {
        Self { assignee: Some(login), ..self }
    }

    pub(super) fn after(self, needs: &[&'static str]) -> Self {
        Self { needs: needs.to_vec(), ..self }
    }

    pub(super) fn held_by(self, login: &'static str) -> Self {
        Self { fate: Fate::HeldBy(login), ..self }
    }

    pub(super) fn done_by(
        self,
        who: &'static str,
        comment: &'static str,
        commit: Option<(&'static str, &'static str)>,
    ) -> Self {
        Self { fate: Fate::DoneBy { who, comment, commit }, ..self }
    }

    pub(super) fn refused_by(self, who: &'static str, comment: &'static str) -> Self {
        Self { fate: Fate::RefusedBy { who, comment }, ..self }
    }

    /// The draft as an argument of `tasks.plan`.
    fn argument(&self) -> Value {
        let mut argument = json!({ "title": self.title, "description": self.description });
        if let Some(bucket) = self.bucket {
            argument["priority_key"] = json!(bucket);
        }
        argument
    }
}

impl FeatureDraft {
    /// The arguments of `tasks.plan`.
    pub(super) fn plan_arguments(&self) -> Value {
        let tasks: Vec<_> = self
            .tasks
            .iter()
            .map(|task| {
                let mut argument = task.argument();
                argument["ref"] = json!(task.name);
                argument["type"] = json!(task.kind);
                if let Some(role) = task.role {
                    argument["target_role_id"] = json!(role);
                }
                if !task.needs.is_empty() {
                    argument["depends_on"] = json!(task.needs);
                }
                argument
            })
            .collect();
        json!({ "feature": self.feature.argument(), "tasks": tasks })
    }
}
