//! The projects that a person may see: home page, list and switcher.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use super::{DefaultView, Stats};
use crate::access::{Caller, Standing, Via};
use crate::error::{Error, Result};
use crate::ids::ProjectId;

/// The projects of a person, in the order of their names.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Overview {
    /// Those in which work goes on.
    pub active: Vec<ProjectCard>,
    /// Those that are put away.
    pub archived: Vec<ProjectCard>,
}

/// A project at a glance.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectCard {
    /// The project's id.
    pub id: ProjectId,
    /// Its name in addresses.
    pub slug: String,
    /// What its tasks' keys begin with.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The first line of its description, without marks of a heading; may be empty.
    pub summary: String,
    /// The page a person lands on.
    pub default_view: DefaultView,
    /// The owner's login.
    pub owner: String,
    /// When it was put away, if it was.
    pub archived_at: Option<DateTime<Utc>>,
    /// The name of its open cycle.
    pub cycle: String,
    /// How many tasks of that cycle are in each state.
    pub stats: Stats,
    /// How many members it has.
    pub members: i64,
    /// When something was last done in it.
    pub last_activity_at: Option<DateTime<Utc>>,
    /// What the caller may do in it.
    pub standing: Standing,
    /// Whether the caller is a member: an administrator sees projects in which it is not.
    pub is_member: bool,
}

/// The projects that a person may see in the browser: an administrator all, others those they are
/// members of.
pub async fn list_for(db: &mut PgConnection, caller: &Caller) -> Result<Overview> {
    let Via::Session { is_admin } = caller.via else {
        return Err(Error::Forbidden {
            action: "list projects",
            because: "a token knows its own project only".to_owned(),
        });
    };
    let rows = sqlx::query_file_as!(Row, "sql/projects/list_for.sql", caller.user as _, is_admin)
        .fetch_all(db)
        .await?;
    let mut overview = Overview::default();
    for row in rows {
        let Some(card) = row.seen_by(is_admin) else { continue };
        let list = match card.archived_at {
            Some(_) => &mut overview.archived,
            None => &mut overview.active,
        };
        list.push(card);
    }
    Ok(overview)
}

/// A project as the statement answers it.
struct Row {
    id: ProjectId,
    slug: String,
    key: String,
    name: String,
    description: String,
    default_view: DefaultView,
    owner: String,
    is_owner: bool,
    is_member: bool,
    archived_at: Option<DateTime<Utc>>,
    cycle: String,
    todo: i64,
    doing: i64,
    done: i64,
    wont_do: i64,
    members: i64,
    last_activity_at: Option<DateTime<Utc>>,
}

impl Row {
    fn seen_by(self, is_admin: bool) -> Option<ProjectCard> {
        let standing = Standing::of(is_admin, self.is_owner, self.is_member)?;
        let Self { todo, doing, done, wont_do, .. } = self;
        Some(ProjectCard {
            id: self.id,
            slug: self.slug,
            key: self.key,
            name: self.name,
            summary: summary(&self.description),
            default_view: self.default_view,
            owner: self.owner,
            archived_at: self.archived_at,
            cycle: self.cycle,
            stats: Stats { todo, doing, done, wont_do },
            members: self.members,
            last_activity_at: self.last_activity_at,
            standing,
            is_member: self.is_member,
        })
    }
}

/// The first line that says something, cut where a card ends.
fn summary(description: &str) -> String {
    const LONGEST: usize = 160;
    let mut lines = description.lines().map(|line| line.trim_start_matches('#').trim());
    let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let mut cut: String = line.chars().take(LONGEST - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn a_summary_is_the_first_line_that_says_something() {
        assert_eq!(summary(""), "");
        assert_eq!(summary("\n##\n# Atlas \n\nMaps."), "Atlas");
        assert_eq!(summary("Maps of the world.\nAnd more."), "Maps of the world.");
        let long = summary(&"ä".repeat(161));
        assert_eq!((long.chars().count(), long.ends_with('…')), (160, true));
        assert_eq!(summary(&"ä".repeat(160)), "ä".repeat(160));
    }
}
