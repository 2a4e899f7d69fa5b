//! Putting a project away, and bringing it back.

use nottario::access::{self, Caller, Via};
use nottario::error::Error;
use nottario::projects::{
    self, BucketEdit, Direction, NewRole, RoleEdit, SettingsEdit, Swatch, archive, unarchive,
};
use nottario::tasks::{self, ClaimFilter, Lease};
use nottario::text::Markdown;

use crate::tasks::kit::{Queue, call, refused, said};
use crate::world::{in_browser, line};

#[tokio::test]
async fn an_archived_project_is_read_only_until_it_is_brought_back() {
    let queue = Queue::new().await;
    let task = queue.task("waiting").await;
    let owner = in_browser(&queue.project.owner);

    call!(queue, archive, &queue.project.scope).unwrap();

    let put_away = access::find(&mut *queue.world.db().await, &owner, "atlas").await.unwrap();
    let agent = queue.entered_again(&queue.bot).await;
    let refusal = refused!(queue, tasks::claim, &agent, task, None, false, Lease::OfProject);
    assert!(put_away.is_archived());
    assert_eq!(
        refusal.to_string(),
        "you may not claim tasks: the project is archived and read-only"
    );
    assert_eq!(queue.get(task).await.card.title, "waiting");
    let listed = projects::list_for(&mut *queue.world.db().await, &owner).await.unwrap();
    assert_eq!((listed.active.len(), listed.archived.len()), (0, 1));

    call!(queue, unarchive, &put_away).unwrap();

    let agent = queue.entered_again(&queue.bot).await;
    assert!(queue.claim_next(&agent).await.is_some());
    let kinds = queue.world.event_kinds(&queue.project.scope).await;
    assert!(kinds.ends_with(&[
        "project.archived".to_owned(),
        "project.unarchived".to_owned(),
        "task.claimed".to_owned()
    ]));
}

#[tokio::test]
async fn archiving_again_changes_nothing() {
    let queue = Queue::new().await;
    call!(queue, unarchive, &queue.project.scope).unwrap();
    call!(queue, archive, &queue.project.scope).unwrap();
    let before = queue.fingerprint().await;

    call!(queue, archive, &queue.project.scope).unwrap();

    assert_eq!(queue.fingerprint().await, before);
}

#[tokio::test]
async fn owner_and_administrators_archive_and_nobody_else() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;
    let boss = queue.world.user("boss").await;
    let admin = Caller { user: boss.id, via: Via::Session { is_admin: true } };
    let admin = access::enter(&mut *queue.world.db().await, &admin, queue.project.id).await;

    let by_member = refused!(queue, archive, &ana.scope);
    call!(queue, archive, &admin.unwrap()).unwrap();
    let back_by_member = refused!(queue, unarchive, &ana.scope);

    assert!(matches!(by_member, Error::Forbidden { .. }));
    assert!(matches!(back_by_member, Error::Forbidden { .. }));
}

/// The scopes are from before the project was put away: each change looks again.
#[tokio::test]
async fn no_change_slips_into_a_project_that_was_just_archived() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;
    let ben = queue.world.user("ben").await;
    let role = queue.project.role("qa").await;
    let settings =
        projects::settings(&mut *queue.world.db().await, &queue.project.scope).await.unwrap();
    call!(queue, archive, &queue.project.scope).unwrap();
    let owner = &queue.project.scope;

    let edit = SettingsEdit {
        name: line("Renamed"),
        key: settings.key.parse().unwrap(),
        description: Markdown::default(),
        primary_language: None,
        project_type: None,
        default_view: settings.default_view,
        cycle_label: line("week"),
        mcp_page_size: 50,
        lease_minutes: 60,
        version: settings.version,
    };
    let new_role = NewRole { label: line("Docs"), key: None, color: Swatch::Teal };
    let role_edit = RoleEdit { label: line("Docs"), color: Swatch::Teal };
    let name = "urgent".parse().unwrap();
    let bucket = BucketEdit { key: name, value: 95, move_tasks: true };
    let refusals = [
        refused!(queue, projects::edit_settings, owner, &edit),
        refused!(queue, projects::create_role, owner, &new_role),
        refused!(queue, projects::edit_role, owner, role, &role_edit),
        refused!(queue, projects::move_role, owner, role, Direction::Up),
        refused!(queue, projects::reorder_roles, owner, &[role]),
        refused!(queue, projects::delete_role, owner, role),
        refused!(queue, projects::create_bucket, owner, &bucket.key, 95),
        refused!(queue, projects::edit_bucket, owner, "high", &bucket),
        refused!(queue, projects::set_default_bucket, owner, "high"),
        refused!(queue, projects::delete_bucket, owner, "high"),
        refused!(queue, projects::add_member, owner, ben.id, &[]),
        refused!(queue, projects::add_member_by_login, owner, "ben", &[]),
        refused!(queue, projects::set_member_roles, owner, ana.user.id, &[]),
        refused!(queue, projects::remove_member, owner, ana.user.id),
        refused!(queue, projects::change_owner, owner, ana.user.id),
        refused!(queue, projects::leave, &ana.scope, None),
    ];

    for refusal in refusals {
        let said = refusal.to_string();
        assert!(said.ends_with("the project is archived and read-only"), "{said}");
    }
}

#[tokio::test]
async fn a_leaked_token_of_an_archived_project_can_be_revoked() {
    let queue = Queue::new().await;
    let agent = queue.project.agent("leaked").await;
    call!(queue, archive, &queue.project.scope).unwrap();
    let owner = in_browser(&queue.project.owner);
    let owner = access::enter(&mut *queue.world.db().await, &owner, queue.project.id).await;

    call!(queue, nottario::identity::tokens::revoke, &owner.unwrap(), agent.token).unwrap();

    let now = chrono::Utc::now();
    let mut db = queue.world.db().await;
    let found = nottario::identity::authenticate(&mut db, &agent.secret, now).await.unwrap();
    assert!(found.is_none());
}

#[tokio::test]
async fn who_holds_a_task_of_an_archived_project_gets_it_back_to_the_queue_in_time() {
    let queue = Queue::new().await;
    let task = queue.task("held").await;
    queue.claim(&queue.bot, task).await;
    call!(queue, archive, &queue.project.scope).unwrap();
    queue.lapse(task).await;

    assert_eq!(queue.sweep().await, 1);

    let agent = queue.entered_again(&queue.bot).await;
    let mut db = queue.world.db().await;
    let next = tasks::claim_next(&mut db, &agent, &ClaimFilter::default(), Lease::OfProject).await;
    assert!(said(next).starts_with("forbidden: "));
}
