//! The record of changes: numbered without holes, read without gaps, waited for without polling.

use std::collections::{BTreeSet, HashMap};

use nottario::access::ProjectScope;
use nottario::error::Error;
use nottario::events::{
    self, Change, Cursor, Drained, EventKind, Header, Listener, News, Page, Query, Relay, Subject,
    Subscription,
};
use nottario::identity::tokens;
use nottario::ids::TaskId;
use nottario::projects;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::world::{PATIENCE, World};

async fn record(db: &mut PgConnection, scope: &ProjectScope, data: serde_json::Value) -> TaskId {
    let task = TaskId::fresh();
    let change = Change::new(EventKind::TaskCreated, Subject::Task(task), data);
    events::record(db, scope, change).await.unwrap();
    task
}

async fn read(world: &World, scope: &ProjectScope, query: Query) -> Result<Page, Error> {
    events::since(&mut *world.db().await, scope, &query).await
}

fn after(cursor: Cursor) -> Query {
    Query { cursor: Some(cursor), limit: Some(500), ..Query::default() }
}

fn ids(page: &Page) -> Vec<i64> {
    page.events.iter().map(|event| event.id).collect()
}

/// The next event in the feed about this thing.
async fn heard(news: &mut Subscription, subject: TaskId) -> Header {
    timeout(PATIENCE, async {
        loop {
            match news.next().await.expect("the feed goes on") {
                News::Event(header) if header.subject == subject.uuid() => {
                    return (*header).clone();
                }
                _ => {}
            }
        }
    })
    .await
    .expect("the event was not heard")
}

#[tokio::test]
async fn an_event_that_is_committed_late_gets_a_late_position_and_is_read() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let start = world.events(&atlas.scope).await.cursor;
    let mut slow = world.pool.begin().await.unwrap();
    let mut quick = world.pool.begin().await.unwrap();
    let late = record(&mut slow, &atlas.scope, json!({})).await;
    let early = record(&mut quick, &atlas.scope, json!({})).await;

    quick.commit().await.unwrap();
    world.relay().await;
    let first = read(&world, &atlas.scope, after(start)).await.unwrap();
    slow.commit().await.unwrap();
    world.relay().await;
    let second = read(&world, &atlas.scope, after(first.cursor)).await.unwrap();

    let subjects = |page: &Page| -> Vec<_> { page.events.iter().map(|e| e.subject.id).collect() };
    assert_eq!(subjects(&first), [early.uuid()]);
    assert_eq!(subjects(&second), [late.uuid()]);
    assert_eq!(ids(&second)[0], ids(&first)[0] + 1);
}

#[tokio::test]
async fn four_relays_and_thirty_two_writers_leave_no_hole_and_no_double() {
    const WRITERS: usize = 32;
    const EACH: usize = 20;
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let start = world.events(&atlas.scope).await.cursor;
    let crowd = world.pool_of(40);
    let stop = CancellationToken::new();

    let mut relays = tokio::task::JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..4 {
        let relay = Relay::new(world.pool_of(2));
        handles.push(relay.handle());
        relays.spawn(relay.run(stop.clone()));
    }
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let (crowd, scope) = (crowd.clone(), atlas.scope.clone());
        let handle = handles[writer % handles.len()].clone();
        writers.spawn(async move {
            for nth in 0..EACH {
                let mut tx = crowd.begin().await.unwrap();
                record(&mut tx, &scope, json!({ "writer": writer, "nth": nth })).await;
                // Lets others commit between our event and our commit.
                tokio::task::yield_now().await;
                tx.commit().await.unwrap();
                handle.wake();
            }
        });
    }
    // A reader that remembers nothing but the cursor, while everybody writes.
    let mut seen = Vec::new();
    let mut cursor = start;
    timeout(PATIENCE, async {
        while seen.len() < WRITERS * EACH {
            let page = read(&world, &atlas.scope, after(cursor)).await.unwrap();
            cursor = page.cursor;
            seen.extend(page.events);
        }
    })
    .await
    .expect("events were skipped");
    writers.join_all().await;
    stop.cancel();
    relays.join_all().await;

    let positions: Vec<_> = seen.iter().map(|event| event.id).collect();
    let first = start.position() + 1;
    let dense: Vec<_> = (first..).take(WRITERS * EACH).collect();
    assert_eq!(positions, dense);
    let mut order: HashMap<u64, u64> = HashMap::new();
    for event in &seen {
        let next = order.entry(event.data["writer"].as_u64().unwrap()).or_default();
        assert_eq!(event.data["nth"].as_u64(), Some(*next), "a writer's events keep their order");
        *next += 1;
    }
    assert_eq!(world.number("select count(*) from event_outbox").await, 0);
}

#[tokio::test]
async fn a_backlog_longer_than_a_batch_is_numbered_whole() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    world
        .run(format!(
            "insert into event_outbox (project_id, kind, subject_kind, subject_id)
             select '{}', 'task.created', 'task', gen_random_uuid() from generate_series(1, 2500)",
            atlas.id
        ))
        .await;

    let drained = events::drain(&world.pool).await.unwrap();

    // One is the project's own.
    assert_eq!(drained, Drained::All(2501));
    assert_eq!(world.number("select max(position) from events").await, 2501);
    assert_eq!(world.number("select count(distinct position) from events").await, 2501);
    assert_eq!(events::drain(&world.pool).await.unwrap(), Drained::All(0));
}

#[tokio::test]
async fn a_position_is_never_given_twice() {
    let world = World::new().await;
    let (atlas, doomed) = (world.project("atlas").await, world.project("doomed").await);
    world.relay().await;
    let before = world.events(&doomed.scope).await.cursor;
    world.run(format!("delete from projects where id = '{}'", doomed.id)).await;

    let mut db = world.db().await;
    record(&mut db, &atlas.scope, json!({})).await;
    let page = world.events(&atlas.scope).await;

    assert_eq!(page.events.last().unwrap().id, before.position() + 1);
}

#[tokio::test]
async fn the_relay_numbers_after_a_wake_and_the_feed_hears_of_it() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let stop = CancellationToken::new();
    let relay = Relay::new(world.pool.clone());
    let handle = relay.handle();
    let (listener, feed) = Listener::start(world.pool.clone(), world.pool.clone()).await.unwrap();
    let running = [tokio::spawn(relay.run(stop.clone())), tokio::spawn(listener.run(stop.clone()))];
    let mut news = feed.subscribe();

    let task = TaskId::fresh();
    atlas.record(EventKind::TaskClosed, task).await;
    handle.wake();
    let header = heard(&mut news, task).await;

    assert_eq!((header.project, header.kind.as_str()), (atlas.id, "task.closed"));
    stop.cancel();
    for task in running {
        timeout(PATIENCE, task).await.unwrap().unwrap();
    }
    while news.next().await.is_some() {}
    assert_eq!(feed.subscribe().next().await, None, "a feed ends with its listener");
}

#[tokio::test]
async fn a_listener_that_lost_its_connection_misses_nothing() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    world.relay().await;
    let stop = CancellationToken::new();
    let direct = world.pool_of(1);
    let (listener, feed) = Listener::start(direct, world.pool.clone()).await.unwrap();
    let mut news = feed.subscribe();
    let running = tokio::spawn(listener.run(stop.clone()));
    let backend = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                   where datname = current_database() and query like 'LISTEN%'";

    let mut positions = Vec::new();
    for _ in 0..3 {
        let before = TaskId::fresh();
        atlas.record(EventKind::TaskCreated, before).await;
        world.relay().await;
        positions.push(heard(&mut news, before).await.position);

        assert_eq!(world.number(backend).await, 1, "the listener's connection is ended");
        let during = TaskId::fresh();
        atlas.record(EventKind::TaskCreated, during).await;
        world.relay().await;
        positions.push(heard(&mut news, during).await.position);
    }

    let dense: Vec<_> = (positions[0]..).take(6).collect();
    assert_eq!(positions, dense);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_of_the_gap() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let stop = CancellationToken::new();
    let (listener, feed) = Listener::start(world.pool.clone(), world.pool.clone()).await.unwrap();
    let (mut slow, mut quick) = (feed.subscribe(), feed.subscribe());
    let running = tokio::spawn(listener.run(stop.clone()));
    world
        .run(format!(
            "insert into event_outbox (project_id, kind, subject_kind, subject_id)
             select '{}', 'task.created', 'task', gen_random_uuid() from generate_series(1, 6000)",
            atlas.id
        ))
        .await;
    let last = TaskId::fresh();
    atlas.record(EventKind::TaskCreated, last).await;
    world.relay().await;
    heard(&mut quick, last).await;

    assert_eq!(slow.next().await, Some(News::Gap));
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn since_answers_what_is_asked_for_and_where_to_read_on() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let bot = atlas.agent("bot").await;
    let mut db = world.db().await;
    let start = world.events(&atlas.scope).await.cursor;
    let mut tasks = Vec::new();
    for _ in 0..3 {
        tasks.push(record(&mut db, &bot.scope, json!({ "a": 1 })).await);
        record(&mut db, &other.scope, json!({ "secret": true })).await;
    }
    atlas.record(EventKind::TaskClosed, tasks[1]).await;
    world.relay().await;
    let all = read(&world, &atlas.scope, after(start)).await.unwrap();
    assert_eq!(all.events.len(), 4, "nothing of the other project");

    // In pages of two.
    let page = |cursor| Query { limit: Some(2), ..after(cursor) };
    let first = read(&world, &atlas.scope, page(start)).await.unwrap();
    let second = read(&world, &atlas.scope, page(first.cursor)).await.unwrap();
    let third = read(&world, &atlas.scope, page(second.cursor)).await.unwrap();
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&all));
    assert_eq!(first.cursor.position(), ids(&first)[1]);
    assert!(third.events.is_empty());
    assert_eq!(third.cursor, all.cursor);

    // By kind and by task; the cursor passes what did not match.
    let closed = Query { kinds: Some(vec![EventKind::TaskClosed]), ..after(start) };
    let closed = read(&world, &atlas.scope, closed).await.unwrap();
    let of_task = Query { task: Some(tasks[1]), ..after(start) };
    let of_task = read(&world, &atlas.scope, of_task).await.unwrap();
    assert_eq!(ids(&closed), [ids(&all)[3]]);
    assert_eq!(ids(&of_task), [ids(&all)[1], ids(&all)[3]]);
    assert_eq!(closed.cursor, all.cursor);

    // Without a cursor: the newest.
    let newest = Query { limit: Some(2), ..Query::default() };
    let newest = read(&world, &atlas.scope, newest).await.unwrap();
    assert_eq!(ids(&newest), ids(&all)[2..]);
    assert_eq!(newest.cursor, all.cursor);

    let actor = all.events[0].actor.as_ref().unwrap();
    assert_eq!((actor.user.as_str(), actor.token.as_deref()), ("admin", Some("bot")));
    assert_eq!(all.events[3].actor.as_ref().unwrap().token, None);
    assert_eq!(all.events[0].data, json!({ "a": 1 }));
}

#[tokio::test]
async fn a_cursor_nobody_was_given_is_refused() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;

    let ahead = read(&world, &atlas.scope, after(Cursor::after(1_000_000))).await;
    let too_many = read(&world, &atlas.scope, Query { limit: Some(501), ..Query::default() }).await;

    assert!(matches!(ahead, Err(Error::Invalid { field, .. }) if field == "cursor"));
    assert!(matches!(too_many, Err(Error::Invalid { field, .. }) if field == "limit"));
    let parse = serde_json::from_value::<Cursor>;
    assert_eq!(parse(json!("7")).unwrap(), Cursor::after(7));
    for broken in [json!(""), json!("-1"), json!("x"), json!(7), json!(null)] {
        assert!(parse(broken).is_err());
    }
}

/// A listener that runs until the test ends.
async fn listening(world: &World) -> events::Feed {
    let (listener, feed) = Listener::start(world.pool_of(1), world.pool.clone()).await.unwrap();
    tokio::spawn(listener.run(CancellationToken::new()));
    feed
}

/// Waits in a task of its own, with no more than one connection, until it has looked once.
async fn waiting(
    pool: &PgPool,
    feed: &events::Feed,
    caller: &nottario::access::Caller,
    scope: &ProjectScope,
    query: Query,
) -> tokio::task::JoinHandle<Result<Page, Error>> {
    let (pool_in, feed, caller) = (pool.clone(), feed.clone(), caller.clone());
    let project = scope.project();
    let waiter =
        tokio::spawn(
            async move { events::wait(&pool_in, &feed, &caller, project, &query, 50).await },
        );
    // The waiter's first look has used the pool's only connection, and given it back.
    timeout(PATIENCE, async {
        while pool.size() == 0 || pool.num_idle() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    waiter
}

#[tokio::test]
async fn waiting_holds_no_connection_and_is_ended_by_a_commit_elsewhere() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let bot = atlas.agent("bot").await;
    let cursor = world.events(&atlas.scope).await.cursor;
    let feed = listening(&world).await;
    let narrow = world.pool_of(1);

    let waiter = waiting(&narrow, &feed, &bot.caller, &bot.scope, after(cursor)).await;
    // The only connection there is: it would not come if the waiter held it.
    drop(timeout(PATIENCE, narrow.acquire()).await.unwrap().unwrap());
    let task = TaskId::fresh();
    atlas.record(EventKind::TaskClaimed, task).await;
    world.relay().await;
    let page = timeout(PATIENCE, waiter).await.unwrap().unwrap().unwrap();

    assert_eq!(page.events.len(), 1);
    assert_eq!(page.events[0].subject.id, task.uuid());
    assert_eq!(page.cursor.position(), page.events[0].id);
}

#[tokio::test]
async fn waiting_goes_on_until_the_kind_that_is_asked_for() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let bot = atlas.agent("bot").await;
    let cursor = world.events(&atlas.scope).await.cursor;
    let feed = listening(&world).await;
    let query = Query { kinds: Some(vec![EventKind::TaskClosed]), ..after(cursor) };

    let narrow = world.pool_of(1);
    let waiter = waiting(&narrow, &feed, &bot.caller, &bot.scope, query).await;
    let task = TaskId::fresh();
    atlas.record(EventKind::TaskCreated, task).await;
    other.record(EventKind::TaskClosed, task).await;
    world.relay().await;
    atlas.record(EventKind::TaskClosed, task).await;
    world.relay().await;
    let page = timeout(PATIENCE, waiter).await.unwrap().unwrap().unwrap();

    let kinds: Vec<_> = page.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["task.closed"]);
}

#[tokio::test]
async fn what_has_happened_already_is_not_waited_for() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let bot = atlas.agent("bot").await;
    let cursor = world.events(&atlas.scope).await.cursor;
    let feed = listening(&world).await;
    let task = TaskId::fresh();
    atlas.record(EventKind::TaskClosed, task).await;
    world.relay().await;

    let wait = |query: Query, seconds| {
        let (pool, feed, caller) = (world.pool.clone(), feed.clone(), bot.caller.clone());
        async move { events::wait(&pool, &feed, &caller, atlas.id, &query, seconds).await }
    };
    let at_once = timeout(PATIENCE, wait(after(cursor), 50)).await.unwrap().unwrap();
    let over = wait(after(at_once.cursor), 0).await.unwrap();
    let from_now_on = wait(Query::default(), 0).await.unwrap();
    let too_long = wait(Query::default(), 56).await;

    assert_eq!(at_once.events.len(), 1);
    assert!(over.events.is_empty());
    assert_eq!(over.cursor, at_once.cursor);
    assert!(from_now_on.events.is_empty(), "without a cursor, what was before does not count");
    assert!(matches!(too_long, Err(Error::Invalid { field, .. }) if field == "seconds"));
}

#[tokio::test]
async fn what_the_listener_cannot_tell_is_found_by_the_last_look() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let bot = atlas.agent("bot").await;
    let cursor = world.events(&atlas.scope).await.cursor;
    // It never runs: nothing is heard of what happens.
    let (listener, feed) = Listener::start(world.pool_of(1), world.pool.clone()).await.unwrap();

    let narrow = world.pool_of(1);
    let waiter = waiting(&narrow, &feed, &bot.caller, &bot.scope, after(cursor)).await;
    let task = TaskId::fresh();
    atlas.record(EventKind::TaskClosed, task).await;
    world.relay().await;
    drop(listener);
    let page = timeout(PATIENCE, waiter).await.unwrap().unwrap().unwrap();

    assert_eq!(page.events.len(), 1);
    assert_eq!(page.events[0].subject.id, task.uuid());
}

#[tokio::test]
async fn who_loses_the_right_to_read_stops_waiting() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &[]).await;
    let bot = atlas.agent("bot").await;
    let cursor = world.events(&atlas.scope).await.cursor;
    let feed = listening(&world).await;

    let query = Query { kinds: Some(vec![EventKind::TaskClosed]), ..after(cursor) };
    let (one, two) = (world.pool_of(1), world.pool_of(1));
    let agent = waiting(&one, &feed, &bot.caller, &bot.scope, query.clone()).await;
    let person = waiting(&two, &feed, &ana.caller, &ana.scope, query).await;
    let mut db = world.db().await;
    tokens::revoke(&mut db, &atlas.scope, bot.token).await.unwrap();
    world.relay().await;
    let agent = timeout(PATIENCE, agent).await.unwrap().unwrap();
    projects::remove_member(&mut db, &atlas.scope, ana.user.id).await.unwrap();
    world.relay().await;
    let person = timeout(PATIENCE, person).await.unwrap().unwrap();

    assert!(matches!(agent, Err(Error::Forbidden { .. })));
    assert!(matches!(person, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_relay_survives_the_loss_of_its_connections() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let stop = CancellationToken::new();
    let relay = Relay::new(world.pool_of(2));
    let handle = relay.handle();
    let running = tokio::spawn(relay.run(stop.clone()));
    let feed = listening(&world).await;
    let mut news = feed.subscribe();
    let others = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                  where datname = current_database() and pid <> pg_backend_pid()
                    and backend_type = 'client backend'";

    for _ in 0..3 {
        let task = TaskId::fresh();
        atlas.record(EventKind::TaskCreated, task).await;
        handle.wake();
        heard(&mut news, task).await;
        assert!(world.number(others).await > 0);
    }

    stop.cancel();
    timeout(PATIENCE, running).await.unwrap().unwrap();
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    let names: BTreeSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();

    assert_eq!(names.len(), EventKind::ALL.len());
    for kind in EventKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(*kind));
    }
    assert!(serde_json::from_value::<EventKind>(json!("task.nonsense")).is_err());
}
