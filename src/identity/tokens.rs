//! Tokens: one token is one person in one project, and lasts until it expires or is revoked.
//!
//! Only people issue tokens, each for itself; the operator may for anybody. Whether a token is
//! live is asked of the database at every call, so a revoked one is refused by the very next; and
//! what it held goes back to the queue with it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::give_back::{Holder, give_back};
use super::{TokenHash, TokenSecret};
use crate::access::{Caller, InstanceScope, ProjectScope, Standing, Via};
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{ProjectId, RoleId, TokenId, UserId};
use crate::text::Line;

/// A token as lists show it.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// The token's id, by which it is revoked.
    pub id: TokenId,
    /// Whose token it is.
    pub user_id: UserId,
    /// That person's login.
    pub user: String,
    /// Its name; hidden from members whose token it is not.
    pub name: Option<String>,
    /// How its secret begins; hidden like the name.
    pub prefix: Option<String>,
    /// The key of the role it works in unless told otherwise.
    pub default_role: Option<String>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it stops to work; never, when absent.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A token to be issued.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose token it will be: the caller, or anybody when the operator issues it.
    pub user: UserId,
    /// Unique among the live tokens of the project, whatever its letters' case.
    pub name: Line<60>,
    /// The role it works in unless told otherwise.
    pub default_role: Option<RoleId>,
    /// When it stops to work.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token at the one moment its secret is known.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The token's id.
    pub id: TokenId,
    /// The secret: shown now, and never again.
    pub secret: TokenSecret,
}

/// Issues a token to a member, and gives its secret.
///
/// An expired token of the same name is revoked in passing; a live one is in the way.
pub async fn issue(
    db: &mut PgConnection,
    scope: &ProjectScope,
    new: &NewToken,
    now: DateTime<Utc>,
) -> Result<Issued> {
    require_issuer(scope, new.user)?;
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(Error::invalid("expires", "a time that is still to come"));
    }
    sqlx::query_file!("sql/identity/lock_member.sql", scope.project() as _, new.user as _)
        .fetch_optional(&mut *db)
        .await?
        .ok_or_else(|| Error::not_found(Kind::Member, new.user))?;
    revoke_expired(db, scope, new.name.as_str(), now).await?;

    let (id, secret) = (TokenId::fresh(), TokenSecret::fresh());
    let hash = secret.hash();
    sqlx::query_file!(
        "sql/identity/issue_token.sql",
        scope.project() as _,
        id as _,
        new.user as _,
        new.name.as_str(),
        hash.as_bytes(),
        secret.prefix(),
        new.default_role as _,
        new.expires_at,
    )
    .fetch_optional(&mut *db)
    .await
    .map_err(|source| {
        let missing = Error::not_found(
            Kind::Role,
            new.default_role.map_or_else(String::new, |id| id.to_string()),
        );
        Error::on_constraint(source, "tokens_project_id_default_role_id_fkey", missing)
    })?
    .ok_or_else(|| {
        Error::invalid(
            "name",
            "a live token of this project has that name; choose another, or revoke it",
        )
    })?;
    let issued = Change::new(
        EventKind::TokenIssued,
        Subject::Token(id),
        json!({ "user_id": new.user, "expires_at": new.expires_at }),
    );
    events::record(db, scope, issued).await?;
    Ok(Issued { id, secret })
}

/// The tokens of the project that are not revoked, newest first.
///
/// Others' tokens are there without name and prefix, except for the owner and administrators.
pub async fn list(db: &mut PgConnection, scope: &ProjectScope) -> Result<Vec<Token>> {
    let sees_all = scope.standing() >= Standing::Owner;
    Ok(sqlx::query_file_as!(
        Token,
        "sql/identity/list_tokens.sql",
        scope.project() as _,
        scope.actor().user as _,
        sees_all,
    )
    .fetch_all(db)
    .await?)
}

/// Ends a token for good, and gives back what it holds; fine when it was revoked before. Its owner,
/// the project's owner and administrators may.
pub async fn revoke(db: &mut PgConnection, scope: &ProjectScope, token: TokenId) -> Result<()> {
    // Not `require_write`: a leaked token of an archived project must be revocable.
    let holder =
        sqlx::query_file!("sql/identity/token_holder.sql", scope.project() as _, token as _)
            .fetch_optional(&mut *db)
            .await?
            .ok_or_else(|| Error::not_found(Kind::Token, token))?;
    let is_own = scope.actor().user.map(UserId::uuid) == Some(holder.user_id);
    if !is_own && scope.standing() < Standing::Owner {
        return Err(Error::Forbidden {
            action: "revoke this token",
            because: "that takes the person it belongs to, or the project's owner".to_owned(),
        });
    }
    let revoked =
        sqlx::query_file_scalar!("sql/identity/revoke_token.sql", scope.project() as _, token as _)
            .fetch_all(&mut *db)
            .await?;
    end(db, scope, &ids(revoked), "revoked").await
}

/// What has ended with the tokens of a person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// How many tokens were live.
    pub(crate) tokens: usize,
    /// How many tasks went back to the queue.
    pub(crate) tasks: u64,
}

/// Ends every token that a person has in this project, and gives back what the person holds there.
///
/// The caller has checked that the person is being taken out of it.
pub(crate) async fn end_all_of(
    db: &mut PgConnection,
    scope: &ProjectScope,
    user: UserId,
) -> Result<Ended> {
    const BECAUSE: &str = "member removed";
    let revoked = sqlx::query_file_scalar!(
        "sql/identity/revoke_tokens_of.sql",
        scope.project() as _,
        user as _
    )
    .fetch_all(&mut *db)
    .await?;
    let revoked = ids(revoked);
    record_revoked(db, scope, &revoked, BECAUSE).await?;
    let tasks = give_back(db, scope, Holder::Person(user), BECAUSE).await?;
    Ok(Ended { tokens: revoked.len(), tasks })
}

/// A person's own token, in the list that spans its projects.
#[derive(Clone, Debug, Serialize)]
pub struct OwnToken {
    /// The token's id, by which it is revoked.
    pub id: TokenId,
    /// The project that it opens.
    pub project_id: ProjectId,
    /// That project's name in addresses.
    pub project_slug: String,
    /// What that project's tasks' keys begin with.
    pub project_key: String,
    /// That project's name.
    pub project_name: String,
    /// Whether that project is put away: the token reads then, and no more.
    pub is_archived: bool,
    /// Its name.
    pub name: String,
    /// How its secret begins.
    pub prefix: String,
    /// The key of the role it works in unless told otherwise.
    pub default_role: Option<String>,
    /// When it was issued.
    pub created_at: DateTime<Utc>,
    /// When it stops to work; never, when absent.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The caller's own tokens in all its projects that are not revoked, by project, the newest first.
pub async fn list_own(db: &mut PgConnection, caller: &Caller) -> Result<Vec<OwnToken>> {
    if matches!(caller.via, Via::Token { .. }) {
        return Err(Error::Forbidden {
            action: "list tokens of other projects",
            because: "a token knows its own project only".to_owned(),
        });
    }
    let own = sqlx::query_file_as!(OwnToken, "sql/identity/list_own_tokens.sql", caller.user as _);
    Ok(own.fetch_all(db).await?)
}

/// The project that a token belongs to, for the operator, who names tokens by their id alone.
pub async fn project_of(
    db: &mut PgConnection,
    _: InstanceScope,
    token: TokenId,
) -> Result<ProjectId> {
    let found = sqlx::query_file_scalar!("sql/identity/project_of_token.sql", token as _)
        .fetch_optional(db)
        .await?;
    found.map(ProjectId::from).ok_or_else(|| Error::not_found(Kind::Token, token))
}

/// A token that was found live.
#[derive(Clone, Debug)]
pub struct AuthenticatedToken {
    /// Who calls, bound to the token's project.
    pub caller: Caller,
    /// The token's id.
    pub id: TokenId,
    /// The only project that it opens.
    pub project: ProjectId,
    /// The token's name.
    pub name: String,
    /// When it was last used before, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Finds who a secret belongs to: nobody, unless the token is live and its person still a member.
pub async fn authenticate(
    db: &mut PgConnection,
    secret: &TokenSecret,
    now: DateTime<Utc>,
) -> Result<Option<AuthenticatedToken>> {
    let hash: TokenHash = secret.hash();
    let found = sqlx::query_file!("sql/identity/authenticate.sql", hash.as_bytes(), now)
        .fetch_optional(db)
        .await?;
    Ok(found.filter(|row| hash.matches(&row.hash)).map(|row| {
        let (id, project) = (TokenId::from(row.id), ProjectId::from(row.project_id));
        AuthenticatedToken {
            caller: Caller {
                user: row.user_id.into(),
                via: Via::Token { id, project, slug: row.slug },
            },
            id,
            project,
            name: row.name,
            last_used_at: row.last_used_at,
        }
    }))
}

impl AuthenticatedToken {
    /// Whether [`touch`] has something to write: last used a minute ago, or never.
    #[must_use]
    pub fn is_touch_due(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|at| at <= now - TOUCH_EVERY)
    }
}

/// Fine enough to see whether an agent lives, and rare enough that calls stay reads.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Notes that the token was used, at most once a minute; true when it wrote.
///
/// Call it when [`AuthenticatedToken::is_touch_due`] says so: most calls then write nothing.
pub async fn touch(
    db: &mut PgConnection,
    token: &AuthenticatedToken,
    now: DateTime<Utc>,
) -> Result<bool> {
    let touched = sqlx::query_file!(
        "sql/identity/touch_token.sql",
        token.project as _,
        token.id as _,
        now,
        now - TOUCH_EVERY,
    )
    .execute(db)
    .await?;
    Ok(touched.rows_affected() > 0)
}

fn require_issuer(scope: &ProjectScope, user: UserId) -> Result<()> {
    const ACTION: &str = "issue a token";
    let refused =
        |because: &str| Err(Error::Forbidden { action: ACTION, because: because.to_owned() });
    let actor = scope.actor();
    if actor.token.is_some() {
        return refused("agents cannot; a person does it in the project's settings");
    }
    if actor.user.is_some_and(|person| person != user) {
        return refused("everybody issues tokens for oneself");
    }
    scope.require_write(ACTION)
}

async fn revoke_expired(
    db: &mut PgConnection,
    scope: &ProjectScope,
    name: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let revoked = sqlx::query_file_scalar!(
        "sql/identity/revoke_expired.sql",
        scope.project() as _,
        name,
        now
    )
    .fetch_all(&mut *db)
    .await?;
    end(db, scope, &ids(revoked), "expired").await
}

fn ids(rows: Vec<Uuid>) -> Vec<TokenId> {
    rows.into_iter().map(TokenId::from).collect()
}

/// What follows when tokens have ended: the record says so, and what they held is free.
async fn end(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tokens: &[TokenId],
    because: &'static str,
) -> Result<()> {
    if tokens.is_empty() {
        return Ok(());
    }
    record_revoked(db, scope, tokens, because).await?;
    give_back(db, scope, Holder::Tokens(tokens), because).await?;
    Ok(())
}

async fn record_revoked(
    db: &mut PgConnection,
    scope: &ProjectScope,
    tokens: &[TokenId],
    because: &'static str,
) -> Result<()> {
    let changes: Vec<_> = tokens
        .iter()
        .map(|&id| {
            let data = json!({ "because": because });
            Change::new(EventKind::TokenRevoked, Subject::Token(id), data)
        })
        .collect();
    events::record_all(db, scope, &changes).await
}
