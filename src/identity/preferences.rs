//! How a person likes the pages to look and to behave.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::sessions::SignedIn;
use crate::error::Result;

/// A person's choices, the same in every browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Light or dark.
    pub theme: Theme,
    /// How much room things have.
    pub density: Density,
    /// Whether a key alone does something, without a modifier; off for who speaks to the computer.
    pub single_keys: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: Theme::default(), density: Density::default(), single_keys: true }
    }
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How much room things have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Density {
    /// Room around everything.
    #[default]
    Comfortable,
    /// More on one screen.
    Compact,
}

/// Keeps the choices of the person who is signed in.
pub async fn set_preferences(
    db: &mut PgConnection,
    own: &SignedIn,
    wanted: &Preferences,
) -> Result<()> {
    sqlx::query_file!(
        "sql/identity/set_preferences.sql",
        own.user().id as _,
        wanted.theme as _,
        wanted.density as _,
        wanted.single_keys,
    )
    .execute(db)
    .await?;
    Ok(())
}
