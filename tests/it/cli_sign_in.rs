//! One-time links, as the operator gets them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use chrono::Utc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use nottario::identity::users::{self, NewUser};
use nottario::identity::{LinkSecret, User, links};
use sqlx::PgConnection;

use crate::cluster::{self, TestDatabase};
use crate::server::{answer, complaint, nottario, run};
use crate::world::OPERATOR;

/// Uses a printed link, and says whom it signs in.
async fn redeem(database: &TestDatabase, link: &str) -> Option<User> {
    let (_, key) = link.split_once("/login/local?key=").unwrap_or_else(|| panic!("{link}"));
    let secret = LinkSecret::parse(key.trim_end()).unwrap();
    let mut db = database.pool.acquire().await.unwrap();
    links::redeem(&mut db, &secret, Utc::now()).await.unwrap()
}

async fn make_user(db: &mut PgConnection, login: &str) {
    let new = NewUser { login: login.parse().unwrap(), display_name: None };
    users::create(db, OPERATOR(), &new).await.unwrap();
}

#[tokio::test]
async fn a_link_is_printed_alone_and_signs_in() {
    let database = cluster::database().await;
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str()), ("HTTP_ADDR", ":8081"), ("USER", "olga")];

    let printed = run(&["login-link"], &environment);

    assert_eq!(printed.status.code(), Some(0), "{}", complaint(&printed));
    let link = answer(&printed);
    assert_eq!(link.lines().count(), 1, "{link}");
    assert!(link.starts_with("http://localhost:8081/login/local?key="), "{link}");
    let olga = redeem(&database, &link).await.unwrap();
    assert_eq!((olga.login.as_str(), olga.is_admin), ("olga", true));
}

#[tokio::test]
async fn a_link_is_for_the_first_admin_or_for_whom_it_is_asked() {
    let database = cluster::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    make_user(&mut db, "ana").await;
    make_user(&mut db, "ben").await;
    let url = database.url();
    // Where nothing fits for a login, nobody is made: there is an administrator.
    let environment = [("DATABASE_URL", url.as_str()), ("USER", "not a login")];

    let for_admin = run(&["login-link"], &environment);
    let for_ben = run(&["login-link", "--user", "ben"], &environment);
    let for_nobody = run(&["login-link", "--user", "nobody"], &environment);

    assert_eq!(redeem(&database, &answer(&for_admin)).await.unwrap().login, "ana");
    assert_eq!(redeem(&database, &answer(&for_ben)).await.unwrap().login, "ben");
    assert_eq!(for_nobody.status.code(), Some(2));
    assert_eq!(answer(&for_nobody), "");
    assert_eq!(complaint(&for_nobody).lines().count(), 1, "{}", complaint(&for_nobody));
}

#[tokio::test]
async fn where_github_signs_people_in_there_are_no_links() {
    let database = cluster::database().await;
    let url = database.url();
    let environment = [
        ("DATABASE_URL", url.as_str()),
        ("GITHUB_OAUTH_CLIENT_ID", "client"),
        ("GITHUB_OAUTH_CLIENT_SECRET", "secret"),
    ];

    let refused = run(&["login-link"], &environment);

    assert_eq!(refused.status.code(), Some(2));
    assert!(complaint(&refused).contains("/login"), "{}", complaint(&refused));
    assert_eq!(answer(&refused), "");
    let mut db = database.pool.acquire().await.unwrap();
    assert!(users::list(&mut db, OPERATOR()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_prints_a_link_when_it_starts_and_logs_none_of_it() {
    let database = cluster::database().await;
    let url = database.url();
    let folder = cluster::scratch_folder();
    let log = folder.path().join("log");
    let mut child = nottario(&["serve"], &[("DATABASE_URL", &url), ("RUST_LOG", "trace")])
        .stdout(Stdio::piped())
        .stderr(Stdio::from(fs::File::create(&log).unwrap()))
        .spawn()
        .unwrap();

    let mut printed = String::new();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    tokio::task::block_in_place(|| said.read_line(&mut printed)).unwrap();
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));

    let (_, key) = printed.trim_end().split_once("key=").unwrap_or_else(|| panic!("{printed}"));
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("ready") && !logged.contains(key), "{logged}");
    let admin = redeem(&database, &printed).await.unwrap();
    assert_eq!((admin.login.as_str(), admin.is_admin), ("admin", true));
}
