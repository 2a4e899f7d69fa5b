//! Who is calling, and what a caller may do in one project.
//!
//! [`ProjectScope`] is the proof that an access check passed. Its fields are private and the
//! `enter` functions of this module are its only constructors, so a domain function that asks for
//! a scope cannot be called with a project that nobody checked.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{Error, Kind, Result};
use crate::ids::{ProjectId, RoleId, TokenId, UserId};

/// An authenticated caller, before any project is chosen.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person, or the person on whose behalf a token acts.
    pub user: UserId,
    /// How the caller proved who it is.
    pub via: Via,
}

/// How a caller proved who it is.
#[derive(Clone, Debug)]
pub enum Via {
    /// An agent with a token, which opens one project and no other.
    Token {
        /// The token.
        id: TokenId,
        /// The only project it may enter.
        project: ProjectId,
        /// That project's slug, for messages.
        slug: String,
    },
    /// A person with a browser session. An administrator may enter every project.
    Session {
        /// Whether the person is an administrator of the instance.
        is_admin: bool,
    },
}

/// What a caller may do inside a project; each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Tasks, documents, the map, own tokens.
    Member,
    /// Settings, members, roles, buckets, cycles, every token of the project.
    Owner,
    /// Everything of every project, through the web. A token never has it.
    Admin,
}

impl Standing {
    /// The standing of a person that is these things; none, when the project does not exist for it.
    pub(crate) fn of(is_admin: bool, is_owner: bool, is_member: bool) -> Option<Self> {
        match (is_admin, is_owner, is_member) {
            (true, _, _) => Some(Self::Admin),
            (false, true, _) => Some(Self::Owner),
            (false, false, true) => Some(Self::Member),
            (false, false, false) => None,
        }
    }
}

/// One caller inside one project.
#[derive(Clone, Debug)]
pub struct ProjectScope {
    project: ProjectId,
    project_key: String,
    actor: Actor,
    standing: Standing,
    roles: Vec<RoleId>,
    is_archived: bool,
    lease_minutes: i32,
    page_size: i32,
}

/// In whose name a change is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person; absent when Nottario itself acts.
    pub user: Option<UserId>,
    /// The token, when an agent acts for the person.
    pub token: Option<TokenId>,
}

/// Lets a caller into a project, or reports that the project does not exist.
///
/// Absence and lack of membership look the same, so that ids of foreign projects cannot be probed.
pub async fn enter(
    db: &mut PgConnection,
    caller: &Caller,
    project: ProjectId,
) -> Result<ProjectScope> {
    let missing = || Error::not_found(Kind::Project, project);
    let (token, is_admin) = match caller.via {
        Via::Token { project: bound, .. } if bound != project => return Err(missing()),
        Via::Token { id, .. } => (Some(id), false),
        Via::Session { is_admin } => (None, is_admin),
    };
    let found = sqlx::query_file!("sql/access/membership.sql", project as _, caller.user as _)
        .fetch_optional(db)
        .await?
        .ok_or_else(missing)?;

    let standing = Standing::of(is_admin, found.is_owner, found.is_member).ok_or_else(missing)?;
    Ok(ProjectScope {
        project,
        project_key: found.key,
        actor: Actor { user: Some(caller.user), token },
        standing,
        roles: found.roles.into_iter().map(RoleId::from).collect(),
        is_archived: found.is_archived,
        lease_minutes: found.lease_minutes,
        page_size: found.mcp_page_size,
    })
}

/// Lets a caller into the project with this slug, as it stands in addresses.
///
/// A slug that nobody has and one of a project that the caller may not see are answered alike, and
/// take the same statements.
pub async fn find(db: &mut PgConnection, caller: &Caller, slug: &str) -> Result<ProjectScope> {
    // What cannot be a slug is none, and some of it the database would refuse to look at.
    if !slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Error::not_found(Kind::Project, slug));
    }
    let found = sqlx::query_file_scalar!("sql/access/project_of_slug.sql", slug)
        .fetch_optional(&mut *db)
        .await?;
    let project = ProjectId::from(found.unwrap_or_else(Uuid::nil));
    enter(db, caller, project).await.map_err(|error| match error {
        Error::NotFound { .. } => Error::not_found(Kind::Project, slug),
        other => other,
    })
}

/// Lets Nottario itself into a project: background jobs and the operator's command line.
///
/// Its changes have no person as their actor. It is not reachable from a request.
pub async fn enter_as_system(db: &mut PgConnection, project: ProjectId) -> Result<ProjectScope> {
    let found = sqlx::query_file!("sql/access/membership.sql", project as _, Uuid::nil())
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Project, project))?;
    Ok(ProjectScope {
        project,
        project_key: found.key,
        actor: Actor { user: None, token: None },
        standing: Standing::Admin,
        roles: Vec::new(),
        is_archived: found.is_archived,
        lease_minutes: found.lease_minutes,
        page_size: found.mcp_page_size,
    })
}

impl ProjectScope {
    /// The project: the first bind of every tenant statement.
    #[must_use]
    pub fn project(&self) -> ProjectId {
        self.project
    }

    /// The project's short key, the first half of `NOT-42`.
    #[must_use]
    pub fn project_key(&self) -> &str {
        &self.project_key
    }

    /// In whose name changes are written.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// The person who acts, or for whom an agent acts.
    ///
    /// Refused to Nottario itself, which cannot hold or write in a person's place.
    pub fn user(&self) -> Result<UserId> {
        self.actor.user.ok_or_else(|| Error::Forbidden {
            action: "do this without a person",
            because: "only people and their agents can".to_owned(),
        })
    }

    /// What the caller may do here.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The roles that the caller holds here.
    #[must_use]
    pub fn roles(&self) -> &[RoleId] {
        &self.roles
    }

    /// How long a claim holds without a sign of life, in minutes; 0 means for ever.
    #[must_use]
    pub fn lease_minutes(&self) -> i32 {
        self.lease_minutes
    }

    /// How many rows a page for an agent has unless it asks for another number.
    #[must_use]
    pub fn page_size(&self) -> i32 {
        self.page_size
    }

    /// Whether the project is put away, and read-only.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.is_archived
    }

    /// Lets a change of the project's content pass: refused in an archived project.
    pub fn require_write(&self, action: &'static str) -> Result<()> {
        if self.is_archived {
            return Err(Error::archived(action));
        }
        Ok(())
    }

    /// Lets a change pass that needs `standing` or more, in a project that is not archived.
    pub fn require(&self, standing: Standing, action: &'static str) -> Result<()> {
        self.require_standing(standing, action)?;
        self.require_write(action)
    }

    /// Lets a change pass that needs `standing` or more, also in an archived project.
    pub fn require_standing(&self, standing: Standing, action: &'static str) -> Result<()> {
        if self.standing < standing {
            let who = match standing {
                Standing::Member => "a member of the project",
                Standing::Owner => "the project's owner",
                Standing::Admin => "an administrator",
            };
            return Err(Error::Forbidden { action, because: format!("that takes {who}") });
        }
        Ok(())
    }
}

/// Proof that the instance's operator is acting: what no project contains asks for it.
///
/// Made from the command line, which only somebody with the database's credentials can run, and
/// from an administrator's session. "No scope" never means "every scope".
#[derive(Clone, Copy, Debug)]
pub struct InstanceScope(());

impl InstanceScope {
    /// The operator at the command line.
    #[must_use]
    pub fn operator() -> Self {
        Self(())
    }

    /// An administrator in the browser. A token never is one, whoever it belongs to.
    pub fn of_admin(caller: &Caller) -> Result<Self> {
        match caller.via {
            Via::Session { is_admin: true } => Ok(Self(())),
            Via::Session { is_admin: false } | Via::Token { .. } => Err(Error::Forbidden {
                action: "administer the instance",
                because: "that takes an administrator".to_owned(),
            }),
        }
    }
}
