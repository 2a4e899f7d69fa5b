//! `nottario login-link`: how the operator signs in where GitHub does not do it.

use chrono::{DateTime, Utc};
use clap::Args;
use sqlx::PgPool;

use super::{CliError, block_on, open_database, output, quiet_config};
use crate::access::InstanceScope;
use crate::config::Config;
use crate::identity::Login;
use crate::identity::links::{self, Whom};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whom it signs in; the administrator who was known first when left out.
    #[arg(long, value_name = "LOGIN")]
    user: Option<Login>,
}

pub(super) fn run(arguments: Arguments) -> Result<(), CliError> {
    let config = quiet_config()?;
    if !links::are_accepted(&config) {
        return Err(CliError::usage(format!(
            "GitHub signs people in here, and links are not accepted; open {}/login",
            config.public_url
        )));
    }
    block_on(async {
        let database = open_database(&config).await?;
        let whom = arguments.user.map_or_else(admin, Whom::Person);
        let link = issue(&config, database.pool(), &whom).await;
        database.close().await;
        output::line(&link?.address)
    })
}

/// A link as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Invitation {
    /// What to open.
    pub(super) address: String,
    /// When it stops to work.
    pub(super) expires_at: DateTime<Utc>,
}

/// A fresh link for the administrator, where links are accepted.
pub(super) async fn for_admin(
    config: &Config,
    pool: &PgPool,
) -> Result<Option<Invitation>, CliError> {
    if !links::are_accepted(config) {
        return Ok(None);
    }
    issue(config, pool, &admin()).await.map(Some)
}

async fn issue(config: &Config, pool: &PgPool, whom: &Whom) -> Result<Invitation, CliError> {
    let mut tx = pool.begin().await?;
    let link = links::issue(&mut tx, InstanceScope::operator(), whom, Utc::now()).await?;
    tx.commit().await?;
    Ok(Invitation { address: link.address(&config.public_url), expires_at: link.expires_at })
}

/// In an empty instance the new administrator is called as the operator is on this machine.
fn admin() -> Whom {
    let name = std::env::var("USER").ok().and_then(|name| name.parse().ok());
    Whom::Admin { or_new: name.unwrap_or_else(Login::admin) }
}
