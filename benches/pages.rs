//! What a page weighs on the way to a browser, and what it costs the server.
//!
//! A person with twenty projects opens pages one after the other, over HTTP on one connection; the
//! database and the client share the machine. Weights are bodies as a browser asks for them.

#[path = "support/server.rs"]
mod server;
#[expect(dead_code, reason = "the queue's benchmarks need more of it")]
mod support;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::Utc;
use nottario::access::InstanceScope;
use nottario::app::{App, Limits};
use nottario::db::Database;
use nottario::identity::users::{self, NewUser};
use nottario::identity::{User, sessions};
use nottario::projects::{self, NewProject};
use nottario::text::Line;
use reqwest::{Client, header};
use sqlx::{Connection as _, PgConnection};

use support::Outcome;
use support::cluster::Bench;
use support::figures::{Sample, in_ms};
use support::table::Table;

/// What is opened.
const PAGES: [&str; 5] =
    ["/projects", "/me/profile", "/me/sessions", "/p/project-1/settings/tokens", "/nowhere"];

/// What every page brings along: name, path below the assets, and the most bytes compressed.
const PARTS: [(&str, &[&str], usize); 3] = [
    (
        "scripts",
        &["js/app.js", "js/copy.js", "js/forms.js", "js/menus.js", "js/reorder.js", "js/toast.js"],
        20_000,
    ),
    ("styles", &["app.css"], 25_000),
    ("icons", &["icons.svg"], 8_000),
];

fn main() -> ExitCode {
    support::main("pages", measure)
}

async fn measure(bench: Bench) -> Outcome<()> {
    let options = bench.database("pages").await?;
    let mut db = PgConnection::connect_with(&options).await?;
    let person = people_and_projects(&mut db).await?;
    let running =
        App::start(server::config()?, Database::connect(options), Limits::default()).await?;
    let keys = &running.services().session_keys;
    let opened = sessions::open(&mut db, keys, person.id, "a benchmark", Utc::now()).await?;

    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = Browser {
        http: Client::builder().no_proxy().tcp_nodelay(true).build()?,
        cookie: format!("nottario_session={}", opened.secret.expose()),
        base: format!("http://{}", running.address),
    };
    times(&browser, bench.size(300, 20)).await?;
    weights(&browser).await?;
    running.stop().await;
    Ok(())
}

async fn people_and_projects(db: &mut PgConnection) -> Outcome<User> {
    let operator = InstanceScope::operator();
    let new = NewUser { login: "ana".parse()?, display_name: None };
    let person = users::create(db, operator, &new).await?;
    for number in 1..=20 {
        let mut tx = db.begin().await?;
        let name = Line::parse(&format!("Project {number}"))?;
        let new = NewProject { name, slug: None, key: None, owner: person.id };
        projects::create(&mut tx, operator, &new).await?;
        tx.commit().await?;
    }
    Ok(person)
}

struct Browser {
    http: Client,
    cookie: String,
    base: String,
}

impl Browser {
    async fn open(&self, path: &str, coding: &str) -> Outcome<(Duration, usize, String)> {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT, "text/html")
            .header(header::ACCEPT_ENCODING, coding);
        let start = Instant::now();
        let body = request.send().await?.bytes().await?;
        Ok((start.elapsed(), body.len(), String::from_utf8_lossy(&body).into_owned()))
    }
}

async fn times(browser: &Browser, rounds: u32) -> Outcome<()> {
    let mut table = Table::new(
        "pages: over HTTP, database included (budget: 40 ms at p95)",
        &["", "p50 ms", "p95 ms", "bytes", "bytes with gzip"],
    );
    for path in PAGES {
        let mut walls = Sample::default();
        for round in 0..=rounds {
            let (wall, ..) = browser.open(path, "gzip").await?;
            // The first one warms plans up.
            if round > 0 {
                walls.add(wall);
            }
        }
        let (_, plain, _) = browser.open(path, "identity").await?;
        let (_, small, _) = browser.open(path, "gzip").await?;
        table.row(vec![
            path.to_owned(),
            in_ms(walls.percentile(0.50)),
            in_ms(walls.percentile(0.95)),
            plain.to_string(),
            small.to_string(),
        ]);
    }
    table.print();
    Ok(())
}

async fn weights(browser: &Browser) -> Outcome<()> {
    let (.., page) = browser.open("/projects", "identity").await?;
    let assets = page.split('"').find(|text| text.starts_with("/assets/")).ok_or("no assets")?;
    let base = assets.rsplit_once('/').ok_or("no assets")?.0;
    let mut table = Table::new(
        "pages: what every page brings along",
        &["", "bytes", "gzip", "brotli", "budget"],
    );
    for (name, files, budget) in PARTS {
        let mut sums = [0; 3];
        for file in files {
            for (sum, coding) in sums.iter_mut().zip(["identity", "gzip", "br"]) {
                *sum += browser.open(&format!("{base}/{file}"), coding).await?.1;
            }
        }
        let [plain, gzip, brotli] = sums.map(|sum| sum.to_string());
        table.row(vec![name.to_owned(), plain, gzip, brotli, budget.to_string()]);
    }
    table.print();
    Ok(())
}
