//! `nottario project`: projects and their members, without a browser.

use clap::{Args, Subcommand};
use serde_json::json;
use sqlx::PgPool;

use super::{CliError, on_database, output};
use crate::access::{self, InstanceScope};
use crate::error::{Error, Kind};
use crate::identity::{Login, users};
use crate::projects::{self, NewProject, ProjectKey, RoleRef, Slug};
use crate::text::Line;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes a project with roles, priority buckets and an open cycle.
    Create(Create),
    /// Lists every project.
    List {
        /// Answers in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Makes a person a member; who is one already keeps the roles it has.
    AddMember(AddMember),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Its name in addresses, such as `acme-web`.
    slug: Slug,
    /// Its name for people.
    #[arg(long, value_parser = Line::<100>::parse)]
    name: Line<100>,
    /// What its tasks' keys begin with: 2 to 6 capitals; made from the name when left out.
    #[arg(long)]
    key: Option<ProjectKey>,
    /// Who owns it; the administrator who was known first when left out.
    #[arg(long, value_name = "LOGIN")]
    owner: Option<Login>,
    /// Answers in JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct AddMember {
    /// The project, by slug, key or id.
    project: String,
    /// The person.
    login: Login,
    /// The key of a role it takes; may be given several times.
    #[arg(long = "role", value_name = "KEY")]
    roles: Vec<RoleRef>,
}

pub(super) fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Create(arguments) => on_database(async |pool| create(&pool, arguments).await),
        Command::List { json } => on_database(async |pool| list(&pool, json).await),
        Command::AddMember(arguments) => {
            on_database(async |pool| add_member(&pool, arguments).await)
        }
    }
}

async fn create(pool: &PgPool, arguments: Create) -> Result<(), CliError> {
    let operator = InstanceScope::operator();
    let mut tx = pool.begin().await?;
    let owner = match &arguments.owner {
        Some(login) => users::find(&mut tx, operator, login.as_str()).await?,
        None => users::oldest_admin(&mut tx, operator).await?.ok_or_else(|| {
            CliError::usage(
                "nobody administers this instance yet, so the project would have no owner; \
                 make the first person known with `nottario user create LOGIN`",
            )
        })?,
    };
    let Create { slug, name, key, json, .. } = arguments;
    let new = NewProject { name, slug: Some(slug), key, owner: owner.id };
    let scope = projects::create(&mut tx, operator, &new).await?;
    let made = projects::get(&mut tx, &scope).await?;
    tx.commit().await?;

    if json {
        return output::json(&json!({
            "id": made.id,
            "slug": made.slug,
            "key": made.key,
            "name": made.name,
            "owner": made.owner,
        }));
    }
    output::line(&format!("{} ({}) is there, owned by {}", made.slug, made.key, made.owner))
}

async fn list(pool: &PgPool, json: bool) -> Result<(), CliError> {
    let mut db = pool.acquire().await?;
    let all = projects::list(&mut db, InstanceScope::operator()).await?;
    if json {
        return output::json(&all);
    }
    let rows = all.into_iter().map(|project| {
        let state = if project.archived_at.is_some() { "archived" } else { "" };
        [project.slug, project.key, project.owner, state.to_owned(), project.name]
    });
    output::table(["SLUG", "KEY", "OWNER", "STATE", "NAME"], rows)
}

async fn add_member(pool: &PgPool, arguments: AddMember) -> Result<(), CliError> {
    let operator = InstanceScope::operator();
    let mut tx = pool.begin().await?;
    let project = projects::resolve(&mut tx, operator, &arguments.project).await?;
    let scope = access::enter_as_system(&mut tx, project).await?;
    let user = users::find(&mut tx, operator, arguments.login.as_str()).await?;
    let mut roles = Vec::new();
    for role in &arguments.roles {
        roles.push(role.resolve(&mut tx, &scope, "--role").await?);
    }
    projects::add_member(&mut tx, &scope, user.id, &roles).await?;
    let member = projects::list_members(&mut tx, &scope)
        .await?
        .into_iter()
        .find(|member| member.user_id == user.id)
        .ok_or_else(|| Error::not_found(Kind::Member, user.id))?;
    tx.commit().await?;

    let roles = match member.roles.join(", ") {
        none if none.is_empty() => "no roles".to_owned(),
        some => some,
    };
    output::line(&format!("{} is a member with {roles}", member.github_login))
}
