//! A project with people, agents and a backlog, made in bulk.
//!
//! People, project and tokens come from the domain's own functions. The tasks are written by one
//! statement for each table, as those functions would have left them: counters, `linked` and texts
//! included, which [`Project::check`] proves with the domain's own comparison.

use chrono::Utc;
use nottario::access::{self, Caller, InstanceScope, ProjectScope, Via};
use nottario::identity::tokens::NewToken;
use nottario::identity::users::NewUser;
use nottario::identity::{tokens, users};
use nottario::ids::{ProjectId, RoleId, UserId};
use nottario::projects::{self, NewProject};
use nottario::tasks;
use nottario::text::Line;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::Outcome;

/// Some 25 words: what a task usually says.
pub(crate) const SHORT_TEXT: &str = "The export drops the last row when the file ends without a \
     line break. Keep the row, and add a test that reads such a file back whole.";

/// What a project is filled with.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    /// Tasks in `todo`, blocked ones included.
    pub(crate) open: u32,
    /// How many of a hundred open tasks wait for another one.
    pub(crate) blocked_percent: u32,
    /// Tasks done long ago.
    pub(crate) closed: u32,
    /// How many of the open tasks ask for the role `qa`; the others ask for `backend` or `frontend`
    /// or, one in three, for no role.
    pub(crate) rare: u32,
    /// Whether some of the others ask for no role.
    pub(crate) for_everybody: bool,
    pub(crate) description: String,
}

impl Backlog {
    pub(crate) fn of(open: u32) -> Self {
        Self {
            open,
            blocked_percent: 0,
            closed: 0,
            rare: 0,
            for_everybody: true,
            description: SHORT_TEXT.to_owned(),
        }
    }
}

/// Who works in a project.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crew {
    pub(crate) agents: u32,
    /// The agents are shared out among so many people.
    pub(crate) people: u32,
    /// The keys of the roles that the people hold, given to them in turn.
    pub(crate) roles: &'static [&'static [&'static str]],
}

/// Everybody may take whatever is in a backlog.
pub(crate) const ALL_ROLES: &[&[&str]] = &[&["backend", "frontend", "qa", "design"]];

/// A seeded project in a database of its own.
pub(crate) struct Project {
    pub(crate) options: PgConnectOptions,
    pub(crate) id: ProjectId,
    /// What each agent may do, in the order of their making.
    pub(crate) agents: Vec<ProjectScope>,
}

impl Project {
    /// Makes the project in an empty database.
    pub(crate) async fn seed(
        options: PgConnectOptions,
        crew: Crew,
        backlog: &Backlog,
    ) -> Outcome<Self> {
        let mut db = PgConnection::connect_with(&options).await?;
        let owner = person(&mut db, "owner").await?;
        let new = NewProject { name: Line::parse("Bench")?, slug: None, key: None, owner };
        let mut tx = db.begin().await?;
        let scope = projects::create(&mut tx, InstanceScope::operator(), &new).await?;
        tx.commit().await?;
        let id = scope.project();
        let agents = hire(&mut db, &scope, crew).await?;
        fill(&mut db, &scope, backlog).await?;
        db.close().await?;
        Ok(Self { options, id, agents })
    }

    /// A connection of its own, as an agent's call gets one from the pool.
    pub(crate) async fn connect(&self) -> Outcome<PgConnection> {
        Ok(PgConnection::connect_with(&self.options).await?)
    }

    /// Refuses a backlog whose stored counters are not what the domain would have stored.
    pub(crate) async fn check(&self) -> Outcome<()> {
        let mut db = self.connect().await?;
        let scope = access::enter_as_system(&mut db, self.id).await?;
        let drift = tasks::drift(&mut db, &scope).await?;
        db.close().await?;
        if drift.is_empty() {
            return Ok(());
        }
        Err(format!("{} tasks have wrong counters, such as {:?}", drift.len(), drift[0]).into())
    }
}

async fn person(db: &mut PgConnection, login: &str) -> Outcome<UserId> {
    let new = NewUser { login: login.parse()?, display_name: None };
    let mut tx = db.begin().await?;
    let user = users::create(&mut tx, InstanceScope::operator(), &new).await?;
    tx.commit().await?;
    Ok(user.id)
}

/// Makes people members, and gives them agents in turn.
async fn hire(
    db: &mut PgConnection,
    scope: &ProjectScope,
    crew: Crew,
) -> Outcome<Vec<ProjectScope>> {
    let known = projects::list_roles(&mut *db, scope).await?;
    let mut people = Vec::new();
    for (number, keys) in (0..crew.people).zip(crew.roles.iter().cycle()) {
        let user = person(db, &format!("person-{number}")).await?;
        let roles: Vec<RoleId> = known
            .iter()
            .filter(|role| keys.contains(&role.key.as_str()))
            .map(|role| role.id)
            .collect();
        projects::add_member(db, scope, user, &roles).await?;
        people.push(user);
    }
    let mut agents = Vec::new();
    for (number, &user) in (0..crew.agents).zip(people.iter().cycle()) {
        agents.push(agent(db, scope.project(), user, number).await?);
    }
    Ok(agents)
}

async fn agent(
    db: &mut PgConnection,
    project: ProjectId,
    user: UserId,
    number: u32,
) -> Outcome<ProjectScope> {
    let in_person = Caller { user, via: Via::Session { is_admin: false } };
    let scope = access::enter(&mut *db, &in_person, project).await?;
    let new = NewToken {
        user,
        name: Line::parse(&format!("agent-{number}"))?,
        default_role: None,
        expires_at: None,
    };
    let issued = tokens::issue(&mut *db, &scope, &new, Utc::now()).await?;
    let via = Via::Token { id: issued.id, project, slug: "bench".to_owned() };
    Ok(access::enter(db, &Caller { user, via }, project).await?)
}

/// Writes the tasks, the old ones first, then brings the database to rest.
async fn fill(db: &mut PgConnection, scope: &ProjectScope, backlog: &Backlog) -> Outcome<()> {
    let [open, closed, rare, blocked] =
        [backlog.open, backlog.closed, backlog.rare, backlog.blocked_percent].map(i32::try_from);
    let (open, closed, rare, blocked) = (open?, closed?, rare?, blocked?);

    // What is written is right by construction: no need to look up every row's references.
    sqlx::query_file!("benches/sql/trust_seed.sql").execute(&mut *db).await?;
    sqlx::query_file!("benches/sql/seed_closed.sql", scope.project() as _, closed)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!(
        "benches/sql/seed_open.sql",
        scope.project() as _,
        closed,
        open,
        blocked,
        rare,
        backlog.for_everybody,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query_file!("benches/sql/seed_edges.sql", scope.project() as _).execute(&mut *db).await?;
    sqlx::query_file!("benches/sql/seed_texts.sql", scope.project() as _, backlog.description)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!("benches/sql/seed_counter.sql", scope.project() as _)
        .execute(&mut *db)
        .await?;
    sqlx::query_file!("benches/sql/vacuum.sql").execute(&mut *db).await?;
    sqlx::query_file!("benches/sql/checkpoint.sql").execute(db).await?;
    Ok(())
}
