//! Making a project, whole from its first moment.

use serde_json::json;
use sqlx::PgConnection;

use super::{ProjectKey, Slug, Swatch};
use crate::access::{self, Caller, InstanceScope, ProjectScope, Via};
use crate::error::{Error, Kind, Result};
use crate::events::{self, Change, EventKind, Subject};
use crate::ids::{CycleId, ProjectId, RoleId, UserId};
use crate::text::Line;

/// A project to be made.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Its name.
    pub name: Line<100>,
    /// Its name in addresses; made from the name when absent.
    pub slug: Option<Slug>,
    /// What its tasks' keys begin with; made from the name when absent.
    pub key: Option<ProjectKey>,
    /// Who owns it.
    pub owner: UserId,
}

/// The roles of a new project: key, label, colour.
const ROLES: [(&str, &str, Swatch); 4] = [
    ("backend", "Backend", Swatch::Blue),
    ("frontend", "Frontend", Swatch::Violet),
    ("qa", "QA", Swatch::Amber),
    ("design", "Design", Swatch::Pink),
];

/// The buckets of a new project: key and value.
const BUCKETS: [(&str, i16); 4] = [("low", 30), ("medium", 60), ("high", 90), ("critical", 100)];

/// The bucket of a task for which nobody chose one.
const DEFAULT_BUCKET: &str = "medium";

/// Makes a project, and lets its owner in: a member with all roles, beside one open cycle.
pub async fn create(
    db: &mut PgConnection,
    _: InstanceScope,
    new: &NewProject,
) -> Result<ProjectScope> {
    // One at a time, so that a name found free is still free when it is taken.
    sqlx::query_file!("sql/projects/lock_creation.sql").execute(&mut *db).await?;
    let slug = choose_slug(db, new).await?;
    let key = choose_key(db, new).await?;

    let id = ProjectId::fresh();
    let role_ids: Vec<_> = ROLES.iter().map(|_| RoleId::fresh().uuid()).collect();
    let role_keys = ROLES.map(|(key, ..)| key.to_owned());
    let role_labels = ROLES.map(|(_, label, _)| label.to_owned());
    let role_colors = ROLES.map(|(.., color)| color.to_string());
    let bucket_keys = BUCKETS.map(|(key, _)| key.to_owned());
    let bucket_values = BUCKETS.map(|(_, value)| value);
    sqlx::query_file!(
        "sql/projects/create.sql",
        id as _,
        slug.as_str(),
        key.as_str(),
        new.name.as_str(),
        new.owner as _,
        CycleId::fresh() as _,
        &role_ids,
        &role_keys,
        &role_labels,
        &role_colors,
        &bucket_keys,
        &bucket_values,
        DEFAULT_BUCKET,
    )
    .execute(&mut *db)
    .await
    .map_err(|source| {
        let missing = Error::not_found(Kind::User, new.owner);
        Error::on_constraint(source, "members_user_id_fkey", missing)
    })?;

    let owner = Caller { user: new.owner, via: Via::Session { is_admin: false } };
    let scope = access::enter(db, &owner, id).await?;
    let data = json!({ "slug": slug.as_str(), "key": key.as_str(), "name": new.name });
    let created = Change::new(EventKind::ProjectCreated, Subject::Project(id), data);
    events::record(db, &scope, created).await?;
    Ok(scope)
}

async fn choose_slug(db: &mut PgConnection, new: &NewProject) -> Result<Slug> {
    let candidates: Vec<_> = match &new.slug {
        Some(slug) => vec![slug.clone()],
        None => Slug::candidates(new.name.as_str()).take(1000).collect(),
    };
    let texts: Vec<_> = candidates.iter().map(|slug| slug.as_str().to_owned()).collect();
    let taken =
        sqlx::query_file_scalar!("sql/projects/taken_slugs.sql", &texts).fetch_all(db).await?;
    let is_free = |slug: &Slug| !taken.iter().any(|other| other == slug.as_str());
    candidates.into_iter().find(is_free).ok_or_else(|| refuse_taken("slug"))
}

async fn choose_key(db: &mut PgConnection, new: &NewProject) -> Result<ProjectKey> {
    let candidates: Vec<_> = match &new.key {
        Some(key) => vec![key.clone()],
        None => ProjectKey::candidates(new.name.as_str()).collect(),
    };
    let texts: Vec<_> = candidates.iter().map(|key| key.as_str().to_owned()).collect();
    let taken =
        sqlx::query_file_scalar!("sql/projects/taken_keys.sql", &texts).fetch_all(db).await?;
    let is_free = |key: &ProjectKey| !taken.iter().any(|other| other == key.as_str());
    candidates.into_iter().find(is_free).ok_or_else(|| refuse_taken("key"))
}

fn refuse_taken(field: &str) -> Error {
    Error::invalid(field, format!("another project has that {field}; give another"))
}
