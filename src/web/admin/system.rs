//! How the instance is doing.

use axum::extract::State;
use serde::Serialize;

use crate::config::InForce;
use crate::system::{self, Report};
use crate::web::Web;
use crate::web::health::Build;
use crate::web::page::Page;
use crate::web::routes::Routes;
use crate::web::trouble::Answer;
use crate::web::visitor::Visitor;

pub(super) fn routes() -> Routes {
    Routes::new().get("/admin/system", show)
}

/// `admin/system.html`
#[derive(Serialize)]
struct SystemPage {
    build: Build,
    report: Report,
    pool: Pool,
    is_listening: bool,
    is_embedded: bool,
    /// The folder of the data, and the bytes that are left there.
    data_dir: String,
    disk_left: Option<u64>,
    settings: Vec<InForce>,
}

/// This process's connections for requests.
#[derive(Serialize)]
struct Pool {
    used: usize,
    idle: usize,
    most: u32,
}

impl Page for SystemPage {
    const TEMPLATE: &'static str = "admin/system.html";
}

/// `GET /admin/system`
async fn show(State(web): State<Web>, visitor: Visitor) -> Answer {
    let instance = visitor.instance()?;
    let mut visit = web.visit(visitor).await?;
    let report = system::report(&mut visit.tx, instance).await?;
    let (pool, config) = (web.pool(), web.config());
    let (open, idle) = (usize::try_from(pool.size()).unwrap_or_default(), pool.num_idle());
    let page = SystemPage {
        build: Build::this(),
        report,
        pool: Pool {
            used: open.saturating_sub(idle),
            idle,
            most: pool.options().get_max_connections(),
        },
        is_listening: web.feed().is_listening(),
        is_embedded: config.database_url.is_none(),
        data_dir: config.data_dir.display().to_string(),
        disk_left: system::disk_left(&config.data_dir),
        settings: config.in_force(),
    };
    visit.show(&page).await
}
