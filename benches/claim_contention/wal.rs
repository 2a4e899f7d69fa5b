//! What a claim writes to the write-ahead log, with short and with long descriptions.
//!
//! After a checkpoint the log gets every page whole once, whoever changes it; how many claims share
//! that depends on the rate and the backlog, not on the claim. So pages are counted beside the
//! bytes, and the small backlogs are warmed up until their pages have been written.

use nottario::tasks::{self, ClaimFilter, Lease};
use sqlx::postgres::PgConnection;

use crate::support::Outcome;
use crate::support::cluster::Bench;
use crate::support::figures::median;
use crate::support::seed::{ALL_ROLES, Backlog, Crew, Project};
use crate::support::table::Table;

const CLAIMS: u32 = 100;

pub(crate) async fn measure(bench: &Bench, large: &Project) -> Outcome<()> {
    let mut table = Table::new(
        "claim_contention: write-ahead log of one claim (promise: at most 900 bytes)",
        &["backlog", "bytes", "whole pages among them"],
    );
    let long = long_text(60_000);
    let plans = [
        ("wal_short", "2000 open, 25 words each", Backlog::of(2_000)),
        ("wal_long", "2000 open, 60 kB each", Backlog { description: long, ..Backlog::of(2_000) }),
    ];
    for (database, name, backlog) in plans {
        let crew = Crew { agents: 1, people: 1, roles: ALL_ROLES };
        let project = Project::seed(bench.database(database).await?, crew, &backlog).await?;
        let mut db = project.connect().await?;
        claim(&mut db, &project, 10 * CLAIMS).await?;
        report(&mut table, name, &mut db, &project).await?;
    }
    let mut db = large.connect().await?;
    sqlx::query_file!("benches/sql/checkpoint.sql").execute(&mut db).await?;
    report(&mut table, "the large one, after a checkpoint", &mut db, large).await?;
    table.print();
    Ok(())
}

async fn report(
    table: &mut Table,
    name: &str,
    db: &mut PgConnection,
    project: &Project,
) -> Outcome<()> {
    let (mut bytes, mut pages) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let before = sqlx::query_file!("benches/sql/wal.sql").fetch_one(&mut *db).await?;
        claim(db, project, CLAIMS).await?;
        sqlx::query_file!("benches/sql/flush_statistics.sql").execute(&mut *db).await?;
        let after = sqlx::query_file!("benches/sql/wal.sql").fetch_one(&mut *db).await?;
        bytes.push((after.bytes - before.bytes) / f64::from(CLAIMS));
        pages.push((after.pages - before.pages) / f64::from(CLAIMS));
    }
    table.row(vec![
        name.to_owned(),
        format!("{:.0}", median(bytes)),
        format!("{:.2}", median(pages)),
    ]);
    Ok(())
}

async fn claim(db: &mut PgConnection, project: &Project, many: u32) -> Outcome<()> {
    for _ in 0..many {
        let filter = ClaimFilter::default();
        let next = tasks::claim_next(db, &project.agents[0], &filter, Lease::OfProject).await?;
        next.ok_or("the backlog ran dry")?;
    }
    Ok(())
}

/// Text that does not compress well, so that it is stored as long as it is.
fn long_text(length: usize) -> String {
    let mut state = 1_u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + u8::try_from(state >> 58).unwrap_or_default())
        })
        .collect()
}
