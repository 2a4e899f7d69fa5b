//! Closing a task that others wait for: what it costs for each that it frees, and what callers who
//! claim meanwhile notice of it.

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nottario::access::ProjectScope;
use nottario::ids::TaskId;
use nottario::tasks::{self, ClaimFilter, Close, Lease};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::task::JoinSet;

use support::Outcome;
use support::cluster::Bench;
use support::figures::{Sample, in_ms, median};
use support::seed::{ALL_ROLES, Backlog, Crew, Project};
use support::table::Table;

/// How many tasks wait for the one that is closed.
const FANOUTS: [u32; 4] = [0, 1, 10, 1_000];

/// Who claims while others close.
const CLAIMERS: usize = 8;

fn main() -> ExitCode {
    support::main("close_fanout", measure)
}

async fn measure(bench: Bench) -> Outcome<()> {
    let repeats = bench.size(20, 5);
    let crew = Crew { agents: 1 + u32::try_from(CLAIMERS)?, people: 4, roles: ALL_ROLES };
    let backlog = Backlog { blocked_percent: 20, ..Backlog::of(bench.size(100_000, 20_000)) };
    let project = Project::seed(bench.database("fanout").await?, crew, &backlog).await?;

    let mut alone = Table::new(
        "close_fanout: closing a task (promise: linear in what it frees)",
        &["frees", "p50 ms", "p99 ms", "µs for each freed"],
    );
    let mut db = project.connect().await?;
    let closer = &project.agents[0];
    let mut of_none = Duration::ZERO;
    for frees in FANOUTS {
        let mut walls = Sample::default();
        for hub in hubs(&mut db, &project, frees, repeats).await? {
            walls.add(close(&mut db, closer, hub, frees).await?);
        }
        let p50 = walls.percentile(0.50);
        if frees == 0 {
            of_none = p50;
        }
        let each = p50.saturating_sub(of_none).as_secs_f64() * 1e6 / f64::from(frees.max(1));
        alone.row(vec![
            frees.to_string(),
            in_ms(p50),
            in_ms(walls.percentile(0.99)),
            if frees == 0 { String::new() } else { format!("{each:.0}") },
        ]);
    }
    alone.print();
    project.check().await?;

    let rounds = bench.size(5, 3);
    let duration = Duration::from_millis(bench.size(1_000, 500).into());
    beside_claims(&project, &mut db, rounds, duration).await?.print();
    project.check().await
}

/// Claims with nobody closing, and with somebody closing all the time, in turns.
async fn beside_claims(
    project: &Project,
    db: &mut PgConnection,
    rounds: u32,
    duration: Duration,
) -> Outcome<Table> {
    let mut connections = Vec::new();
    for _ in 0..CLAIMERS {
        connections.push(project.connect().await?);
    }
    let mut table = Table::new(
        "close_fanout: 8 callers claim meanwhile (promise: no effect on them)",
        &["meanwhile", "closed", "claims per second", "p50 ms", "p99 ms", "longest ms"],
    );
    let meanwhile = [None, Some(0), Some(1_000)];
    let mut rates = [const { Vec::new() }; 3];
    let mut walls = [const { Vec::new() }; 3];
    let mut closed = [0_u32; 3];
    for _ in 0..rounds {
        for (number, frees) in meanwhile.into_iter().enumerate() {
            let prepared = match frees {
                // Those that free nothing go by much faster, so more of them are needed.
                Some(0) => hubs(db, project, 0, 4_000).await?,
                Some(frees) => hubs(db, project, frees, 20).await?,
                None => Vec::new(),
            };
            let is_over = Arc::new(AtomicBool::new(false));
            let start = Instant::now();
            let mut running = JoinSet::new();
            for (db, scope) in connections.drain(..).zip(&project.agents[1..]) {
                running.spawn(claims(db, scope.clone(), Arc::clone(&is_over)));
            }
            let mut left = prepared.into_iter();
            while start.elapsed() < duration {
                match (frees, left.next()) {
                    (Some(frees), Some(hub)) => {
                        close(db, &project.agents[0], hub, frees).await?;
                        closed[number] += 1;
                    }
                    // Never less closing than at the start of the round: a round that runs out ends.
                    (Some(_), None) => break,
                    (None, _) => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
            is_over.store(true, Ordering::Relaxed);
            let mut many = 0_u32;
            while let Some(done) = running.join_next().await {
                let (db, of_one) = done??;
                connections.push(db);
                many += u32::try_from(of_one.len())?;
                walls[number].extend(of_one);
            }
            rates[number].push(f64::from(many) / start.elapsed().as_secs_f64());
        }
    }
    for (number, frees) in meanwhile.into_iter().enumerate() {
        let mut sample = Sample::default();
        walls[number].iter().for_each(|&wall| sample.add(wall));
        table.row(vec![
            frees.map_or("nothing".to_owned(), |frees| format!("closing what frees {frees}")),
            closed[number].to_string(),
            format!("{:.0}", median(rates[number].clone())),
            in_ms(sample.percentile(0.50)),
            in_ms(sample.percentile(0.99)),
            in_ms(sample.percentile(1.0)),
        ]);
    }
    Ok(table)
}

/// New tasks, each with so many new ones that wait for it.
async fn hubs(
    db: &mut PgConnection,
    project: &Project,
    frees: u32,
    many: u32,
) -> Outcome<Vec<TaskId>> {
    let (frees, many) = (i32::try_from(frees)?, i32::try_from(many)?);
    sqlx::query_file!("benches/sql/trust_seed.sql").execute(&mut *db).await?;
    let hubs = sqlx::query_file_scalar!("benches/sql/seed_hubs.sql", project.id as _, many, frees)
        .fetch_all(&mut *db)
        .await?;
    sqlx::query_file!("benches/sql/distrust.sql").execute(db).await?;
    Ok(hubs)
}

/// Closes a task as done, and checks that it freed what waited for it.
async fn close(
    db: &mut PgConnection,
    scope: &ProjectScope,
    hub: TaskId,
    frees: u32,
) -> Outcome<Duration> {
    let start = Instant::now();
    let mut tx = db.begin().await?;
    let closed = tasks::close(&mut tx, scope, hub, &Close::default()).await?;
    tx.commit().await?;
    let wall = start.elapsed();
    if closed.now_ready.len() != usize::try_from(frees)? {
        return Err(
            format!("{} freed {}, not {frees}", closed.task.key, closed.now_ready.len()).into()
        );
    }
    Ok(wall)
}

/// Claims until told to stop.
async fn claims(
    mut db: PgConnection,
    scope: ProjectScope,
    is_over: Arc<AtomicBool>,
) -> Outcome<(PgConnection, Vec<Duration>)> {
    let mut walls = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let start = Instant::now();
        let mut tx = db.begin().await?;
        let claimed =
            tasks::claim_next(&mut tx, &scope, &ClaimFilter::default(), Lease::OfProject).await?;
        tx.commit().await?;
        walls.push(start.elapsed());
        claimed.ok_or("the backlog ran dry")?;
    }
    Ok((db, walls))
}
