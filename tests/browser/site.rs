//! A running instance, a browser, and people who are signed in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nottario::app::{App, Limits, Running};
use nottario::config::Config;
use nottario::db::Database;
use nottario::identity::User;
use nottario::identity::links::{self, Whom};
use nottario::mcp;

use crate::chrome::{Chrome, Tab};
use crate::world::{OPERATOR, SESSION_KEY, World};

/// A server on a database of its own, and a browser.
pub(crate) struct Site {
    pub(crate) world: World,
    chrome: Chrome,
    running: Running,
}

impl Site {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts one with these settings besides the usual ones.
    pub(crate) async fn with(settings: &[(&'static str, String)]) -> Self {
        let world = World::new().await;
        let config = Config::read(&|name| match name {
            "HTTP_ADDR" => Some(":0".to_owned()),
            "NOTTARIO_DATA_DIR" => Some("unused".to_owned()),
            "SESSION_KEY" => Some(STANDARD.encode(SESSION_KEY)),
            _ => settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
        })
        .unwrap();
        let database = Database::with_pool(world.pool_of(20));
        let limits = Limits { agents: mcp::limits::Limits::lifted(), ..Limits::default() };
        let running = App::start(config, database, limits).await.unwrap();
        Self { world, chrome: Chrome::start().await, running }
    }

    /// A tab in which nobody is signed in.
    pub(crate) async fn tab(&self) -> Tab {
        self.chrome.tab(&self.running.url()).await
    }

    /// A tab in which a person is signed in.
    pub(crate) async fn tab_of(&self, person: &User) -> Tab {
        let secret = self.world.sign_in(person).await;
        let tab = self.tab().await;
        tab.keep("nottario_session", secret.expose()).await;
        tab
    }

    /// A fresh one-time sign-in link of the administrator's, as a path.
    pub(crate) async fn link(&self) -> String {
        let whom = Whom::Person(self.world.admin.login.parse().unwrap());
        let mut db = self.world.db().await;
        let link = links::issue(&mut db, OPERATOR(), &whom, chrono::Utc::now()).await.unwrap();
        format!("/login/local?key={}", link.secret.expose())
    }

    /// Stops both.
    pub(crate) async fn stop(self) {
        self.chrome.stop().await;
        self.running.stop().await;
    }
}
