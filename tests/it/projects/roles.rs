//! Roles: made, named, ordered and deleted.

use nottario::error::{Error, Kind};
use nottario::identity::tokens::{self, NewToken};
use nottario::ids::RoleId;
use nottario::projects::{
    self, Direction, MOST_ROLES, NewRole, Role, RoleEdit, RoleUse, Swatch, create_role,
    delete_role, edit_role, list_roles, move_role, reorder_roles, role_use, used_roles,
};
use nottario::tasks::{self, NewTask, Update};
use nottario::text::Patch;
use serde_json::json;

use crate::tasks::kit::{Job, Queue, at_once, call, job, refused, titled};
use crate::world::line;

fn named(label: &str) -> NewRole {
    NewRole { label: line(label), key: None, color: Swatch::Teal }
}

async fn roles(queue: &Queue) -> Vec<Role> {
    list_roles(&mut *queue.world.db().await, &queue.project.scope).await.unwrap()
}

async fn keys(queue: &Queue) -> Vec<String> {
    roles(queue).await.into_iter().map(|role| role.key).collect()
}

#[tokio::test]
async fn a_role_gets_its_key_from_its_label_and_comes_last() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;

    let first = call!(queue, create_role, owner, &named("Site Reliability")).unwrap();
    let second = call!(queue, create_role, owner, &named("Site: reliability!")).unwrap();
    let given = NewRole { key: Some("sre".parse().unwrap()), ..named("Also reliability") };
    let third = call!(queue, create_role, owner, &given).unwrap();

    assert_eq!((first.key.as_str(), first.color), ("site-reliability", Swatch::Teal));
    assert_eq!((second.key.as_str(), third.key.as_str()), ("site-reliability-2", "sre"));
    assert_eq!(roles(&queue).await[4..], [first.clone(), second, third]);
    let event = &queue.world.events(owner).await.events[2];
    assert_eq!(event.data["role"], json!(first.id));
    assert_eq!(event.data["added"]["key"], json!("site-reliability"));
}

#[tokio::test]
async fn a_role_is_made_by_the_owner_under_a_key_of_its_own() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;
    let taken = NewRole { key: Some("qa".parse().unwrap()), ..named("Quality") };

    let by_member = refused!(queue, create_role, &ana.scope, &named("Docs"));
    let taken = refused!(queue, create_role, &queue.project.scope, &taken);

    assert!(matches!(by_member, Error::Forbidden { .. }));
    assert!(matches!(taken, Error::Invalid { field, .. } if field == "key"));
}

#[tokio::test]
async fn a_project_has_at_most_thirty_roles_also_when_two_are_added_at_once() {
    let queue = Queue::new().await;
    for nth in 5..MOST_ROLES {
        call!(queue, create_role, &queue.project.scope, &named(&format!("Role {nth}"))).unwrap();
    }

    let add = || {
        let new = named("The last one");
        let add: Job<_> = Box::pin(job!(queue, queue.project.scope, |db, scope| create_role(
            &mut db, &scope, &new
        )));
        add
    };
    let answers = at_once(vec![add(), add()]).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = answers.into_iter().find_map(Result::err).unwrap();
    assert!(refused.to_string().contains("at most 30 roles"), "{refused}");
    assert_eq!(roles(&queue).await.len(), MOST_ROLES);
}

#[tokio::test]
async fn a_role_is_renamed_and_keeps_its_key() {
    let queue = Queue::new().await;
    let qa = queue.project.role("qa").await;
    let edit = RoleEdit { label: line("Quality"), color: Swatch::Red };

    call!(queue, edit_role, &queue.project.scope, qa, &edit).unwrap();
    let before = queue.fingerprint().await;
    call!(queue, edit_role, &queue.project.scope, qa, &edit).unwrap();

    assert_eq!(queue.fingerprint().await, before, "the same again changes nothing");
    let role = roles(&queue).await.into_iter().find(|role| role.id == qa).unwrap();
    assert_eq!((role.key.as_str(), role.label.as_str()), ("qa", "Quality"));
    assert_eq!(role.color, Swatch::Red);
    let event = queue.world.events(&queue.project.scope).await.events.pop().unwrap();
    assert_eq!(event.data["changed"]["label"], json!(["QA", "Quality"]));
    assert_eq!(event.data["changed"]["color"], json!(["amber", "red"]));
}

#[tokio::test]
async fn roles_move_by_one_place_and_stay_at_the_ends() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let (backend, qa) = (queue.project.role("backend").await, queue.project.role("qa").await);

    call!(queue, move_role, owner, qa, Direction::Up).unwrap();
    assert_eq!(keys(&queue).await, ["backend", "qa", "frontend", "design"]);
    call!(queue, move_role, owner, backend, Direction::Down).unwrap();
    assert_eq!(keys(&queue).await, ["qa", "backend", "frontend", "design"]);
    let before = queue.fingerprint().await;
    call!(queue, move_role, owner, qa, Direction::Up).unwrap();
    let design = queue.project.role("design").await;
    call!(queue, move_role, owner, design, Direction::Down).unwrap();
    assert_eq!(queue.fingerprint().await, before);
}

#[tokio::test]
async fn an_order_names_each_role_once_or_is_stale() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let other = queue.world.project("other").await;
    let foreign = other.role("qa").await;
    let mut order: Vec<_> = roles(&queue).await.iter().map(|role| role.id).collect();
    order.reverse();

    for wrong in [
        vec![],
        order[1..].to_vec(),
        [&order[..], &order[..1]].concat(),
        [&order[1..], &[foreign]].concat(),
        [&order[1..], &order[1..2]].concat(),
    ] {
        let refusal = refused!(queue, reorder_roles, owner, &wrong);
        assert!(matches!(refusal, Error::Stale { .. }), "{wrong:?}");
    }
    call!(queue, reorder_roles, owner, &order).unwrap();

    assert_eq!(keys(&queue).await, ["design", "qa", "frontend", "backend"]);
    let before = queue.fingerprint().await;
    call!(queue, reorder_roles, owner, &order).unwrap();
    assert_eq!(queue.fingerprint().await, before);
}

#[tokio::test]
async fn an_order_from_before_a_role_was_added_is_stale() {
    let queue = Queue::new().await;
    let order: Vec<_> = roles(&queue).await.iter().rev().map(|role| role.id).collect();
    let mut adding = queue.pool().begin().await.unwrap();
    create_role(&mut adding, &queue.project.scope, &named("Docs")).await.unwrap();

    let ordering = tokio::spawn(job!(queue, queue.project.scope, |db, scope| reorder_roles(
        &mut db, &scope, &order
    )));
    queue.world.until_blocked(1).await;
    adding.commit().await.unwrap();

    assert!(matches!(ordering.await.unwrap(), Err(Error::Stale { .. })));
    assert_eq!(keys(&queue).await.last().unwrap(), "docs");
}

#[tokio::test]
async fn a_role_of_another_project_is_not_found() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let foreign = queue.world.project("other").await.role("qa").await;
    let edit = RoleEdit { label: line("Stolen"), color: Swatch::Red };

    for role in [foreign, RoleId::fresh()] {
        let refusals = [
            refused!(queue, edit_role, owner, role, &edit),
            refused!(queue, move_role, owner, role, Direction::Down),
            refused!(queue, role_use, owner, role),
            refused!(queue, delete_role, owner, role),
        ];
        for refusal in refusals {
            assert_eq!(refusal.to_string(), format!("there is no role {role} here"));
        }
    }
}

#[tokio::test]
async fn a_role_that_goes_frees_its_tasks_and_takes_nobody_along() {
    let queue = Queue::new().await;
    let qa = queue.project.role("qa").await;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;
    let tester = queue.project.agent_of(&ana.user, "tester").await.scope;
    let novice = queue.agent_with("novice", &[]).await;
    let for_qa = |title: &str| NewTask { target_role: Some(qa), ..titled(title) };
    let waiting = queue.make(for_qa("waiting")).await;
    let held = queue.make(for_qa("held")).await;
    let closed = queue.make(for_qa("closed")).await;
    let other = queue.task("for everybody").await;
    queue.done(closed).await;
    let claim = queue.claim(&tester, held).await;
    let new = NewToken {
        user: ana.user.id,
        name: line("qa-bot"),
        default_role: Some(qa),
        expires_at: None,
    };
    let token = call!(queue, tokens::issue, &ana.scope, &new, chrono::Utc::now()).unwrap().id;
    let versions = (queue.get(waiting).await.card.version, queue.get(other).await.card.version);
    assert!(!queue.is_offered(&novice, waiting).await);

    let expected = RoleUse { members: 2, tokens: 1, open_tasks: 2 };
    let asked = call!(queue, role_use, &queue.project.scope, qa).unwrap();
    let listed = used_roles(&mut *queue.world.db().await, &queue.project.scope).await.unwrap();
    let lost = call!(queue, delete_role, &queue.project.scope, qa).unwrap();

    assert_eq!((asked, lost), (expected, expected));
    let (used, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|one| one.role.id == qa);
    assert_eq!((used[0].role.key.as_str(), used[0].used), ("qa", expected));
    assert_eq!(others.iter().map(|one| one.used.open_tasks).sum::<i64>(), 0);
    assert_eq!(keys(&queue).await, ["backend", "frontend", "design"]);
    for task in [waiting, held, closed] {
        assert_eq!(queue.get(task).await.target_role_id, None);
    }
    assert_eq!(queue.get(waiting).await.card.version, versions.0 + 1);
    assert_eq!(queue.get(other).await.card.version, versions.1);
    assert_eq!(queue.kinds_of(waiting).await, ["task.created", "task.edited"]);
    let event = queue.events_of(waiting).await.pop().unwrap();
    assert_eq!(event.data, json!({ "changed": { "target_role_id": [qa, null] } }));
    assert_eq!(event.actor.unwrap().user, "admin");

    // Everybody may take it now, and who held one goes on.
    assert!(queue.is_offered(&novice, waiting).await);
    let close = tasks::Close { claim: Some(claim.claim_id), ..tasks::Close::default() };
    call!(queue, tasks::close, &tester, held, &close).unwrap();
    let mut db = queue.world.db().await;
    let members = projects::list_members(&mut db, &queue.project.scope).await.unwrap();
    let ana = members.iter().find(|member| member.github_login == "ana").unwrap();
    assert!(ana.roles.is_empty());
    let tokens = tokens::list(&mut db, &queue.project.scope).await.unwrap();
    let token = tokens.iter().find(|one| one.id == token).unwrap();
    assert_eq!(token.default_role, None);
    queue.assert_sound().await;
}

#[tokio::test]
async fn roles_are_deleted_by_the_owner() {
    let queue = Queue::new().await;
    let qa = queue.project.role("qa").await;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;

    let refusal = refused!(queue, delete_role, &ana.scope, qa);

    assert!(matches!(refusal, Error::Forbidden { .. }));
}

#[tokio::test]
async fn a_task_that_asks_for_a_role_which_is_going_is_refused() {
    let queue = Queue::new().await;
    let qa = queue.project.role("qa").await;
    let present = queue.task("present").await;
    let mut deleting = queue.pool().begin().await.unwrap();
    delete_role(&mut deleting, &queue.project.scope, qa).await.unwrap();

    let new = NewTask { target_role: Some(qa), ..titled("new") };
    let creating =
        tokio::spawn(job!(queue, queue.bot, |db, bot| tasks::create(&mut db, &bot, &new)));
    let update = Update { target_role: Patch::Set(qa), ..Update::default() };
    let updating = tokio::spawn(job!(queue, queue.bot, |db, bot| tasks::update(
        &mut db, &bot, present, &update
    )));
    queue.world.until_blocked(2).await;
    deleting.commit().await.unwrap();

    for refused in [creating.await.unwrap(), updating.await.unwrap()] {
        assert!(matches!(refused, Err(Error::NotFound { kind: Kind::Role, .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn a_task_that_got_a_role_just_before_it_goes_loses_it_too() {
    let queue = Queue::new().await;
    let qa = queue.project.role("qa").await;
    let task = queue.task("late").await;
    let update = Update { target_role: Patch::Set(qa), ..Update::default() };
    let mut updating = queue.pool().begin().await.unwrap();
    tasks::update(&mut updating, &queue.bot, task, &update).await.unwrap();

    let deleting = tokio::spawn(job!(queue, queue.project.scope, |db, scope| delete_role(
        &mut db, &scope, qa
    )));
    queue.world.until_blocked(1).await;
    updating.commit().await.unwrap();

    assert_eq!(deleting.await.unwrap().unwrap().open_tasks, 1);
    assert_eq!(queue.get(task).await.target_role_id, None);
    assert_eq!(queue.kinds_of(task).await, ["task.created", "task.edited", "task.edited"]);
}
