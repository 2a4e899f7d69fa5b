//! `nottario token`: agents' credentials, without a browser.
//!
//! The secret of a new token is all that stands on standard output, so that a script can take it.

use std::str::FromStr;

use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::{CliError, on_database, output};
use crate::access::{self, InstanceScope};
use crate::identity::tokens::{self, NewToken, Token};
use crate::ids::TokenId;
use crate::projects::{self, MemberRef, RoleRef};
use crate::text::Line;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Issues a token and prints its secret, once and never again.
    Create(Create),
    /// Lists the tokens that are not revoked.
    List {
        /// Only those of this project: slug, key or id.
        #[arg(long)]
        project: Option<String>,
        /// Answers in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ends a token; the next call with it is refused.
    Revoke {
        /// The token's id, as `token list` shows it.
        id: Uuid,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The project that the token opens: slug, key or id.
    #[arg(long)]
    project: String,
    /// The member whose agent it is for.
    #[arg(long, value_name = "LOGIN")]
    user: MemberRef,
    /// The token's name, unique among the live tokens of the project.
    #[arg(long, value_parser = Line::<60>::parse)]
    name: Line<60>,
    /// How long it works, such as 90d, 12h or 4w; without end when left out.
    #[arg(long, value_name = "TIME")]
    expires: Option<Lifetime>,
    /// The key of the role it works in unless told otherwise.
    #[arg(long, value_name = "KEY")]
    role: Option<RoleRef>,
    /// Answers in JSON, with the token's id beside the secret.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Create(arguments) => on_database(async |pool| create(&pool, arguments).await),
        Command::List { project, json } => {
            on_database(async |pool| list(&pool, project.as_deref(), json).await)
        }
        Command::Revoke { id } => on_database(async |pool| revoke(&pool, id.into()).await),
    }
}

async fn create(pool: &PgPool, arguments: Create) -> Result<(), CliError> {
    let mut tx = pool.begin().await?;
    let project = projects::resolve(&mut tx, InstanceScope::operator(), &arguments.project).await?;
    let scope = access::enter_as_system(&mut tx, project).await?;
    let user = arguments.user.resolve(&mut tx, &scope, "--user").await?;
    let default_role = match &arguments.role {
        Some(role) => Some(role.resolve(&mut tx, &scope, "--role").await?),
        None => None,
    };
    let now = Utc::now();
    let expires_at = arguments.expires.map(|Lifetime(lifetime)| now + lifetime);
    let new = NewToken { user, name: arguments.name, default_role, expires_at };
    let issued = tokens::issue(&mut tx, &scope, &new, now).await?;
    tx.commit().await?;

    let secret = issued.secret.expose();
    if arguments.json {
        return output::json(&json!({
            "id": issued.id,
            "project_id": project,
            "name": new.name,
            "expires_at": expires_at,
            "secret": secret,
        }));
    }
    output::line(secret)
}

/// A token in the operator's list, which spans projects.
#[derive(Serialize)]
struct Listed {
    project: String,
    #[serde(flatten)]
    token: Token,
}

async fn list(pool: &PgPool, project: Option<&str>, json: bool) -> Result<(), CliError> {
    let operator = InstanceScope::operator();
    let mut db = pool.acquire().await?;
    let only = match project {
        Some(named) => Some(projects::resolve(&mut db, operator, named).await?),
        None => None,
    };
    let mut listed = Vec::new();
    for project in projects::list(&mut db, operator).await? {
        if only.is_some_and(|only| only != project.id) {
            continue;
        }
        let scope = access::enter_as_system(&mut db, project.id).await?;
        let tokens = tokens::list(&mut db, &scope).await?;
        let slug = project.slug;
        listed.extend(tokens.into_iter().map(|token| Listed { project: slug.clone(), token }));
    }
    if json {
        return output::json(&listed);
    }
    let rows = listed.into_iter().map(|Listed { project, token }| {
        [
            token.id.to_string(),
            project,
            token.user,
            token.prefix.unwrap_or_default(),
            token.expires_at.map_or("never".to_owned(), |at| output::day(Some(at))),
            output::day(token.last_used_at),
            token.name.unwrap_or_default(),
        ]
    });
    output::table(["ID", "PROJECT", "USER", "SECRET", "EXPIRES", "LAST USED", "NAME"], rows)
}

async fn revoke(pool: &PgPool, token: TokenId) -> Result<(), CliError> {
    let mut tx = pool.begin().await?;
    let project = tokens::project_of(&mut tx, InstanceScope::operator(), token).await?;
    let scope = access::enter_as_system(&mut tx, project).await?;
    tokens::revoke(&mut tx, &scope, token).await?;
    tx.commit().await?;
    output::line(&format!("{token} is revoked"))
}

/// How long a token works: a number of minutes, hours, days or weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lifetime(TimeDelta);

impl FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        /// Longer than any credential should live; whoever wants no end leaves it out.
        const LONGEST: TimeDelta = TimeDelta::days(3660);
        let refused =
            || "a number and a unit, such as 90d, 12h, 30m or 4w, up to ten years".to_owned();
        let unit = text.chars().last().ok_or_else(refused)?;
        let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| refused())?;
        let lifetime = match unit {
            'm' => TimeDelta::try_minutes(number),
            'h' => TimeDelta::try_hours(number),
            'd' => TimeDelta::try_days(number),
            'w' => TimeDelta::try_weeks(number),
            _ => None,
        };
        let fits = |lifetime: &TimeDelta| *lifetime > TimeDelta::zero() && *lifetime <= LONGEST;
        lifetime.filter(fits).map(Self).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        let parse = |text: &str| text.parse::<Lifetime>().map(|lifetime| lifetime.0);

        assert_eq!(parse("90d"), Ok(TimeDelta::days(90)));
        assert_eq!(parse("30m"), Ok(TimeDelta::minutes(30)));
        assert_eq!(parse("12h"), Ok(TimeDelta::hours(12)));
        assert_eq!(parse("4w"), Ok(TimeDelta::weeks(4)));
        for refused in
            ["", "d", "90", "0d", "-1d", "1y", "1.5d", "4000d", "9999999999999999999w", "1é"]
        {
            assert!(parse(refused).is_err(), "{refused:?}");
        }
    }
}
