//! A project with tasks in it and many agents who race for them.

use nottario::access::{self, InstanceScope, ProjectScope};
use nottario::identity::tokens::{self, NewToken};
use nottario::identity::users::{self, NewUser};
use nottario::ids::{ProjectId, UserId};
use nottario::projects::{self, NewProject};
use nottario::tasks::{self, NewTask, Plan, PlanDependency, PlannedTask, TaskType};
use nottario::text::{Line, Title};
use sqlx::PgPool;
use uuid::Uuid;

/// How many of the agents work for the same person.
const AGENTS_PER_PERSON: usize = 8;

/// A project with its agents.
pub(super) struct Crew {
    pub(super) project: ProjectId,
    /// The owner, who is in a browser.
    pub(super) owner: ProjectScope,
    pub(super) badges: Vec<Badge>,
}

/// What makes an agent one: its token.
#[derive(Clone, Debug)]
pub(super) struct Badge {
    pub(super) token: Uuid,
    pub(super) secret: String,
    /// What the keys of its project's tasks begin with.
    pub(super) project_key: String,
}

/// Makes a project with so many agents, and so many tasks that stand alone.
pub(super) async fn muster(pool: &PgPool, slug: &str, agents: usize, tasks: usize) -> Crew {
    let operator = InstanceScope::operator();
    let mut tx = pool.begin().await.unwrap();
    let mut people = Vec::new();
    for number in 0..=agents / AGENTS_PER_PERSON {
        let login = format!("{slug}-{number}").parse().unwrap();
        let new = NewUser { login, display_name: None };
        people.push(users::create(&mut tx, operator, &new).await.unwrap().id);
    }
    let new = NewProject {
        name: line(slug),
        slug: Some(slug.parse().unwrap()),
        key: None,
        owner: people[0],
    };
    let owner = projects::create(&mut tx, operator, &new).await.unwrap();
    for person in &people[1..] {
        projects::add_member(&mut tx, &owner, *person, &[]).await.unwrap();
    }
    let mut badges = Vec::new();
    for number in 0..agents {
        let person = people[number / AGENTS_PER_PERSON];
        badges.push(badge(&mut tx, &owner, person, &format!("agent-{number}")).await);
    }
    for number in 0..tasks {
        let title = Title::parse(&format!("alone {number}")).unwrap();
        tasks::create(&mut tx, &owner, &NewTask::titled(title)).await.unwrap();
    }
    tx.commit().await.unwrap();
    Crew { project: owner.project(), owner, badges }
}

async fn badge(
    db: &mut sqlx::PgConnection,
    owner: &ProjectScope,
    person: UserId,
    name: &str,
) -> Badge {
    let system = access::enter_as_system(db, owner.project()).await.unwrap();
    let new = NewToken { user: person, name: line(name), default_role: None, expires_at: None };
    let issued = tokens::issue(db, &system, &new, chrono::Utc::now()).await.unwrap();
    Badge {
        token: issued.id.uuid(),
        secret: issued.secret.expose().to_owned(),
        project_key: owner.project_key().to_owned(),
    }
}

impl Crew {
    /// Plans features whose children wait for each other in a row.
    pub(super) async fn plan(&self, pool: &PgPool, features: usize, children: usize) {
        let mut tx = pool.begin().await.unwrap();
        for feature in 0..features {
            let mut head = NewTask::titled(Title::parse(&format!("feature {feature}")).unwrap());
            head.kind = TaskType::Feature;
            let tasks = (0..children)
                .map(|child| PlannedTask {
                    reference: line(&child.to_string()),
                    task: NewTask::titled(Title::parse(&format!("step {child}")).unwrap()),
                    depends_on: (child > 0)
                        .then(|| PlanDependency::Child(line(&(child - 1).to_string())))
                        .into_iter()
                        .collect(),
                })
                .collect();
            tasks::plan(&mut tx, &self.owner, &Plan { feature: head, tasks }).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::parse(text).unwrap()
}
