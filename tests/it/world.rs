//! Builders: what a test needs to exist, and nothing else on its page.
//!
//! ```text
//! let world = World::new().await;
//! let atlas = world.project("atlas").await;
//! let ana = world.member(&atlas, "ana", &["backend"]).await;
//! let bot = atlas.agent("bot").await;
//! ```

use std::time::Duration;

use nottario::access::{self, Caller, InstanceScope, ProjectScope, Via};
use nottario::config::Secret;
use nottario::events::{self, Change, Cursor, Drained, EventKind, Page, Query, Subject};
use nottario::identity::tokens::{self, NewToken};
use nottario::identity::users::{self, NewUser};
use nottario::identity::{SessionKeys, SessionSecret, TokenSecret, User, sessions};
use nottario::ids::{ProjectId, RoleId, TaskId, TokenId};
use nottario::projects::{self, NewProject, RoleRef};
use nottario::text::Line;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Postgres, Row as _};

use crate::cluster::{self, TestDatabase};

/// The operator, for what no project contains.
pub(crate) const OPERATOR: fn() -> InstanceScope = InstanceScope::operator;

/// The session key of every test's server, as 32 bytes.
pub(crate) const SESSION_KEY: [u8; 32] = *b"the session key of every test  .";

/// How long a test waits for what has to happen: so long that only a real hang fails.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A database, and its administrator.
pub(crate) struct World {
    /// Its connections.
    pub(crate) pool: PgPool,
    /// The first person, who owns every project that names nobody else.
    pub(crate) admin: User,
    database: TestDatabase,
}

/// A project, and its owner's way in.
pub(crate) struct ProjectFixture {
    /// The project.
    pub(crate) id: ProjectId,
    /// Its slug.
    pub(crate) slug: String,
    /// Its owner.
    pub(crate) owner: User,
    /// The owner, in a browser.
    pub(crate) scope: ProjectScope,
    pool: PgPool,
}

/// A member of a project, in a browser.
pub(crate) struct MemberFixture {
    /// The person.
    pub(crate) user: User,
    /// The person as a caller.
    pub(crate) caller: Caller,
    /// The person inside the project.
    pub(crate) scope: ProjectScope,
}

/// An agent with a token.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    /// The token.
    pub(crate) token: TokenId,
    /// What it sends.
    pub(crate) secret: TokenSecret,
    /// The agent as a caller.
    pub(crate) caller: Caller,
    /// The agent inside its project.
    pub(crate) scope: ProjectScope,
}

impl World {
    /// An instance with an administrator, and nothing else.
    pub(crate) async fn new() -> Self {
        let database = cluster::database().await;
        let pool = patient_pool(&database, 20);
        let admin = create_user(&pool, "admin").await;
        Self { pool, admin, database }
    }

    /// A connection.
    pub(crate) async fn db(&self) -> PoolConnection<Postgres> {
        self.pool.acquire().await.unwrap()
    }

    /// Another process, or a crowd: a pool of its own, whose users wait for their turn.
    pub(crate) fn pool_of(&self, connections: u32) -> PgPool {
        patient_pool(&self.database, connections)
    }

    /// The address of the database, as `DATABASE_URL` takes it.
    pub(crate) fn database_url(&self) -> String {
        self.database.url()
    }

    /// A person.
    pub(crate) async fn user(&self, login: &str) -> User {
        create_user(&self.pool, login).await
    }

    /// A project of the administrator's.
    pub(crate) async fn project(&self, slug: &str) -> ProjectFixture {
        self.project_of(slug, &self.admin).await
    }

    /// A project of somebody's.
    pub(crate) async fn project_of(&self, slug: &str, owner: &User) -> ProjectFixture {
        let new = NewProject {
            name: line(slug),
            slug: Some(slug.parse().unwrap()),
            key: None,
            owner: owner.id,
        };
        let mut tx = self.pool.begin().await.unwrap();
        let scope = projects::create(&mut tx, OPERATOR(), &new).await.unwrap();
        tx.commit().await.unwrap();
        ProjectFixture {
            id: scope.project(),
            slug: slug.to_owned(),
            owner: owner.clone(),
            scope,
            pool: self.pool.clone(),
        }
    }

    /// A new person who is a member of a project with these roles.
    pub(crate) async fn member(
        &self,
        project: &ProjectFixture,
        login: &str,
        roles: &[&str],
    ) -> MemberFixture {
        let user = self.user(login).await;
        project.join(&user, roles).await
    }

    /// Signs a person in, and gives the content of the browser's cookie.
    pub(crate) async fn sign_in(&self, user: &User) -> SessionSecret {
        let (keys, now) = (session_keys(), chrono::Utc::now());
        let mut db = self.db().await;
        sessions::open(&mut db, &keys, user.id, "a test", now).await.unwrap().secret
    }

    /// Numbers every committed event, as the relay would soon.
    pub(crate) async fn relay(&self) {
        // Busy only when the test runs relays of its own.
        while events::drain(&self.pool).await.unwrap() == Drained::Busy {}
    }

    /// Everything that was recorded in a project.
    pub(crate) async fn events(&self, scope: &ProjectScope) -> Page {
        self.relay().await;
        let query = Query { cursor: Some(Cursor::START), limit: Some(500), ..Query::default() };
        events::since(&mut *self.db().await, scope, &query).await.unwrap()
    }

    /// The kinds of everything that was recorded in a project, in order.
    pub(crate) async fn event_kinds(&self, scope: &ProjectScope) -> Vec<String> {
        self.events(scope).await.events.into_iter().map(|event| event.kind).collect()
    }

    /// Runs statements that no domain function offers.
    pub(crate) async fn run(&self, sql: impl Into<String>) {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&self.pool).await.unwrap();
    }

    /// The one number that a statement answers.
    pub(crate) async fn number(&self, sql: impl Into<String>) -> i64 {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).fetch_one(&self.pool).await.unwrap().get(0)
    }

    /// The one text that a statement answers.
    pub(crate) async fn text(&self, sql: impl Into<String>) -> String {
        sqlx::raw_sql(AssertSqlSafe(sql.into())).fetch_one(&self.pool).await.unwrap().get(0)
    }

    /// Waits until so many transactions are waiting for a lock.
    pub(crate) async fn until_blocked(&self, transactions: i64) {
        let waiting = "select count(*) from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        tokio::time::timeout(PATIENCE, async {
            while self.number(waiting).await < transactions {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("nobody waits for a lock");
    }
}

impl ProjectFixture {
    /// A connection.
    pub(crate) async fn db(&self) -> PoolConnection<Postgres> {
        self.pool.acquire().await.unwrap()
    }

    /// A role's id by its key.
    pub(crate) async fn role(&self, key: &str) -> RoleId {
        let role: RoleRef = key.parse().unwrap();
        role.resolve(&mut *self.db().await, &self.scope, "role").await.unwrap()
    }

    /// Makes a person a member with these roles.
    pub(crate) async fn join(&self, user: &User, roles: &[&str]) -> MemberFixture {
        let mut role_ids = Vec::new();
        for role in roles {
            role_ids.push(self.role(role).await);
        }
        let mut tx = self.pool.begin().await.unwrap();
        projects::add_member(&mut tx, &self.scope, user.id, &role_ids).await.unwrap();
        tx.commit().await.unwrap();
        let caller = in_browser(user);
        let scope = access::enter(&mut *self.db().await, &caller, self.id).await.unwrap();
        MemberFixture { user: user.clone(), caller, scope }
    }

    /// An agent of the project's owner.
    pub(crate) async fn agent(&self, name: &str) -> Agent {
        self.agent_of(&self.owner, name).await
    }

    /// An agent of a member.
    pub(crate) async fn agent_of(&self, person: &User, name: &str) -> Agent {
        let new =
            NewToken { user: person.id, name: line(name), default_role: None, expires_at: None };
        let mut tx = self.pool.begin().await.unwrap();
        let system = access::enter_as_system(&mut tx, self.id).await.unwrap();
        let issued = tokens::issue(&mut tx, &system, &new, chrono::Utc::now()).await.unwrap();
        tx.commit().await.unwrap();

        let via = Via::Token { id: issued.id, project: self.id, slug: self.slug.clone() };
        let caller = Caller { user: person.id, via };
        let scope = access::enter(&mut *self.db().await, &caller, self.id).await.unwrap();
        Agent { token: issued.id, secret: issued.secret, caller, scope }
    }

    /// Records that something happened to a task, and commits.
    pub(crate) async fn record(&self, kind: EventKind, task: TaskId) {
        let mut tx = self.pool.begin().await.unwrap();
        let change = Change::new(kind, Subject::Task(task), serde_json::json!({}));
        events::record(&mut tx, &self.scope, change).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// The keys of every test's server.
pub(crate) fn session_keys() -> SessionKeys {
    SessionKeys::derive(&Secret::new(SESSION_KEY))
}

/// A person in a browser, with no more than a member's rights.
pub(crate) fn in_browser(user: &User) -> Caller {
    Caller { user: user.id, via: Via::Session { is_admin: false } }
}

/// A line of text that is known to fit.
pub(crate) fn line<const MAX: usize>(text: &str) -> Line<MAX> {
    Line::parse(text).unwrap()
}

/// A pool without the product's short time limits: a busy machine must not fail a test.
pub(crate) fn patient_pool(database: &TestDatabase, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(database.connect_options.clone())
}

async fn create_user(pool: &PgPool, login: &str) -> User {
    let new = NewUser { login: login.parse().unwrap(), display_name: None };
    let mut tx = pool.begin().await.unwrap();
    let user = users::create(&mut tx, OPERATOR(), &new).await.unwrap();
    tx.commit().await.unwrap();
    user
}
