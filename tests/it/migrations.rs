//! The schema is brought up to date once, completely or not at all.

use nottario::config::Config;
use nottario::db::migrations::{self, MIGRATIONS, MigrationError};
use nottario::db::{Database, OpenMode};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection as _, Row as _, SqlSafeStr as _};

use crate::cluster;

/// Our migrations with one more at the end.
fn ours_and(sql: &'static str) -> Migrator {
    let mut migrations: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
    migrations.push(migration(9999, sql));
    Migrator::with_migrations(migrations)
}

fn migration(version: i64, sql: &'static str) -> Migration {
    Migration::new(version, "test".into(), MigrationType::Simple, sql.into_sql_str(), false)
}

async fn pending(options: &PgConnectOptions) -> Result<Vec<String>, MigrationError> {
    let mut connection = PgConnection::connect_with(options).await.unwrap();
    migrations::pending(&mut connection).await
}

/// Everything that a migration could have left behind.
async fn tables(options: &PgConnectOptions) -> Vec<String> {
    let sql = "select schemaname || '.' || tablename from pg_tables \
               where schemaname not in ('pg_catalog', 'information_schema') order by 1";
    cluster::ask(options, sql).await
}

#[tokio::test]
async fn ten_starting_at_once_apply_once() {
    let database = cluster::empty_database().await;
    let starts: Vec<_> = (0..10)
        .map(|_| {
            let options = database.connect_options.clone();
            tokio::spawn(async move { migrations::run(&options).await })
        })
        .collect();

    for start in starts {
        start.await.unwrap().unwrap();
    }

    let history = "select version::text from _sqlx_migrations order by version";
    let expected: Vec<_> = MIGRATIONS.iter().map(|one| one.version.to_string()).collect();
    assert_eq!(cluster::ask(&database.connect_options, history).await, expected);
    assert!(tables(&database.connect_options).await.contains(&"apalis.jobs".to_owned()));
}

#[tokio::test]
async fn pending_migrations_are_listed_until_they_are_applied() {
    let database = cluster::empty_database().await;
    let options = &database.connect_options;

    let before = pending(options).await.unwrap();
    migrations::run(options).await.unwrap();
    let after = pending(options).await.unwrap();

    let known: usize = migrations::all().iter().map(|set| set.iter().count()).sum();
    assert_eq!(before.len(), known);
    assert_eq!(before[0], "1 identity");
    assert_eq!(after, Vec::<String>::new());
}

#[tokio::test]
async fn a_failing_migration_leaves_an_empty_schema_empty() {
    let database = cluster::empty_database().await;
    let broken = ours_and("create table half (); select no_such_function();");

    let error = migrations::run_set(&database.connect_options, &broken).await.unwrap_err();

    assert!(matches!(error, MigrationError::Failed { version: 9999, .. }), "{error}");
    assert_eq!(tables(&database.connect_options).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_failing_upgrade_leaves_the_schema_as_it_was() {
    let database = cluster::database().await;
    let before = tables(&database.connect_options).await;
    let broken = ours_and("create table half (); drop table tasks cascade; select 1 / 0;");

    let error = migrations::run_set(&database.connect_options, &broken).await.unwrap_err();

    assert!(error.to_string().contains("division by zero"), "{error}");
    assert_eq!(tables(&database.connect_options).await, before);
    assert_eq!(pending(&database.connect_options).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let database = cluster::database().await;
    let mut edited: Vec<Migration> = MIGRATIONS.iter().cloned().collect();
    edited[0] = migration(edited[0].version, "create table something_else ();");
    let edited = Migrator::with_migrations(edited);
    let before = tables(&database.connect_options).await;

    let error = migrations::run_set(&database.connect_options, &edited).await.unwrap_err();

    assert!(matches!(error, MigrationError::Edited(1)), "{error}");
    assert_eq!(tables(&database.connect_options).await, before);
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_words() {
    let database = cluster::database().await;
    let options = &database.connect_options;
    migrations::run_set(options, &ours_and("create table of_tomorrow ();")).await.unwrap();

    let refused = migrations::run(options).await.unwrap_err();
    let pending = pending(options).await.unwrap_err();

    for error in [refused, pending] {
        assert!(matches!(error, MigrationError::SchemaIsNewer { found: 9999, .. }), "{error}");
        assert!(error.to_string().contains("newer than this program"), "{error}");
    }
}

#[tokio::test]
async fn a_pooler_is_not_asked_for_time_limits() {
    let database = cluster::database().await;
    let url = database.url();
    let config = Config::read(&|name| match name {
        "DATABASE_URL" | "DATABASE_URL_DIRECT" => Some(url.clone()),
        "NOTTARIO_DATA_DIR" => Some("unused".to_owned()),
        _ => None,
    })
    .unwrap();

    let opened = Database::open(&config, OpenMode::Own).await.unwrap();

    assert_eq!(time_limits(opened.pool()).await, ["0", "0", "0"]);
    opened.close().await;
}

#[tokio::test]
async fn requests_have_time_limits_and_migrations_have_none() {
    let database = cluster::database().await;
    let direct = PgPool::connect_with(database.connect_options.clone()).await.unwrap();

    assert_eq!(time_limits(&database.pool).await, ["30000", "3000", "5000"]);
    assert_eq!(time_limits(&direct).await, ["0", "0", "0"]);
}

/// In milliseconds: idle in transaction, lock, statement.
async fn time_limits(pool: &PgPool) -> Vec<String> {
    let sql = "select setting from pg_settings where name in ('statement_timeout', \
               'lock_timeout', 'idle_in_transaction_session_timeout') order by name";
    let rows = sqlx::raw_sql(sql).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
