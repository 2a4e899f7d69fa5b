//! What an owner changes of a project as a whole.

use nottario::error::{Error, Kind};
use nottario::projects::{
    self, DefaultView, ProjectKey, Settings, SettingsEdit, edit_settings, settings,
};
use nottario::text::Markdown;
use serde_json::json;

use crate::tasks::kit::{Job, Queue, at_once, call, job, refused, titled};
use crate::world::line;

/// The form as a browser shows it, untouched.
fn form(of: &Settings) -> SettingsEdit {
    SettingsEdit {
        name: line(&of.name),
        key: of.key.parse().unwrap(),
        description: Markdown::parse(of.description.clone()).unwrap(),
        primary_language: of.primary_language.as_deref().map(line),
        project_type: of.project_type.as_deref().map(line),
        default_view: of.default_view,
        cycle_label: line(&of.cycle_label),
        mcp_page_size: of.mcp_page_size,
        lease_minutes: of.lease_minutes,
        version: of.version,
    }
}

async fn read(queue: &Queue) -> Settings {
    settings(&mut *queue.world.db().await, &queue.project.scope).await.unwrap()
}

fn key(text: &str) -> ProjectKey {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_owner_writes_every_setting_and_the_record_says_which() {
    let queue = Queue::new().await;
    let before = read(&queue).await;
    let edit = SettingsEdit {
        name: line("Atlas of everything"),
        key: key("MAP"),
        description: Markdown::parse("# Maps").unwrap(),
        primary_language: Some(line("Rust")),
        project_type: Some(line("service")),
        default_view: DefaultView::Docs,
        cycle_label: line("week"),
        mcp_page_size: 500,
        lease_minutes: 0,
        version: before.version,
    };

    let after = call!(queue, edit_settings, &queue.project.scope, &edit).unwrap();

    assert!(before.may_change_key);
    assert_eq!((after.version, after.slug.as_str()), (before.version + 1, "atlas"));
    assert_eq!((after.name.as_str(), after.key.as_str()), ("Atlas of everything", "MAP"));
    assert_eq!((after.description.as_str(), after.default_view), ("# Maps", DefaultView::Docs));
    assert_eq!(after.primary_language.as_deref(), Some("Rust"));
    assert_eq!(after.project_type.as_deref(), Some("service"));
    assert_eq!((after.cycle_label.as_str(), after.mcp_page_size), ("week", 500));
    assert_eq!(after.lease_minutes, 0);
    let scope = queue.entered_again(&queue.bot).await;
    assert_eq!((scope.project_key(), scope.page_size(), scope.lease_minutes()), ("MAP", 500, 0));
    let event = queue.world.events(&scope).await.events.pop().unwrap();
    assert_eq!(event.kind, "project.changed");
    assert_eq!(event.data["changed"]["key"], json!(["ATL", "MAP"]));
    assert_eq!(event.data["changed"]["description"], json!({ "chars": [0, 6] }));
    assert_eq!(event.data["changed"]["lease_minutes"], json!([60, 0]));
}

#[tokio::test]
async fn a_form_that_changes_nothing_writes_nothing() {
    let queue = Queue::new().await;
    let before = queue.fingerprint().await;

    let edit = form(&read(&queue).await);
    call!(queue, edit_settings, &queue.project.scope, &edit).unwrap();

    assert_eq!(queue.fingerprint().await, before);
}

#[tokio::test]
async fn what_was_set_can_be_cleared() {
    let queue = Queue::new().await;
    let set = SettingsEdit { project_type: Some(line("service")), ..form(&read(&queue).await) };
    let set = call!(queue, edit_settings, &queue.project.scope, &set).unwrap();

    let clear = SettingsEdit { project_type: None, ..form(&set) };
    let cleared = call!(queue, edit_settings, &queue.project.scope, &clear).unwrap();

    assert_eq!((set.project_type.as_deref(), cleared.project_type), (Some("service"), None));
}

#[tokio::test]
async fn of_forms_that_were_open_at_once_the_first_is_written() {
    let queue = Queue::new().await;
    let opened = read(&queue).await;

    let submit = |name: &str| {
        let edit = SettingsEdit { name: line(name), ..form(&opened) };
        let submit: Job<_> = Box::pin(job!(queue, queue.project.scope, |db, scope| edit_settings(
            &mut db, &scope, &edit
        )));
        submit
    };
    let answers = at_once((0..8).map(|nth| submit(&format!("Name {nth}"))).collect()).await;

    let written: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(written.len(), 1);
    let refused = answers.iter().filter(
        |answer| matches!(answer, Err(Error::Stale { kind: Kind::Project, current }) if *current == opened.version + 1),
    );
    assert_eq!(refused.count(), 7);
    assert_eq!(read(&queue).await.name, written[0].name);
}

#[tokio::test]
async fn the_key_stays_from_the_first_task_on() {
    let queue = Queue::new().await;
    let task = queue.task("first").await;
    queue.wont_do(task).await;
    queue.world.run("update tasks set deleted_at = now()").await;
    let now = read(&queue).await;

    let edit = SettingsEdit { key: key("NEW"), ..form(&now) };
    let refusal = refused!(queue, edit_settings, &queue.project.scope, &edit);
    let other = SettingsEdit { name: line("Renamed"), ..form(&now) };
    let renamed = call!(queue, edit_settings, &queue.project.scope, &other).unwrap();

    assert!(!now.may_change_key);
    assert!(matches!(refusal, Error::Invalid { field, .. } if field == "key"));
    assert_eq!((renamed.name.as_str(), renamed.key.as_str()), ("Renamed", "ATL"));
}

#[tokio::test]
async fn a_key_that_changes_while_the_first_task_is_created_is_refused() {
    let queue = Queue::new().await;
    let edit = SettingsEdit { key: key("NEW"), ..form(&read(&queue).await) };
    let mut creating = queue.pool().begin().await.unwrap();
    let new = titled("first");
    let task = nottario::tasks::create(&mut creating, &queue.bot, &new).await.unwrap();

    let editing = tokio::spawn(job!(queue, queue.project.scope, |db, scope| edit_settings(
        &mut db, &scope, &edit
    )));
    queue.world.until_blocked(1).await;
    creating.commit().await.unwrap();

    assert!(matches!(editing.await.unwrap(), Err(Error::Invalid { field, .. }) if field == "key"));
    assert_eq!(queue.get(task.id).await.card.key, "ATL-1");
}

#[tokio::test]
async fn a_task_that_is_created_while_the_key_changes_has_the_new_one() {
    let queue = Queue::new().await;
    let edit = SettingsEdit { key: key("NEW"), ..form(&read(&queue).await) };
    let mut editing = queue.pool().begin().await.unwrap();
    edit_settings(&mut editing, &queue.project.scope, &edit).await.unwrap();

    let new = titled("first");
    let creating = tokio::spawn(job!(queue, queue.bot, |db, bot| nottario::tasks::create(
        &mut db, &bot, &new
    )));
    queue.world.until_blocked(1).await;
    editing.commit().await.unwrap();

    assert_eq!(creating.await.unwrap().unwrap().key, "NEW-1");
}

#[tokio::test]
async fn a_key_is_given_once_also_when_two_projects_want_it_at_once() {
    let queue = Queue::new().await;
    let other = queue.world.project("other").await;
    let taken = {
        let edit = SettingsEdit { key: key("OTH"), ..form(&read(&queue).await) };
        refused!(queue, edit_settings, &queue.project.scope, &edit)
    };
    assert!(matches!(taken, Error::Invalid { field, .. } if field == "key"));

    let mut jobs: Vec<Job<_>> = Vec::new();
    for project in [&queue.project, &other] {
        let now = settings(&mut *queue.world.db().await, &project.scope).await.unwrap();
        let edit = SettingsEdit { key: key("SAME"), ..form(&now) };
        jobs.push(Box::pin(job!(queue, project.scope, |db, scope| edit_settings(
            &mut db, &scope, &edit
        ))));
    }
    let answers = at_once(jobs).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = answers.into_iter().find_map(Result::err).unwrap();
    assert!(matches!(refused, Error::Invalid { field, .. } if field == "key"));
}

#[tokio::test]
async fn a_key_changes_while_a_project_is_made_that_wants_it() {
    let queue = Queue::new().await;
    let edit = SettingsEdit { key: key("ZOO"), ..form(&read(&queue).await) };
    let mut editing = queue.pool().begin().await.unwrap();
    edit_settings(&mut editing, &queue.project.scope, &edit).await.unwrap();

    let (pool, owner) = (queue.pool().clone(), queue.project.owner.id);
    let making = tokio::spawn(async move {
        let new = projects::NewProject { name: line("Zoom"), slug: None, key: None, owner };
        let mut tx = pool.begin().await.unwrap();
        let made = projects::create(&mut tx, crate::world::OPERATOR(), &new).await.unwrap();
        tx.commit().await.unwrap();
        made.project_key().to_owned()
    });
    queue.world.until_blocked(1).await;
    editing.commit().await.unwrap();

    assert_eq!(making.await.unwrap(), "ZOOM");
}

#[tokio::test]
async fn settings_are_written_by_the_owner_and_within_their_bounds() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;
    let now = read(&queue).await;
    let valid = SettingsEdit { name: line("Renamed"), ..form(&now) };

    let by_member = refused!(queue, edit_settings, &ana.scope, &valid);
    assert!(matches!(by_member, Error::Forbidden { .. }));
    for (page_size, lease, wrong) in [
        (0, 60, "mcp_page_size"),
        (501, 60, "mcp_page_size"),
        (50, -1, "lease_minutes"),
        (50, 1441, "lease_minutes"),
    ] {
        let edit = SettingsEdit { mcp_page_size: page_size, lease_minutes: lease, ..valid.clone() };
        let refusal = refused!(queue, edit_settings, &queue.project.scope, &edit);
        assert!(matches!(refusal, Error::Invalid { field, .. } if field == wrong));
    }
}
