//! A repeated call has one effect, however many repeat it and wherever the first one broke off.

use std::sync::Arc;

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::host::eventually;
use super::ledger::{number, rows};
use super::logbook;
use super::scene::{Scene, Stage, mutations, stage, with};
use super::wire::{Reply, Request, Wire};
use crate::cluster;
use crate::world::patient_pool;

const DUPLICATES: usize = 100;

fn slug(tool: &str, which: &str) -> String {
    format!("{}-{which}", tool.replace(['.', '_'], "-"))
}

/// What one undisturbed call leaves behind.
async fn traces_of_one(pool: &PgPool, stage: &Stage, tool: &str) -> Vec<String> {
    let twin = Scene::new(pool, stage, &slug(tool, "twin")).await;
    let before = twin.traces(pool).await;
    let arguments = with(twin.arguments(tool), "idempotency_key", json!("key"));
    twin.wire().call(tool, &arguments).await.answer();
    let after = twin.traces(pool).await;
    assert_ne!(before, after, "{tool} leaves no trace");
    after
}

/// Calls again while the machine is too busy.
async fn insist(wire: &mut Wire, tool: &str, arguments: &Value) -> Reply {
    loop {
        match wire.call(tool, arguments).await {
            Reply::TurnedAway(503, _) => {}
            Reply::Refused(text) if logbook::is_overload(&text) => {}
            reply => return reply,
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_hundred_duplicates_at_once_have_one_effect_and_one_answer() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let stage = stage(&database, patient_pool(&database, 20)).await;

    for tool in mutations() {
        let expected = traces_of_one(pool, &stage, tool).await;
        let scene = Scene::new(pool, &stage, &slug(tool, "crowd")).await;
        let arguments = with(scene.arguments(tool), "idempotency_key", json!("key"));
        let at_once = Arc::new(Barrier::new(DUPLICATES));
        let mut calls = JoinSet::new();
        for _ in 0..DUPLICATES {
            let (mut wire, arguments, at_once) =
                (scene.wire(), arguments.clone(), Arc::clone(&at_once));
            calls.spawn(async move {
                at_once.wait().await;
                insist(&mut wire, tool, &arguments).await
            });
        }
        let answers = calls.join_all().await;

        let first = answers[0].clone().answer();
        for answer in answers {
            assert_eq!(answer.answer(), first, "{tool}");
        }
        assert_eq!(scene.traces(pool).await, expected, "{tool}");
    }
}

#[tokio::test]
async fn a_key_with_other_arguments_or_for_another_tool_is_refused() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let stage = stage(&database, patient_pool(&database, 4)).await;

    for tool in mutations() {
        let scene = Scene::new(pool, &stage, &slug(tool, "other")).await;
        let key = json!("key");
        let mut wire = scene.wire();
        wire.call(tool, &with(scene.arguments(tool), "idempotency_key", key.clone()))
            .await
            .answer();
        let before = scene.traces(pool).await;

        // Every tool but one takes other arguments than these two do.
        for (other, changed) in [
            ("tasks.create", json!({ "title": "another" })),
            ("tasks.add_comment", with(scene.arguments("tasks.add_comment"), "body", json!("!"))),
        ] {
            let said = wire.call(other, &with(changed, "idempotency_key", key.clone())).await;
            let said = said.refusal();
            assert!(said.starts_with("invalid: idempotency_key"), "{tool}, {other}: {said}");
            assert!(said.contains(tool), "{said}");
        }
        assert_eq!(scene.traces(pool).await, before, "{tool}");
    }
}

#[tokio::test]
async fn a_call_cut_off_anywhere_and_sent_again_has_one_effect() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let stage = stage(&database, patient_pool(&database, 8)).await;

    for tool in mutations() {
        let expected = traces_of_one(pool, &stage, tool).await;
        let scene = Scene::new(pool, &stage, &slug(tool, "cut")).await;
        let before = scene.traces(pool).await;
        let arguments = with(scene.arguments(tool), "idempotency_key", json!("key"));
        let mut wire = scene.wire();
        let length = Request::new(stage.address, "", tool, &arguments).body.len();

        for bytes in [0, length / 2, length - 1] {
            drop(wire.begin(tool, &arguments, bytes).await);
        }
        assert_eq!(scene.traces(pool).await, before, "{tool} began before all of it had come");
        for _ in 0..3 {
            drop(wire.begin(tool, &arguments, length).await);
        }
        let first = wire.call(tool, &arguments).await.answer();
        let again = wire.call(tool, &arguments).await.answer();

        assert_eq!(first, again, "{tool}");
        assert_eq!(scene.traces(pool).await, expected, "{tool}");
    }
}

#[tokio::test]
async fn a_call_whose_caller_goes_away_runs_to_its_end() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let stage = stage(&database, patient_pool(&database, 8)).await;
    let expected = traces_of_one(pool, &stage, "tasks.close").await;
    let scene = Scene::new(pool, &stage, "gone").await;
    let arguments = with(scene.arguments("tasks.close"), "idempotency_key", json!("key"));
    let body = Request::new(stage.address, "", "tasks.close", &arguments).body.len();

    // Somebody else has the task's row, so that the call is in the middle when its caller goes.
    let mut somebody = pool.begin().await.unwrap();
    sqlx::raw_sql("select from tasks for update").execute(&mut *somebody).await.unwrap();
    let caller = scene.wire().begin("tasks.close", &arguments, body).await;
    eventually("the call waits for the row", async || {
        let waiting = "select count(*) from pg_stat_activity \
                       where datname = current_database() and wait_event_type = 'Lock'";
        number(pool, waiting).await > 0
    })
    .await;
    drop(caller);
    somebody.rollback().await.unwrap();
    stage.calls.close();
    stage.calls.wait().await;

    assert_eq!(scene.traces(pool).await, expected);
}

#[tokio::test]
async fn keys_of_different_tokens_do_not_meet() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let stage = stage(&database, patient_pool(&database, 4)).await;
    let one = Scene::new(pool, &stage, "one").await;
    let two = Scene::new(pool, &stage, "two").await;
    let arguments = json!({ "title": "mine", "idempotency_key": Uuid::nil() });

    let first = one.wire().call("tasks.create", &arguments).await.answer();
    let second = two.wire().call("tasks.create", &arguments).await.answer();

    assert_ne!(first["id"], second["id"]);
    assert_ne!(one.token(), two.token());
    assert_eq!(rows(pool, "select from tasks where title = 'mine'").await.len(), 2);
}
