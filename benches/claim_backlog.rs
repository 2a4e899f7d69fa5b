//! `claim_next` at backlogs of every size: what one claim costs the server, and how long it takes.
//!
//! One caller, so that nothing but the backlog differs. The scenarios take turns in short rounds,
//! so that a busy moment of the machine meets all of them; figures are medians over the rounds.

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nottario::tasks::{self, ClaimFilter, Lease};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use support::Outcome;
use support::cluster::Bench;
use support::figures::{Sample, in_ms, median};
use support::seed::{ALL_ROLES, Backlog, Crew, Project};
use support::table::Table;

/// Short enough that all of them together leave some of the 500 tasks of the rare role.
const CLAIMS_PER_ROUND: u32 = 20;

fn main() -> ExitCode {
    support::main("claim_backlog", measure)
}

async fn measure(bench: Bench) -> Outcome<()> {
    let [small, medium, big, huge] = [
        1_000,
        bench.size(10_000, 2_000),
        bench.size(100_000, 5_000),
        bench.size(1_000_000, 20_000),
    ];
    let old = bench.size(100_000, 5_000);
    let rounds = bench.size(20, 8);
    let mut scenarios = Vec::new();
    for (name, backlog) in [
        (format!("{small} open"), Backlog::of(small)),
        (format!("{medium} open"), Backlog::of(medium)),
        (format!("{big} open"), Backlog::of(big)),
        (format!("{huge} open, 90 % blocked"), blocked(huge)),
        (format!("{medium} open, {old} done"), with_closed(medium, old)),
    ] {
        let project = seed(&bench, scenarios.len(), &name, ALONE, &backlog).await?;
        scenarios.push(Scenario::new(name, project, GENERALIST).await?);
    }
    // The largest backlog, as two callers see it.
    let name = format!("{huge} open");
    let project = seed(&bench, scenarios.len(), &name, PAIR, &rare(huge)).await?;
    scenarios.push(Scenario::new(name, Arc::clone(&project), GENERALIST).await?);
    let name = format!("{huge} open, {RARE} for the caller's role");
    scenarios.push(Scenario::new(name, project, SPECIALIST).await?);

    for scenario in &mut scenarios {
        // Fills caches and settles on plans, which the first executions of a statement do not use.
        scenario.claim(CLAIMS_PER_ROUND * 2, &mut Sample::default()).await?;
    }
    for _ in 0..rounds {
        for scenario in &mut scenarios {
            scenario.round().await?;
        }
    }
    print(&scenarios);
    Ok(())
}

/// One agent, who may take everything.
const ALONE: Crew = Crew { agents: 1, people: 1, roles: ALL_ROLES };

/// An agent who may take nearly everything, and one for whom there is little among much.
const PAIR: Crew = Crew { agents: 2, people: 2, roles: &[&["backend", "frontend"], &["qa"]] };
const GENERALIST: usize = 0;
const SPECIALIST: usize = 1;

/// How many tasks ask for the second agent's role.
const RARE: u32 = 500;

async fn seed(
    bench: &Bench,
    number: usize,
    name: &str,
    crew: Crew,
    backlog: &Backlog,
) -> Outcome<Arc<Project>> {
    let start = Instant::now();
    let database = bench.database(&format!("backlog_{number}")).await?;
    let project = Project::seed(database, crew, backlog).await?;
    if backlog.open <= 10_000 {
        project.check().await?;
    }
    eprintln!("seeded {name} in {:.1} s", start.elapsed().as_secs_f64());
    Ok(Arc::new(project))
}

fn blocked(open: u32) -> Backlog {
    Backlog { blocked_percent: 90, ..Backlog::of(open) }
}

fn with_closed(open: u32, closed: u32) -> Backlog {
    Backlog { closed, ..Backlog::of(open) }
}

fn rare(open: u32) -> Backlog {
    Backlog { rare: RARE, for_everybody: false, ..Backlog::of(open) }
}

struct Scenario {
    name: String,
    project: Arc<Project>,
    /// Whose claims are measured.
    agent: usize,
    db: PgConnection,
    backend: Backend,
    /// Per round, what a claim cost the server.
    cpu: Vec<f64>,
    walls: Sample,
}

impl Scenario {
    async fn new(name: String, project: Arc<Project>, agent: usize) -> Outcome<Self> {
        let mut db = project.connect().await?;
        let backend = Backend::of(&mut db).await?;
        Ok(Self { name, project, agent, db, backend, cpu: Vec::new(), walls: Sample::default() })
    }

    async fn round(&mut self) -> Outcome<()> {
        let before = self.backend.cpu();
        let mut walls = std::mem::take(&mut self.walls);
        self.claim(CLAIMS_PER_ROUND, &mut walls).await?;
        self.walls = walls;
        if let (Some(before), Some(after)) = (before, self.backend.cpu()) {
            let spent = after.saturating_sub(before) / CLAIMS_PER_ROUND;
            self.cpu.push(spent.as_secs_f64() * 1e6);
        }
        Ok(())
    }

    async fn claim(&mut self, many: u32, walls: &mut Sample) -> Outcome<()> {
        let scope = &self.project.agents[self.agent];
        for _ in 0..many {
            let start = Instant::now();
            let mut tx = self.db.begin().await?;
            let claimed =
                tasks::claim_next(&mut tx, scope, &ClaimFilter::default(), Lease::OfProject)
                    .await?;
            tx.commit().await?;
            walls.add(start.elapsed());
            if claimed.is_none() {
                return Err(format!("{}: the backlog ran dry", self.name).into());
            }
        }
        Ok(())
    }
}

/// The server process behind one connection.
struct Backend {
    pid: i32,
}

impl Backend {
    async fn of(db: &mut PgConnection) -> Outcome<Self> {
        let pid = sqlx::query_file_scalar!("benches/sql/backend_pid.sql").fetch_one(db).await?;
        Ok(Self { pid })
    }

    /// How long it has been on a processor, to the nanosecond; Linux alone says so.
    fn cpu(&self) -> Option<Duration> {
        let text = std::fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

fn print(scenarios: &[Scenario]) {
    let mut table = Table::new(
        "claim_backlog: one claim, one caller (promise: CPU ratio at most 1.25)",
        &["backlog", "server CPU µs", "ratio", "p50 ms", "p99 ms"],
    );
    let smallest = scenarios.first().map_or(f64::NAN, |scenario| median(scenario.cpu.clone()));
    for scenario in scenarios {
        let cpu = median(scenario.cpu.clone());
        table.row(vec![
            scenario.name.clone(),
            format!("{cpu:.0}"),
            format!("{:.2}", cpu / smallest),
            in_ms(scenario.walls.percentile(0.50)),
            in_ms(scenario.walls.percentile(0.99)),
        ]);
    }
    table.print();
}
