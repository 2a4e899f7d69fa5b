//! `nottario user`: people and who of them administers the instance, without a browser.

use clap::{Args, Subcommand};
use sqlx::PgPool;

use super::{CliError, on_database, output};
use crate::access::InstanceScope;
use crate::identity::users::{self, NewUser};
use crate::identity::{Login, User};
use crate::text::Line;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes a person known; the first one becomes administrator.
    Create(Create),
    /// Makes a person an administrator.
    GrantAdmin {
        /// The person.
        login: Login,
    },
    /// Takes administration from a person; the last administrator keeps it.
    RevokeAdmin {
        /// The person.
        login: Login,
    },
    /// Lists everybody.
    List {
        /// Answers in JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The person's login, as at GitHub.
    login: Login,
    /// The name to show; the login when left out.
    #[arg(long, value_parser = Line::<200>::parse)]
    name: Option<Line<200>>,
    /// Answers in JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Create(arguments) => on_database(async |pool| create(&pool, arguments).await),
        Command::GrantAdmin { login } => on_database(async |pool| grant_admin(&pool, &login).await),
        Command::RevokeAdmin { login } => {
            on_database(async |pool| revoke_admin(&pool, &login).await)
        }
        Command::List { json } => on_database(async |pool| list(&pool, json).await),
    }
}

async fn create(pool: &PgPool, arguments: Create) -> Result<(), CliError> {
    let Create { login, name, json } = arguments;
    let new = NewUser { login, display_name: name };
    let mut tx = pool.begin().await?;
    let user = users::create(&mut tx, InstanceScope::operator(), &new).await?;
    tx.commit().await?;

    if json {
        return output::json(&user);
    }
    output::line(&format!("{} is known{}", user.login, as_admin(&user)))
}

async fn grant_admin(pool: &PgPool, login: &Login) -> Result<(), CliError> {
    let operator = InstanceScope::operator();
    let mut tx = pool.begin().await?;
    let user = users::find(&mut tx, operator, login.as_str()).await?;
    users::grant_admin(&mut tx, operator, user.id).await?;
    tx.commit().await?;
    output::line(&format!("{} is an administrator", user.login))
}

async fn revoke_admin(pool: &PgPool, login: &Login) -> Result<(), CliError> {
    let operator = InstanceScope::operator();
    let mut tx = pool.begin().await?;
    let user = users::find(&mut tx, operator, login.as_str()).await?;
    users::revoke_admin(&mut tx, operator, user.id).await?;
    tx.commit().await?;
    output::line(&format!("{} is not an administrator", user.login))
}

async fn list(pool: &PgPool, json: bool) -> Result<(), CliError> {
    let mut db = pool.acquire().await?;
    let all = users::list(&mut db, InstanceScope::operator()).await?;
    if json {
        return output::json(&all);
    }
    let rows = all.into_iter().map(|user| {
        let admin = if user.is_admin { "admin" } else { "" };
        [user.login, admin.to_owned(), output::day(user.last_seen_at), user.display_name]
    });
    output::table(["LOGIN", "RIGHTS", "LAST SEEN", "NAME"], rows)
}

fn as_admin(user: &User) -> &'static str {
    if user.is_admin { ", as the first person and so as administrator" } else { "" }
}
