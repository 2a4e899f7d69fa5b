//! Deleting a project: everything of it goes, and nothing of another.

use std::collections::BTreeMap;

use nottario::access::{self, Caller, ProjectScope, Via};
use nottario::error::{Error, Kind};
use nottario::identity::authenticate;
use nottario::projects::{self, Deleted, delete};
use nottario::tasks::{self, ClaimFilter, Lease};
use sqlx::Row as _;

use crate::tasks::kit::{Queue, call, job, refused, titled};
use crate::world::ProjectFixture;

/// The instance's administrator in the browser, inside a project.
async fn admin(queue: &Queue, project: &ProjectFixture) -> ProjectScope {
    let caller = Caller { user: queue.world.admin.id, via: Via::Session { is_admin: true } };
    access::enter(&mut *queue.world.db().await, &caller, project.id).await.unwrap()
}

/// How many rows each table has of a project.
async fn rows(queue: &Queue, project: &ProjectFixture) -> BTreeMap<String, i64> {
    let tables = "select c.table_name::text \
         from information_schema.columns c \
         join information_schema.tables t using (table_schema, table_name) \
         where table_schema = 'public' and c.column_name = 'project_id' \
           and t.table_type = 'BASE TABLE'";
    let mut found = BTreeMap::new();
    for row in sqlx::raw_sql(tables).fetch_all(queue.pool()).await.unwrap() {
        let table = row.get::<String, _>(0);
        let count = format!("select count(*) from {table} where project_id = '{}'", project.id);
        found.insert(table, queue.world.number(count).await);
    }
    let count = format!("select count(*) from projects where id = '{}'", project.id);
    found.insert("projects".to_owned(), queue.world.number(count).await);
    found
}

/// A row in every table that a project has rows in.
async fn furnish(queue: &Queue, project: &ProjectFixture) {
    let bot = project.agent("furnisher").await;
    let ana = queue.world.user(&format!("ana-{}", project.slug)).await;
    project.join(&ana, &["qa"]).await;
    let mut tx = queue.pool().begin().await.unwrap();
    let first = tasks::create(&mut tx, &bot.scope, &titled("first")).await.unwrap();
    let second = tasks::create(&mut tx, &bot.scope, &titled("second")).await.unwrap();
    tasks::add_dependency(&mut tx, &bot.scope, second.id, first.id).await.unwrap();
    let body = nottario::text::CommentBody::parse("a comment").unwrap();
    tasks::add_comment(&mut tx, &bot.scope, first.id, &body).await.unwrap();
    tasks::claim_next(&mut tx, &bot.scope, &ClaimFilter::default(), Lease::OfProject)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    queue.world.relay().await;
    queue
        .world
        .run(format!(
            "insert into task_commits (project_id, task_id, repo, sha, linked_by_user_id) \
                  values ('{id}', '{}', 'a/b', 'abcdef1', '{}'); \
             insert into idempotency_keys (project_id, token_id, key, tool, arguments_hash) \
                  values ('{id}', '{}', 'k', 'tasks.create', ''); \
             insert into event_outbox (project_id, kind, subject_kind, subject_id) \
                  values ('{id}', 'task.created', 'task', '{}')",
            first.id,
            ana.id,
            bot.token,
            first.id,
            id = project.id,
        ))
        .await;
}

#[tokio::test]
async fn everything_of_a_deleted_project_is_gone_and_nothing_of_another() {
    let queue = Queue::new().await;
    let other = queue.world.project("other").await;
    furnish(&queue, &queue.project).await;
    furnish(&queue, &other).await;
    let agent = queue.project.agent("agent").await;
    queue.world.relay().await;
    queue
        .world
        .run(format!(
            "insert into event_outbox (project_id, kind, subject_kind, subject_id) \
             values ('{}', 'task.created', 'task', gen_random_uuid())",
            queue.project.id
        ))
        .await;
    let (before, kept) = (rows(&queue, &queue.project).await, rows(&queue, &other).await);
    assert!(before.values().all(|count| *count > 0), "{before:?}");

    let scope = admin(&queue, &queue.project).await;
    let deleted = call!(queue, delete, &scope, "atlas").unwrap();
    queue.world.relay().await;

    assert_eq!(deleted, Deleted { slug: "atlas".to_owned(), tasks: 2, tokens: 3 });
    let left = rows(&queue, &queue.project).await;
    assert!(left.values().all(|count| *count == 0), "{left:?}");
    assert_eq!(rows(&queue, &other).await, kept);
    let mut db = queue.world.db().await;
    let now = chrono::Utc::now();
    assert!(authenticate(&mut db, &agent.secret, now).await.unwrap().is_none());
    let entered = access::enter(&mut db, &agent.caller, queue.project.id).await;
    assert!(matches!(entered, Err(Error::NotFound { kind: Kind::Project, .. })));
    let mut again = queue.pool().begin().await.unwrap();
    let gone = delete(&mut again, &scope, "atlas").await;
    assert!(matches!(gone, Err(Error::NotFound { kind: Kind::Project, .. })));
    drop(again);
    // Slug and key are free for another.
    queue.world.project("atlas").await;
}

#[tokio::test]
async fn a_project_is_deleted_by_an_administrator_who_types_its_slug() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let admin = admin(&queue, &queue.project).await;

    let by_owner = refused!(queue, delete, owner, "atlas");
    let by_agent = refused!(queue, delete, &queue.bot, "atlas");
    assert!(matches!(by_owner, Error::Forbidden { .. }));
    assert!(matches!(by_agent, Error::Forbidden { .. }));
    for mistyped in ["", "atla", "Atlas", "atlas ", "ATL"] {
        let refusal = refused!(queue, delete, &admin, mistyped);
        assert_eq!(refusal.to_string(), "slug: type atlas to delete the project");
    }

    call!(queue, projects::archive, &admin).unwrap();
    call!(queue, delete, &admin, "atlas").unwrap();
}

#[tokio::test]
async fn a_project_of_ten_thousand_tasks_is_deleted() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    queue
        .world
        .run(format!(
            "with cycle as (select id from cycles where project_id = '{project}'), \
                  role as (select id from roles where project_id = '{project}' and key = 'qa'), \
                  made as ( \
                      insert into tasks (project_id, id, number, cycle_id, parent_id, title, priority, \
                                         target_role_id, assignee_id, linked, created_by_user_id, created_by_token_id) \
                      select '{project}', gen_random_uuid(), nth, cycle.id, \
                             case when nth % 3 = 0 then '{feature}'::uuid end, 'task', 60, \
                             case when nth % 2 = 0 then role.id end, \
                             case when nth % 5 = 0 then '{owner}'::uuid end, true, '{owner}', '{token}' \
                      from generate_series(2, 10001) nth, cycle, role \
                      returning project_id, id, number), \
                  written as ( \
                      insert into task_texts (project_id, task_id, description) \
                      select project_id, id, repeat('text ', 100) from made), \
                  commented as ( \
                      insert into task_comments (project_id, id, task_id, author_user_id, body) \
                      select project_id, gen_random_uuid(), id, '{owner}', 'said' from made) \
             insert into task_dependencies (project_id, task_id, depends_on_id) \
             select later.project_id, later.id, sooner.id \
             from made later join made sooner on sooner.number = later.number - 1",
            project = queue.project.id,
            owner = queue.project.owner.id,
            token = queue.bot.actor().token.unwrap(),
        ))
        .await;

    let admin = admin(&queue, &queue.project).await;
    let deleted = call!(queue, delete, &admin, "atlas").unwrap();
    queue.world.relay().await;

    assert_eq!(deleted.tasks, 10_001);
    let left = rows(&queue, &queue.project).await;
    assert!(left.values().all(|count| *count == 0), "{left:?}");
}

/// It holds the task, and asks for its member while the deletion is waiting: neither is in the other's way.
#[tokio::test]
async fn a_claim_that_is_under_way_is_waited_for() {
    let queue = Queue::new().await;
    let task = queue.task("wanted").await;
    let admin = admin(&queue, &queue.project).await;
    let mut claiming = queue.pool().begin().await.unwrap();
    sqlx::raw_sql("select from tasks for no key update").execute(&mut *claiming).await.unwrap();

    let deleting = tokio::spawn(job!(queue, admin, |db, admin| delete(&mut db, &admin, "atlas")));
    queue.world.until_blocked(1).await;
    let claimed =
        tasks::claim(&mut claiming, &queue.bot, task, None, false, Lease::OfProject).await;
    claimed.unwrap();
    claiming.commit().await.unwrap();

    assert_eq!(deleting.await.unwrap().unwrap().tasks, 1);
    assert_eq!(queue.world.number("select count(*) from tasks").await, 0);
}

#[tokio::test]
async fn work_that_comes_while_a_project_is_deleted_finds_nothing() {
    let queue = Queue::new().await;
    let task = queue.task("wanted").await;
    let admin = admin(&queue, &queue.project).await;
    let mut deleting = queue.pool().begin().await.unwrap();
    delete(&mut deleting, &admin, "atlas").await.unwrap();

    let claiming = tokio::spawn(job!(queue, queue.bot, |db, bot| tasks::claim(
        &mut db,
        &bot,
        task,
        None,
        false,
        Lease::OfProject
    )));
    queue.world.until_blocked(1).await;
    deleting.commit().await.unwrap();

    let refused = claiming.await.unwrap();
    assert!(matches!(refused, Err(Error::NotFound { kind: Kind::Task, .. })), "{refused:?}");
}
