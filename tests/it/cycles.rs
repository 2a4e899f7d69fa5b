//! Cycles: what ending one moves, what it leaves, and what it counts.

use nottario::cycles::{self, Counts, PageRequest};
use nottario::error::{Error, Kind};
use nottario::ids::{CycleId, TaskId};
use sqlx::AssertSqlSafe;

use crate::world::{PATIENCE, ProjectFixture, World, line};

/// A task as the table has it: these tests are about cycles, whatever the queue's rules.
struct Row<'a> {
    state: &'a str,
    r#type: &'a str,
    parent: Option<TaskId>,
    role: Option<&'a str>,
    hidden: bool,
    /// Seconds in `doing`, for closed tasks.
    worked: Option<u32>,
}

impl Default for Row<'_> {
    fn default() -> Self {
        Self {
            state: "todo",
            r#type: "task",
            parent: None,
            role: None,
            hidden: false,
            worked: None,
        }
    }
}

async fn task(world: &World, project: &ProjectFixture, row: Row<'_>) -> TaskId {
    let id = TaskId::fresh();
    let Row { state, r#type, parent, role, hidden, worked } = row;
    let parent = parent.map_or("null".to_owned(), |parent| format!("'{parent}'"));
    let role = role.map_or("null".to_owned(), |key| {
        format!("(select id from roles where project_id = '{}' and key = '{key}')", project.id)
    });
    let worked = worked.map_or("null".to_owned(), |worked| worked.to_string());
    world
        .run(format!(
            "with number as (
                 update task_counters set last_number = last_number + 1
                 where project_id = '{project}' returning last_number
             )
             insert into tasks (project_id, id, number, cycle_id, parent_id, type, title, state, priority,
                                target_role_id, claim_id, holder_user_id, closed_at, started_at, deleted_at)
             select '{project}', '{id}', last_number, c.id, {parent}, '{type}', 'a task', '{state}', 60, {role},
                    case when '{state}' = 'doing' then gen_random_uuid() end,
                    case when '{state}' = 'doing' then '{owner}'::uuid end,
                    case when '{state}' in ('done', 'wont_do') then timestamptz '2030-06-01 12:00Z' end,
                    timestamptz '2030-06-01 12:00Z' - make_interval(secs => {worked}),
                    case when {hidden} then now() end
             from number
             join cycles c on c.project_id = '{project}' and c.closed_at is null",
            project = project.id,
            owner = project.owner.id,
        ))
        .await;
    id
}

/// Which of these tasks are in the open cycle.
async fn moved(world: &World, tasks: &[TaskId]) -> Vec<bool> {
    let mut moved = Vec::new();
    for task in tasks {
        let sql = format!(
            "select count(*) from tasks t join cycles c on c.project_id = t.project_id and c.id = t.cycle_id
             where t.id = '{task}' and c.closed_at is null"
        );
        moved.push(world.number(sql).await == 1);
    }
    moved
}

async fn end(world: &World, project: &ProjectFixture, name: Option<&str>) -> cycles::Ended {
    let name = name.map(line);
    let mut tx = world.pool.begin().await.unwrap();
    let ended = cycles::end(&mut tx, &project.scope, name.as_ref()).await.unwrap();
    tx.commit().await.unwrap();
    ended
}

#[tokio::test]
async fn open_tasks_move_and_closed_ones_stay() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let todo = task(&world, &atlas, Row::default()).await;
    let doing = task(&world, &atlas, Row { state: "doing", ..Row::default() }).await;
    let hidden = task(&world, &atlas, Row { hidden: true, ..Row::default() }).await;
    let done = task(&world, &atlas, Row { state: "done", ..Row::default() }).await;
    let wont_do = task(&world, &atlas, Row { state: "wont_do", ..Row::default() }).await;
    let elsewhere = task(&world, &other, Row::default()).await;

    let ended = end(&world, &atlas, None).await;

    assert_eq!(
        moved(&world, &[todo, doing, hidden, done, wont_do]).await,
        [true, true, true, false, false]
    );
    assert_eq!(ended.moved, 3);
    assert_eq!((ended.closed.name.as_str(), ended.next.name.as_str()), ("sprint-1", "sprint-2"));
    assert!(ended.closed.closed_at.is_some());
    assert_eq!(ended.closed.counts, Counts { total: 2, done: 1, wont_do: 1, ..Counts::default() });
    assert_eq!(ended.next.counts, Counts { total: 2, todo: 1, doing: 1, ..Counts::default() });

    let mut db = world.db().await;
    let figures =
        cycles::get(&mut db, &atlas.scope, ended.next.id, ended.next.opened_at).await.unwrap();
    assert_eq!(figures.carried_over, 2, "the hidden task is not counted");
    assert_eq!(cycles::current(&mut db, &other.scope).await.unwrap().position, 1);
    assert_eq!(moved(&world, &[elsewhere]).await, [true]);
    let version = format!("select version::bigint from tasks where id = '{todo}'");
    assert_eq!(world.number(version).await, 2);
}

#[tokio::test]
async fn an_open_feature_takes_its_whole_subtree_along() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let feature = Row { r#type: "feature", ..Row::default() };
    let open = task(&world, &atlas, Row { ..feature }).await;
    let done_child =
        task(&world, &atlas, Row { parent: Some(open), state: "done", ..Row::default() }).await;
    let inner = Row { r#type: "feature", parent: Some(open), state: "done", ..Row::default() };
    let inner = task(&world, &atlas, inner).await;
    let done_grandchild =
        task(&world, &atlas, Row { parent: Some(inner), state: "done", ..Row::default() }).await;
    let closed =
        task(&world, &atlas, Row { r#type: "feature", state: "done", ..Row::default() }).await;
    let its_child =
        task(&world, &atlas, Row { parent: Some(closed), state: "done", ..Row::default() }).await;

    let ended = end(&world, &atlas, None).await;

    let tasks = [open, done_child, inner, done_grandchild, closed, its_child];
    assert_eq!(moved(&world, &tasks).await, [true, true, true, true, false, false]);
    assert_eq!(ended.moved, 4);
    let event = world.events(&atlas.scope).await.events.pop().unwrap();
    assert_eq!((event.kind.as_str(), event.subject.id), ("cycle.ended", ended.closed.id.uuid()));
    assert_eq!(event.data["moved"], 4);
    assert_eq!(event.data["carried_over"], 1);
    assert_eq!(event.data["next"]["name"], "sprint-2");
}

#[tokio::test]
async fn the_next_cycle_has_a_name_of_its_own() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;

    // Somebody has used the name that the third cycle would get.
    assert_eq!(end(&world, &atlas, Some("sprint-3")).await.next.name, "sprint-3");
    assert_eq!(end(&world, &atlas, None).await.next.name, "sprint-3-2");
    assert_eq!(end(&world, &atlas, None).await.next.name, "sprint-4");

    for refused in ["sprint-1", "all"] {
        let mut tx = world.pool.begin().await.unwrap();
        let ended = cycles::end(&mut tx, &atlas.scope, Some(&line(refused))).await;
        assert!(matches!(ended, Err(Error::Invalid { field, .. }) if field == "next_name"));
        tx.commit().await.unwrap();
    }
    let current = cycles::current(&mut *world.db().await, &atlas.scope).await.unwrap();
    assert_eq!(current.position, 4, "a refusal has ended nothing");
}

#[tokio::test]
async fn a_member_does_not_end_cycles_and_the_owners_agent_does() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &["backend"]).await;
    let bot = atlas.agent("bot").await;
    let mut db = world.db().await;

    let refused = cycles::end(&mut db, &ana.scope, None).await;
    assert!(matches!(refused, Err(Error::Forbidden { .. })));

    let mut tx = world.pool.begin().await.unwrap();
    cycles::end(&mut tx, &bot.scope, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(cycles::current(&mut db, &atlas.scope).await.unwrap().position, 2);
}

#[tokio::test]
async fn a_task_being_claimed_is_waited_for_and_moves_as_it_is() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let raced = task(&world, &atlas, Row::default()).await;

    let mut claiming = world.pool.begin().await.unwrap();
    let claim = format!(
        "update tasks set state = 'doing', claim_id = gen_random_uuid(), holder_user_id = '{}' where id = '{raced}'",
        atlas.owner.id
    );
    sqlx::raw_sql(AssertSqlSafe(claim)).execute(&mut *claiming).await.unwrap();
    let (ended, ()) = tokio::join!(end(&world, &atlas, None), async {
        world.until_blocked(1).await;
        claiming.commit().await.unwrap();
    });

    assert_eq!(ended.moved, 1);
    assert_eq!(ended.next.counts, Counts { total: 1, doing: 1, ..Counts::default() });
}

#[tokio::test]
async fn a_task_being_closed_is_waited_for_and_stays() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let raced = task(&world, &atlas, Row::default()).await;

    let mut closing = world.pool.begin().await.unwrap();
    let close = format!("update tasks set state = 'done', closed_at = now() where id = '{raced}'");
    sqlx::raw_sql(AssertSqlSafe(close)).execute(&mut *closing).await.unwrap();
    let (ended, ()) = tokio::join!(end(&world, &atlas, None), async {
        world.until_blocked(1).await;
        closing.commit().await.unwrap();
    });

    assert_eq!(ended.moved, 0);
    assert_eq!(ended.closed.counts, Counts { total: 1, done: 1, ..Counts::default() });
    assert_eq!(moved(&world, &[raced]).await, [false]);
}

#[tokio::test]
async fn no_open_task_is_left_behind_when_everything_happens_at_once() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let crowd = world.pool_of(20);
    let mut tasks = Vec::new();
    for _ in 0..40 {
        tasks.push(task(&world, &atlas, Row::default()).await);
    }

    let mut race = tokio::task::JoinSet::new();
    for (nth, task) in tasks.into_iter().enumerate() {
        // A third is closed and opened again under the shared lock, as the queue does it.
        let (crowd, scope, owner) = (crowd.clone(), atlas.scope.clone(), atlas.owner.id);
        race.spawn(async move {
            let claim = format!(
                "update tasks set state = 'doing', claim_id = gen_random_uuid(), holder_user_id = '{owner}'
                 where id = '{task}'"
            );
            let close = format!(
                "update tasks set state = 'done', closed_at = now(), claim_id = null, holder_user_id = null
                 where id = '{task}'"
            );
            sqlx::raw_sql(AssertSqlSafe(claim)).execute(&crowd).await.unwrap();
            if nth % 3 > 0 {
                sqlx::raw_sql(AssertSqlSafe(close)).execute(&crowd).await.unwrap();
            }
            if nth % 3 == 2 {
                let mut tx = crowd.begin().await.unwrap();
                nottario::projects::lock_links_shared(&mut tx, &scope).await.unwrap();
                let open = cycles::open_id(&mut tx, &scope).await.unwrap();
                let reopen = format!(
                    "update tasks set state = 'todo', closed_at = null, cycle_id = '{open}' where id = '{task}'"
                );
                sqlx::raw_sql(AssertSqlSafe(reopen)).execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
            }
        });
    }
    for _ in 0..5 {
        let (crowd, scope) = (crowd.clone(), atlas.scope.clone());
        race.spawn(async move {
            let mut tx = crowd.begin().await.unwrap();
            cycles::end(&mut tx, &scope, None).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    tokio::time::timeout(PATIENCE, race.join_all()).await.unwrap();

    let stranded = "select count(*) from tasks t join cycles c on c.project_id = t.project_id and c.id = t.cycle_id
                    where t.state in ('todo', 'doing') and c.closed_at is not null";
    assert_eq!(world.number(stranded).await, 0);
    let open = "select count(*) from tasks where state in ('todo', 'doing')";
    assert_eq!(world.number(open).await, 27);
    assert_eq!(world.number("select count(*) from cycles where closed_at is null").await, 1);
    assert_eq!(world.number("select max(position)::bigint from cycles").await, 6);
}

#[tokio::test]
async fn figures_say_what_was_done_and_how_long_it_took() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let done = |role, worked| Row { state: "done", role, worked, ..Row::default() };
    for worked in [10, 20, 30, 40] {
        task(&world, &atlas, done(Some("backend"), Some(worked))).await;
    }
    task(&world, &atlas, done(None, None)).await;
    task(&world, &atlas, Row { state: "wont_do", worked: Some(9000), ..Row::default() }).await;
    task(&world, &atlas, Row { role: Some("qa"), ..Row::default() }).await;
    task(&world, &atlas, Row { hidden: true, ..Row::default() }).await;
    let mut db = world.db().await;
    let cycle = cycles::current(&mut db, &atlas.scope).await.unwrap();

    let two_days_on = cycle.opened_at + chrono::TimeDelta::days(2);
    let figures = cycles::get(&mut db, &atlas.scope, cycle.id, two_days_on).await.unwrap();
    let at_once = cycles::get(&mut db, &atlas.scope, cycle.id, cycle.opened_at).await.unwrap();

    let counts = |todo, done, wont_do| Counts {
        total: todo + done + wont_do,
        todo,
        doing: 0,
        done,
        wont_do,
    };
    assert_eq!(figures.cycle.counts, counts(1, 5, 1));
    let by_role: Vec<_> =
        figures.by_role.iter().map(|row| (row.role.as_deref(), row.counts)).collect();
    assert_eq!(
        by_role,
        [
            (Some("backend"), counts(0, 4, 0)),
            (Some("qa"), counts(1, 0, 0)),
            (None, counts(0, 1, 1))
        ]
    );
    assert!((figures.throughput_per_day - 2.5).abs() < 1e-9);
    assert!((at_once.throughput_per_day - 5.0).abs() < 1e-9);
    let day = "2030-06-01".parse().unwrap();
    assert_eq!(figures.done_by_day, [cycles::DoneOnDay { day, done: 5 }]);
    assert!((figures.doing_seconds_median.unwrap() - 25.0).abs() < 1e-6);
    assert!((figures.doing_seconds_p85.unwrap() - 35.5).abs() < 1e-6);

    let json = serde_json::to_value(&figures).unwrap();
    assert_eq!(json["name"], "sprint-1");
    assert_eq!(json["counts"]["done"], 5);
    assert_eq!(json["by_role"][0]["total"], 4);
}

#[tokio::test]
async fn a_cycle_of_another_project_is_not_found() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let mut db = world.db().await;
    let theirs = cycles::open_id(&mut db, &other.scope).await.unwrap();

    for id in [theirs, CycleId::fresh()] {
        let read = cycles::get(&mut db, &atlas.scope, id, chrono::Utc::now()).await;
        assert!(matches!(read, Err(Error::NotFound { kind: Kind::Cycle, .. })));
    }
}

#[tokio::test]
async fn pages_go_on_where_they_ended_also_when_a_cycle_opens_meanwhile() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    for _ in 0..4 {
        end(&world, &atlas, None).await;
    }
    let mut db = world.db().await;
    let page = |limit, cursor| PageRequest { limit: Some(limit), cursor };
    let positions = |page: &cycles::CyclePage| -> Vec<_> {
        page.cycles.iter().map(|cycle| cycle.position).collect()
    };

    let first = cycles::list(&mut db, &atlas.scope, &page(2, None)).await.unwrap();
    end(&world, &atlas, None).await;
    let second = cycles::list(&mut db, &atlas.scope, &page(2, first.next_cursor.clone())).await;
    let second = second.unwrap();
    let third = cycles::list(&mut db, &atlas.scope, &page(2, second.next_cursor.clone())).await;
    let third = third.unwrap();

    assert_eq!(positions(&first), [5, 4]);
    assert_eq!(positions(&second), [3, 2]);
    assert_eq!(positions(&third), [1]);
    assert!(first.has_more && second.has_more && !third.has_more);
    assert_eq!(third.next_cursor, None);
    for cursor in ["", "x", "Y3ljbGVzOg", "4444"] {
        let broken = cycles::list(&mut db, &atlas.scope, &page(2, Some(cursor.to_owned()))).await;
        assert!(matches!(broken, Err(Error::Invalid { field, .. }) if field == "cursor"));
    }
    for limit in [0, 501, -1] {
        let refused = cycles::list(&mut db, &atlas.scope, &page(limit, None)).await;
        assert!(matches!(refused, Err(Error::Invalid { field, .. }) if field == "limit"));
    }
}

#[tokio::test]
async fn a_project_is_never_without_an_open_cycle() {
    let world = World::new().await;
    world.project("atlas").await;

    let mut tx = world.pool.begin().await.unwrap();
    sqlx::raw_sql("update cycles set closed_at = now()").execute(&mut *tx).await.unwrap();
    let refused = tx.commit().await.unwrap_err();

    let refused = refused.as_database_error().unwrap().constraint().map(str::to_owned);
    assert_eq!(refused.as_deref(), Some("cycles_one_open"));
}
