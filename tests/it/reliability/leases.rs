//! A dead agent's task comes back, once, and the agent that was not dead learns that it is late.

use std::net::SocketAddr;

use chrono::DateTime;
use futures_util::future::join;
use nottario::access::enter_as_system;
use nottario::jobs::{self, Sweep};
use nottario::tasks;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::agent::code;
use super::crew::{Badge, Crew, muster};
use super::host::{eventually, host, until_numbered};
use super::ledger::number;
use super::wire::Wire;
use crate::cluster;

/// Orders a sweep at once; ticks of the schedule itself are never this old.
async fn sweep(pool: &PgPool, nth: i64) {
    let at = DateTime::from_timestamp(nth, 0).unwrap();
    assert!(jobs::tick::<Sweep>(pool, at).await.unwrap());
}

/// Makes every lease run out.
async fn let_leases_lapse(pool: &PgPool) {
    let lapse = "update tasks set lease_expires_at = now() - interval '1 second' \
                 where claim_id is not null";
    sqlx::raw_sql(lapse).execute(pool).await.unwrap();
}

async fn claim(address: SocketAddr, badge: &Badge) -> (Wire, Value) {
    let mut wire = Wire::new(address, &badge.secret);
    let claimed = wire.call("tasks.claim_next", &json!({})).await.answer();
    let named = json!({
        "task_id": claimed["task"]["key"], "claim_id": claimed["claim"]["claim_id"],
    });
    (wire, named)
}

async fn is_held(pool: &PgPool) -> bool {
    number(pool, "select count(*) from tasks where claim_id is not null").await > 0
}

async fn expired(pool: &PgPool) -> i64 {
    number(pool, "select count(*) from events where kind = 'claim.expired'").await
}

#[tokio::test]
async fn a_dead_agents_task_comes_back_across_a_restart_and_late_writes_are_refused() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let crew = muster(pool, "lease", 2, 1).await;
    let first = host(&database).await;
    let (mut late, named) = claim(first.address, &crew.badges[0]).await;
    let comment = json!({ "task_id": named["task_id"], "body": "I have begun" });
    late.call("tasks.add_comment", &comment).await.answer();
    first.stop().await;
    let second = host(&database).await;
    late.turn_to(second.address);
    late.call("tasks.heartbeat", &named).await.answer();

    let_leases_lapse(pool).await;
    sweep(pool, 1).await;
    eventually("the sweep ends the claim", async || !is_held(pool).await).await;
    until_numbered(pool).await;
    every_late_write_is_refused(&mut late, &named).await;
    let (_, taken) = claim(second.address, &crew.badges[1]).await;
    every_late_write_is_refused(&mut late, &named).await;

    assert_eq!(taken["task_id"], named["task_id"]);
    assert_ne!(taken["claim_id"], named["claim_id"]);
    assert_eq!(expired(pool).await, 1);
    assert_eq!(number(pool, "select count(*) from task_comments").await, 1);
    let holder = "select count(*) from tasks where claim_id is not null and state = 'doing'";
    assert_eq!(number(pool, holder).await, 1);
    second.stop().await;
}

/// None of the writes that name the claim gets through.
async fn every_late_write_is_refused(late: &mut Wire, named: &Value) {
    for (tool, more) in [
        ("tasks.heartbeat", json!({ "note": "still at it" })),
        ("tasks.close", json!({ "comment": "done", "state": "done" })),
        ("tasks.release", json!({ "reason": "no more" })),
        ("tasks.claim", json!({})),
        ("tasks.claim", json!({ "take_over": true })),
        ("tasks.set_state", json!({ "state": "done" })),
        ("tasks.set_state", json!({ "state": "todo" })),
    ] {
        let mut arguments = named.clone();
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let said = late.call(tool, &arguments).await.refusal();
        assert_eq!(code(&said), "lost_claim", "{tool} {arguments}: {said}");
    }
}

#[tokio::test]
async fn two_processes_that_sweep_end_each_claim_once() {
    const CLAIMS: usize = 40;
    let database = cluster::database().await;
    let pool = &database.pool;
    let crew = muster(pool, "sweepers", CLAIMS, CLAIMS).await;
    let (one, other) = join(host(&database), host(&database)).await;
    for badge in &crew.badges {
        claim(one.address, badge).await;
    }

    let_leases_lapse(pool).await;
    for nth in 0..6 {
        sweep(pool, nth).await;
    }
    eventually("the sweeps end the claims", async || !is_held(pool).await).await;
    eventually("every sweep is over", async || {
        let open = "select count(*) from apalis.jobs \
                    where job_type = 'lease-sweep' and status <> 'Done'";
        number(pool, open).await == 0
    })
    .await;
    until_numbered(pool).await;

    let ended = "select count(distinct data ->> 'claim_id') from events \
                 where kind = 'claim.expired'";
    assert_eq!(number(pool, ended).await, i64::try_from(CLAIMS).unwrap());
    assert_eq!(expired(pool).await, i64::try_from(CLAIMS).unwrap());
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_holder_who_is_just_renewing_keeps_its_task() {
    let database = cluster::database().await;
    let pool = &database.pool;
    let Crew { owner, badges, .. } = muster(pool, "renewing", 1, 1).await;
    let running = host(&database).await;
    let (_, named) = claim(running.address, &badges[0]).await;
    running.stop().await;
    let_leases_lapse(pool).await;

    let mut renewing = pool.begin().await.unwrap();
    let renew = "update tasks set lease_expires_at = now() + interval '1 hour'";
    sqlx::raw_sql(renew).execute(&mut *renewing).await.unwrap();
    let mut sweeping = pool.begin().await.unwrap();
    let system = enter_as_system(&mut sweeping, owner.project()).await.unwrap();
    let ended = tasks::expire_claims(&mut sweeping, &system, 100).await.unwrap();
    sweeping.commit().await.unwrap();
    renewing.commit().await.unwrap();
    let mut again = pool.begin().await.unwrap();
    let ended_later = tasks::expire_claims(&mut again, &system, 100).await.unwrap();

    assert_eq!((ended, ended_later), (0, 0));
    assert!(named["claim_id"].as_str().unwrap().parse::<Uuid>().is_ok());
    assert!(is_held(pool).await);
}
