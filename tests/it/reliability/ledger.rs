//! The oracle: what agents were told, held against what the database recorded.
//!
//! Two independent accounts of who held a task when: the events in the order of their positions,
//! and the receipts by the agents' own clock. In neither may a task have two holders, and the two
//! have to agree fact by fact.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use nottario::access::ProjectScope;
use nottario::tasks;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use uuid::Uuid;

/// Something an agent did to a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Deed {
    Created,
    Claimed { claim: Uuid },
    Noted { note: String },
    Commented { comment: Uuid },
    Linked { sha: String },
    Released { claim: Uuid },
    Closed { claim: Uuid },
    Reopened,
}

/// A deed, the token that did it, and the key of the task it was done to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fact {
    pub(super) token: Uuid,
    pub(super) task: String,
    pub(super) deed: Deed,
}

/// What an agent keeps of a call that was answered.
#[derive(Clone, Debug)]
pub(super) struct Receipt {
    pub(super) fact: Fact,
    /// The claim that this deed ended, by giving it back, finishing, or taking the task over.
    pub(super) ended: Option<Uuid>,
    pub(super) sent: Instant,
    pub(super) answered: Instant,
}

/// One row of the record.
struct Event {
    kind: String,
    token: Option<Uuid>,
    task: String,
    is_feature: bool,
    data: Value,
}

/// Holds the receipts against the record, once nothing is under way any more and every event has
/// its position.
pub(super) async fn audit(pool: &PgPool, scope: &ProjectScope, receipts: &[Receipt]) {
    let events = read_events(pool).await;
    no_task_has_two_holders_in_the_record(pool, &events).await;
    no_task_has_two_holders_in_the_receipts(receipts);
    the_accounts_agree(&events, receipts);
    the_comments_are_there(pool, receipts).await;

    let mut db = pool.acquire().await.unwrap();
    let drift = tasks::drift(&mut db, scope).await.unwrap();
    assert!(drift.is_empty(), "{drift:?}");
    let inconsistencies = tasks::inconsistencies(&mut db, scope).await.unwrap();
    assert!(inconsistencies.is_empty(), "{inconsistencies:?}");
}

/// Reads the record in its order, after having seen that its order has no gap.
async fn read_events(pool: &PgPool) -> Vec<Event> {
    let waiting = number(pool, "select count(*) from event_outbox").await;
    assert_eq!(waiting, 0, "events without a position");
    let gaps = number(pool, "select coalesce(max(position), 0) - count(*) from events").await;
    assert_eq!(gaps, 0, "positions are not dense");

    let sql = "select e.kind, e.actor_token_id, p.key || '-' || t.number, t.type = 'feature', e.data \
               from events e \
               join tasks t on t.project_id = e.project_id and t.id = e.subject_id \
               join projects p on p.id = e.project_id \
               where e.subject_kind = 'task' \
               order by e.position";
    rows(pool, sql)
        .await
        .iter()
        .map(|row| Event {
            kind: row.get(0),
            token: row.get(1),
            task: row.get(2),
            is_feature: row.get(3),
            data: row.get(4),
        })
        .collect()
}

/// Plays the record back; in the end it has to arrive at the present holders and states.
async fn no_task_has_two_holders_in_the_record(pool: &PgPool, events: &[Event]) {
    let mut held: HashMap<&str, (Uuid, Option<Uuid>)> = HashMap::new();
    let mut closed: HashSet<&str> = HashSet::new();
    for event in events {
        let task = event.task.as_str();
        let claim = uuid(&event.data["claim_id"]);
        match event.kind.as_str() {
            "task.claimed" => {
                let now = (claim.unwrap(), event.token);
                let before = held.insert(task, now);
                let handed_over = uuid(&event.data["taken_over_from"]["claim_id"]);
                assert_eq!(before.map(|before| before.0), handed_over, "{task} has two holders");
                assert!(!closed.contains(task), "{task} was claimed while it was closed");
            }
            "task.released" => {
                assert_eq!(held.remove(task), Some((claim.unwrap(), event.token)), "{task}");
            }
            "claim.expired" => {
                let holder = uuid(&event.data["token_id"]);
                assert_eq!(held.remove(task), Some((claim.unwrap(), holder)), "{task}");
            }
            "task.closed" => {
                if let Some((held_claim, holder)) = held.remove(task) {
                    assert_eq!(holder, event.token, "{task} was closed by somebody else");
                    assert!(claim.is_none_or(|claim| claim == held_claim), "{task}");
                }
                assert!(closed.insert(task), "{task} was closed twice");
            }
            "task.reopened" => assert!(closed.remove(task), "{task} was reopened while open"),
            _ => {}
        }
    }

    let sql = "select p.key || '-' || t.number, t.claim_id, t.closed_at is not null \
               from tasks t join projects p on p.id = t.project_id";
    for row in rows(pool, sql).await {
        let task: String = row.get(0);
        let claim: Option<Uuid> = row.get(1);
        assert_eq!(held.get(task.as_str()).map(|held| held.0), claim, "the holder of {task}");
        assert_eq!(closed.contains(task.as_str()), row.get::<bool, _>(2), "the state of {task}");
    }
}

/// An agent holds a task for certain from the answer to its claim until it sends what ends it.
fn no_task_has_two_holders_in_the_receipts(receipts: &[Receipt]) {
    let ends: HashMap<Uuid, Instant> =
        receipts.iter().filter_map(|receipt| Some((receipt.ended?, receipt.sent))).collect();
    let mut holds: BTreeMap<&str, Vec<(Instant, Option<Instant>)>> = BTreeMap::new();
    for receipt in receipts {
        if let Deed::Claimed { claim } = receipt.fact.deed {
            let hold = (receipt.answered, ends.get(&claim).copied());
            holds.entry(&receipt.fact.task).or_default().push(hold);
        }
    }
    for (task, mut holds) in holds {
        holds.sort();
        for pair in holds.windows(2) {
            let is_apart = pair[0].1.is_some_and(|end| end <= pair[1].0);
            assert!(is_apart, "{task} was held by two at once: {pair:?}");
        }
    }
}

/// Every receipt has its event, and every event of an agent has its receipt.
fn the_accounts_agree(events: &[Event], receipts: &[Receipt]) {
    let told = counted(receipts.iter().map(|receipt| receipt.fact.clone()));
    let recorded = counted(recorded(events).into_iter());
    let lost: Vec<_> = told.iter().filter(|(fact, n)| recorded.get(fact) != Some(n)).collect();
    let untold: Vec<_> = recorded.iter().filter(|(fact, n)| told.get(fact) != Some(n)).collect();
    assert!(lost.is_empty() && untold.is_empty(), "lost: {lost:?}\nnobody was told: {untold:?}");
}

fn counted(facts: impl Iterator<Item = Fact>) -> BTreeMap<Fact, u32> {
    let mut counts = BTreeMap::new();
    for fact in facts {
        *counts.entry(fact).or_default() += 1;
    }
    counts
}

/// The facts in the record that agents brought about themselves, and not as a consequence.
fn recorded(events: &[Event]) -> Vec<Fact> {
    // A release's reason becomes a comment, whose id its answer does not name.
    let reasons: HashSet<Uuid> = events
        .iter()
        .filter(|event| event.kind == "task.released")
        .filter_map(|event| uuid(&event.data["comment_id"]))
        .collect();
    events
        .iter()
        // Agents plan features, whose answer names the children; they close and reopen by themselves.
        .filter(|event| !(event.is_feature && event.kind.starts_with("task.")))
        .filter_map(|event| {
            let claim = uuid(&event.data["claim_id"]);
            let text = |name: &str| event.data[name].as_str().unwrap().to_owned();
            let deed = match event.kind.as_str() {
                "task.created" => Deed::Created,
                "task.claimed" => Deed::Claimed { claim: claim? },
                "task.progress" => Deed::Noted { note: text("note") },
                "comment.added" => {
                    let comment = uuid(&event.data["comment_id"])?;
                    if reasons.contains(&comment) {
                        return None;
                    }
                    Deed::Commented { comment }
                }
                "commit.linked" => Deed::Linked { sha: text("sha") },
                "task.released" => Deed::Released { claim: claim? },
                "task.closed" => Deed::Closed { claim: claim? },
                "task.reopened" => Deed::Reopened,
                _ => return None,
            };
            Some(Fact { token: event.token?, task: event.task.clone(), deed })
        })
        .collect()
}

async fn the_comments_are_there(pool: &PgPool, receipts: &[Receipt]) {
    let stored: HashSet<Uuid> =
        rows(pool, "select id from task_comments").await.iter().map(|row| row.get(0)).collect();
    for receipt in receipts {
        if let Deed::Commented { comment } = receipt.fact.deed {
            assert!(stored.contains(&comment), "{receipt:?}");
        }
    }
}

fn uuid(value: &Value) -> Option<Uuid> {
    value.as_str().map(|text| text.parse().unwrap())
}

/// The one number that a statement answers.
pub(super) async fn number(pool: &PgPool, sql: &str) -> i64 {
    rows(pool, sql).await[0].get(0)
}

/// The rows that a statement answers.
pub(super) async fn rows(pool: &PgPool, sql: &str) -> Vec<sqlx::postgres::PgRow> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(pool).await.unwrap()
}
