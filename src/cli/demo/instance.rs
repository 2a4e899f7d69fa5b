//! The demo's own instance: made once, found again later, and never mistaken for a real one.

use std::path::Path;

use sqlx::{Connection as _, PgConnection};

use super::crew::Crew;
use super::notebook::Notebook;
use super::seed;
use crate::access::InstanceScope;
use crate::cli::CliError;
use crate::config::Config;
use crate::db::{Database, migrations};
use crate::events;
use crate::identity::users;
use crate::ids::ProjectId;
use crate::projects;

/// What is asked of the instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// How many agents need a token.
    pub(super) agents: usize,
    /// How many made-up tasks to add; when absent, a new project gets a usual number of them.
    pub(super) tasks: Option<usize>,
    /// Whether to begin anew.
    pub(super) fresh: bool,
}

/// The made-up tasks of a new project: enough that a board looks like a team's.
const USUAL_TASKS: usize = 60;

/// Tasks that are added in one transaction.
const BATCH: usize = 500;

/// The instance, ready to be served.
pub(super) struct Instance {
    /// The demo's project.
    pub(super) project: ProjectId,
    /// Everybody with a token.
    pub(super) crew: Crew,
}

impl Instance {
    /// Finds the demo's project, or makes it; refuses an instance that is somebody's.
    pub(super) async fn prepare(
        config: &Config,
        database: &Database,
        wanted: Wanted,
    ) -> Result<Self, CliError> {
        migrations::run(database.direct()).await?;
        let mut notebook = Notebook::read(&config.data_dir)
            .map_err(|error| unusable("read", &config.data_dir, &error))?;
        let keep = |error| unusable("write", &config.data_dir, &error);

        // Past the pool's time limits: making thousands of tasks takes its time.
        let mut db = PgConnection::connect_with(database.direct()).await?;
        let found = find_own(&mut db, &notebook).await?;
        let is_new = found.is_none() || wanted.fresh;
        let project = match found {
            Some(project) if !wanted.fresh => project,
            _ => {
                let mut tx = db.begin().await?;
                if found.is_some() {
                    sqlx::query_file!("sql/demo/forget.sql").execute(&mut *tx).await?;
                }
                let project = seed::seed(&mut tx).await?;
                // Before the commit: a project of ours that we do not know would be refused.
                notebook.note_project(project).map_err(keep)?;
                tx.commit().await?;
                project
            }
        };
        let tasks = wanted.tasks.or(is_new.then_some(USUAL_TASKS)).unwrap_or_default();
        add_tasks(&mut db, project, tasks).await?;
        let mut tx = db.begin().await?;
        let crew = Crew::muster(&mut tx, &mut notebook, project, wanted.agents).await?;
        tx.commit().await?;
        if let Some(former) = found.filter(|found| *found != project) {
            notebook.forget(former);
        }
        notebook.write().map_err(keep)?;
        db.close().await?;

        // What was made just now is not news to anybody.
        events::drain(database.pool()).await?;
        Ok(Self { project, crew })
    }
}

/// The demo's project in this instance; `None` when the instance is empty.
async fn find_own(
    db: &mut PgConnection,
    notebook: &Notebook,
) -> Result<Option<ProjectId>, CliError> {
    let operator = InstanceScope::operator();
    let projects = projects::list(db, operator).await?;
    if let Some(foreign) = projects.iter().find(|project| !notebook.knows(project.id)) {
        return Err(CliError::usage(format!(
            "this database has a project {:?} that the demo has not made, and the demo leaves it \
             alone; {OTHER_DATABASE}",
            foreign.slug
        )));
    }
    if projects.is_empty() && !users::list(db, operator).await?.is_empty() {
        return Err(CliError::usage(format!(
            "this database has people whom the demo does not know, and the demo leaves it alone; \
             {OTHER_DATABASE}"
        )));
    }
    // Not more than one: a fresh demo forgets the one before it.
    Ok(projects.first().map(|project| project.id))
}

const OTHER_DATABASE: &str =
    "unset DATABASE_URL, and it runs one of its own, or set it to an empty database";

async fn add_tasks(db: &mut PgConnection, project: ProjectId, many: usize) -> Result<(), CliError> {
    let mut left = many;
    while left > 0 {
        let batch = left.min(BATCH);
        let mut tx = db.begin().await?;
        let scope = seed::enter_as_reader(&mut tx, project).await?;
        seed::add_ideas(&mut tx, &scope, batch).await?;
        tx.commit().await?;
        left -= batch;
    }
    Ok(())
}

fn unusable(what: &str, data_dir: &Path, error: &std::io::Error) -> CliError {
    CliError::failure(format!(
        "cannot {what} the demo's notebook in {}: {error}; make the folder writable, or set \
         NOTTARIO_DATA_DIR to another one",
        data_dir.display()
    ))
}
