//! The pages, in a real Chromium: what people see, click and type.
//!
//! A real server on a real database; nothing is mocked. `scripts/setup-browser.sh` installs the
//! browser. Without it every test is skipped with a line on standard error; with
//! `NOTTARIO_REQUIRE_BROWSER` set, that is a failure.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../it/cluster.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod cluster;
#[path = "../it/fake_github.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod fake_github;
#[path = "../it/served.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod served;
#[path = "../it/world.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod world;

mod admin;
mod chrome;
mod injection;
mod own;
mod pages;
mod settings;
mod sign_in;
mod site;
