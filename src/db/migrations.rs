//! The schema: ours, and the job library's, brought up to date together.
//!
//! All pending migrations of a release are one transaction: they are all applied or none is.
//! However many processes start at once, one applies them while the others wait. A schema that
//! this program does not know is never touched.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use apalis_postgres::PostgresStorage;
use sqlx::Connection as _;
use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};

/// Our migrations, as they were when this program was built.
pub static MIGRATIONS: Migrator = sqlx::migrate!();

/// Those of the job library; they keep to a schema, and a history, of their own.
static JOB_MIGRATIONS: LazyLock<Migrator> = LazyLock::new(PostgresStorage::<()>::migrations);

/// Chosen once; every release has to take the same lock.
const LOCK: i64 = 0x006e_6f74_7461_7269;

/// Why the schema was not brought up to date; it is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer release has been here.
    #[error(
        "the database is at schema version {found}, which is newer than this program (version \
         {known}); start the release that migrated it, or a newer one"
    )]
    SchemaIsNewer {
        /// The newest version in the database.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// A migration that was applied is not the one that this program carries.
    #[error(
        "migration {0} was applied to the database in another wording; this program was built \
         from changed migrations: build it from an unchanged release"
    )]
    Edited(i64),
    /// One statement of a migration failed.
    #[error("migration {version} failed and nothing was changed: {source}{}", hint(source))]
    Failed {
        /// The migration.
        version: i64,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Something else failed around the migrations.
    #[error("cannot migrate the database, and nothing was changed: {0}")]
    Other(#[from] MigrateError),
    /// The connection failed.
    #[error("cannot migrate the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Brings the schema up to date; does nothing when it is.
pub async fn run(direct: &PgConnectOptions) -> Result<(), MigrationError> {
    run_set(direct, &MIGRATIONS).await
}

/// The same with another set in place of ours: the tests' door to sets that fail or differ.
pub async fn run_set(direct: &PgConnectOptions, ours: &Migrator) -> Result<(), MigrationError> {
    let mut connection = connect(direct).await?;
    // Ends with the connection, so also when a step below fails.
    sqlx::query_file!("sql/db/lock_migrations.sql", LOCK).execute(&mut connection).await?;

    let mut transaction = connection.begin().await?;
    apply(&mut transaction, ours).await?;
    apply(&mut transaction, &JOB_MIGRATIONS).await?;
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}

async fn apply(connection: &mut PgConnection, migrations: &Migrator) -> Result<(), MigrationError> {
    // The library's own way around `run`, whose future cannot be spawned.
    match migrations.run_direct(None, &mut *connection, false).await {
        Ok(()) => Ok(()),
        // The refusal came before any statement, so the transaction still answers.
        Err(MigrateError::VersionMissing(_)) => Err(unknown_version(connection, migrations).await?),
        Err(MigrateError::VersionMismatch(version)) => Err(MigrationError::Edited(version)),
        Err(MigrateError::ExecuteMigration(source, version)) => {
            Err(MigrationError::Failed { version, source })
        }
        Err(error) => Err(error.into()),
    }
}

/// The migrations that are still to be applied, as "version description".
///
/// Refuses a schema that is newer than this program.
pub async fn pending(connection: &mut PgConnection) -> Result<Vec<String>, MigrationError> {
    let mut pending = Vec::new();
    for migrations in all() {
        let applied = applied(connection, migrations).await?;
        refuse_newer(&applied, migrations)?;
        for migration in migrations.iter() {
            match applied.get(&migration.version) {
                None => {
                    pending.push(format!("{} {}", migration.version, migration.description));
                }
                Some(checksum) if *checksum != migration.checksum => {
                    return Err(MigrationError::Edited(migration.version));
                }
                Some(_) => {}
            }
        }
    }
    Ok(pending)
}

/// A connection that may take its time: waiting for the lock, and rewriting a big table.
async fn connect(direct: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    let patient = direct.clone().application_name("nottario migrate").options([
        ("statement_timeout", "0"),
        ("lock_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
    ]);
    PgConnection::connect_with(&patient).await
}

/// Every set of migrations that makes up the schema, in the order in which they are applied.
#[must_use]
pub fn all() -> [&'static Migrator; 2] {
    [&MIGRATIONS, &JOB_MIGRATIONS]
}

/// Version and checksum of what the database says was applied.
async fn applied(
    connection: &mut PgConnection,
    migrations: &Migrator,
) -> Result<BTreeMap<i64, Cow<'static, [u8]>>, MigrationError> {
    let table = migrations.table_name.as_ref();
    let is_there = sqlx::query_file_scalar!("sql/db/table_exists.sql", table)
        .fetch_one(&mut *connection)
        .await?;
    if !is_there {
        return Ok(BTreeMap::new());
    }
    let applied = connection.list_applied_migrations(table).await?;
    Ok(applied.into_iter().map(|migration| (migration.version, migration.checksum)).collect())
}

fn newest(migrations: &Migrator) -> i64 {
    migrations.iter().map(|migration| migration.version).max().unwrap_or_default()
}

fn refuse_newer<T>(
    applied: &BTreeMap<i64, T>,
    migrations: &Migrator,
) -> Result<(), MigrationError> {
    let unknown = applied.keys().copied().filter(|found| !migrations.version_exists(*found)).max();
    match unknown {
        Some(found) => Err(MigrationError::SchemaIsNewer { found, known: newest(migrations) }),
        None => Ok(()),
    }
}

/// Says in words that somebody newer was here.
async fn unknown_version(
    connection: &mut PgConnection,
    migrations: &Migrator,
) -> Result<MigrationError, MigrationError> {
    let applied = applied(connection, migrations).await?;
    Ok(match refuse_newer(&applied, migrations) {
        Err(error) => error,
        Ok(()) => MigrateError::VersionMissing(newest(migrations)).into(),
    })
}

/// The two refusals that operators meet: a role that does not own its database, and a server
/// without its contrib modules.
fn hint(error: &sqlx::Error) -> &'static str {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
        Some("42501") => "; give Nottario a role that owns its database",
        Some("58P01" | "0A000") => "; install the contrib modules of PostgreSQL on the server",
        _ => "",
    }
}
