//! Many callers on one queue: how fast claims are, against the least that a claim could be.
//!
//! The least is a *bare* update: the same columns of the same rows, known beforehand and all
//! different, with nothing to choose, nothing to read and no event. Claim and update are tried as
//! the one statement that each of them is, and inside a transaction. Contenders take turns in short
//! rounds on databases of their own, and figures are medians over the rounds: rates of one run can
//! be compared with each other, and with nothing else.

mod contender;
mod order;
#[path = "../support/mod.rs"]
mod support;
mod wal;

use std::process::ExitCode;
use std::time::Duration;

use contender::{Contender, Work};
use support::Outcome;
use support::cluster::Bench;
use support::figures::{in_ms, median};
use support::seed::{ALL_ROLES, Backlog, Crew, Project};
use support::table::Table;

const CALLERS: [usize; 3] = [1, 16, 64];

fn main() -> ExitCode {
    support::main("claim_contention", measure)
}

async fn measure(bench: Bench) -> Outcome<()> {
    // A bare update is fast, and must not run out of rows either.
    let open = bench.size(250_000, 20_000);
    let rounds = bench.size(5, 3);
    let duration = Duration::from_millis(bench.size(600, 100).into());
    let plans: [(&str, Work, u32, &[usize]); 7] = [
        ("direct claim", Work::Claim, 8, &CALLERS),
        ("direct claim, on the product's pool", Work::ClaimOnPool, 8, &CALLERS[1..]),
        ("direct claim, begin and commit", Work::ClaimInTransaction, 8, &CALLERS),
        ("direct claim, agents of one person", Work::Claim, 1, &CALLERS[1..]),
        ("direct claim, no event", Work::Claim, 8, &CALLERS[1..]),
        ("bare update, begin and commit", Work::BareInTransaction, 8, &CALLERS),
        ("bare update", Work::Bare, 8, &CALLERS),
    ];
    let mut contenders = Vec::new();
    for (number, (name, work, people, callers)) in plans.into_iter().enumerate() {
        let database = bench.database(&format!("contention_{number}")).await?;
        let crew = Crew { agents: 64, people, roles: ALL_ROLES };
        let backlog = Backlog { blocked_percent: 20, ..Backlog::of(open) };
        let project = Project::seed(database, crew, &backlog).await?;
        if number == 0 {
            project.check().await?;
        }
        if name.ends_with("no event") {
            mute(&project).await?;
        }
        contenders.push(Contender::new(name, work, callers, project).await?);
    }
    for callers in CALLERS {
        for round in 0..=rounds {
            for contender in contenders.iter_mut().filter(|one| one.callers.contains(&callers)) {
                // The first round warms the connections up.
                contender.round(callers, duration, round > 0).await?;
            }
        }
    }
    print(&contenders);
    order::print(&contenders[0]);
    wal::measure(&bench, &contenders[0].project).await
}

/// Leaves the product's statement as it is, and lets the outbox swallow its rows.
async fn mute(project: &Project) -> Outcome<()> {
    let mut db = project.connect().await?;
    sqlx::query_file!("benches/sql/mute_outbox_function.sql").execute(&mut db).await?;
    sqlx::query_file!("benches/sql/mute_outbox.sql").execute(&mut db).await?;
    Ok(())
}

fn print(contenders: &[Contender]) {
    for callers in CALLERS {
        let title = match callers {
            16 => "16 callers (promise: direct at least 0.5 of bare, events cost at most 20 %)",
            64 => "64 callers (promise: direct at least 0.3 of bare)",
            _ => "1 caller",
        };
        let mut table = Table::new(
            &format!("claim_contention: {title}"),
            &["", "per second", "of bare", "of bare, begin and commit", "p50 ms", "p99 ms"],
        );
        let rate = |contender: &Contender| median(contender.rates(callers));
        let bare = |work| contenders.iter().find(|one| one.work == work).map_or(f64::NAN, rate);
        let (strict, alike) = (bare(Work::Bare), bare(Work::BareInTransaction));
        for contender in contenders.iter().filter(|one| one.callers.contains(&callers)) {
            let walls = contender.walls(callers);
            table.row(vec![
                contender.name.to_owned(),
                format!("{:.0}", rate(contender)),
                format!("{:.2}", rate(contender) / strict),
                format!("{:.2}", rate(contender) / alike),
                in_ms(walls.percentile(0.50)),
                in_ms(walls.percentile(0.99)),
            ]);
        }
        table.print();
    }
}
