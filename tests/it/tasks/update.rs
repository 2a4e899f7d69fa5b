//! Changing tasks: absent, null, and set; versions; moving to another feature.

use nottario::error::Error;
use nottario::ids::{CycleId, TaskId, UserId};
use nottario::tasks::{NewTask, Priority, TaskState, TaskType, Update, add_dependency, update};
use nottario::text::{Markdown, Patch};

use super::kit::{Queue, call, refused, titled};
use crate::world::line;

#[tokio::test]
async fn what_is_not_named_stays_and_null_clears() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let role = queue.project.role("qa").await;
    let task = queue
        .make(NewTask {
            description: Markdown::parse("before").unwrap(),
            assignee: Some(queue.project.owner.id),
            target_role: Some(role),
            parent: Some(feature),
            ..titled("before")
        })
        .await;

    let set = Update {
        title: Some(line("after")),
        kind: Some(TaskType::Chore),
        priority: Some(Priority::Bucket("critical".to_owned())),
        ..Update::default()
    };
    let card = call!(queue, update, &queue.bot, task, &set).unwrap();
    let whole = queue.get(task).await;
    assert_eq!((card.title.as_str(), card.kind, card.priority), ("after", TaskType::Chore, 100));
    assert_eq!((whole.description.as_str(), whole.target_role_id), ("before", Some(role)));
    assert_eq!(
        (whole.assignee_user_id, whole.parent_task_id),
        (Some(queue.project.owner.id), Some(feature))
    );

    let clear = Update {
        assignee: Patch::Clear,
        target_role: Patch::Clear,
        parent: Patch::Clear,
        ..Update::default()
    };
    let card = call!(queue, update, &queue.bot, task, &clear).unwrap();
    assert!(card.assignee.is_none() && card.target_role.is_none() && card.parent_key.is_none());
    assert_eq!((card.title.as_str(), card.version), ("after", 3));
    assert_eq!(queue.get(feature).await.open_children, 0);
    queue.assert_sound().await;
}

#[tokio::test]
async fn who_changed_the_text_is_noted_and_who_changed_the_rest_is_not() {
    let queue = Queue::new().await;
    let ana = queue.agent_with("ana", &[]).await;
    let task = queue.task("text").await;

    let priority = Update { priority: Some(Priority::Value(5)), ..Update::default() };
    call!(queue, update, &queue.bot, task, &priority).unwrap();
    assert!(queue.get(task).await.edited_by.is_none());
    let text = Update { description: Some(Markdown::parse("new").unwrap()), ..Update::default() };
    call!(queue, update, &ana, task, &text).unwrap();

    let whole = queue.get(task).await;
    assert_eq!(whole.edited_by.unwrap().to_string(), r#"agent "ana" for ana"#);
    assert!(whole.edited_at.is_some());
    assert_eq!(queue.kinds_of(task).await, ["task.created", "task.edited", "task.edited"]);
}

#[tokio::test]
async fn a_stale_version_is_refused_and_the_same_values_change_nothing() {
    let queue = Queue::new().await;
    let task = queue.task("title").await;
    let same = Update {
        title: Some(line("title")),
        description: Some(Markdown::default()),
        assignee: Patch::Clear,
        expected_version: Some(1),
        ..Update::default()
    };
    let before = queue.fingerprint().await;

    assert_eq!(call!(queue, update, &queue.bot, task, &same).unwrap().version, 1);
    assert_eq!(queue.fingerprint().await, before);
    let change =
        Update { title: Some(line("new")), expected_version: Some(1), ..Update::default() };
    assert_eq!(call!(queue, update, &queue.bot, task, &change).unwrap().version, 2);

    let refusal = refused!(queue, update, &queue.bot, task, &change);
    assert!(matches!(refusal, Error::Stale { current: 2, .. }), "{refusal:?}");
}

#[tokio::test]
async fn a_feature_with_children_stays_one() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    queue.done(child).await;
    queue.reopen(child).await;
    let change = Update { kind: Some(TaskType::Task), ..Update::default() };

    let refusal = refused!(queue, update, &queue.bot, feature, &change);
    assert!(refusal.to_string().starts_with("type: "), "{refusal}");

    let out = Update { parent: Patch::Clear, ..Update::default() };
    call!(queue, update, &queue.bot, child, &out).unwrap();
    assert_eq!(call!(queue, update, &queue.bot, feature, &change).unwrap().kind, TaskType::Task);
}

#[tokio::test]
async fn moving_is_refused_where_it_would_make_a_loop_or_go_too_deep() {
    let queue = Queue::new().await;
    let top = queue.feature("top").await;
    let inner = queue.part(top, "inner").await;
    let (task, waited) = (queue.task("task").await, queue.task("waited for").await);
    let other = queue.feature("other").await;
    queue.waits(other, waited).await;
    queue.waits(task, other).await;
    let to = |parent| Update { parent: Patch::Set(parent), ..Update::default() };

    for (what, parent, because) in [
        (top, top, "its own parent"),
        (top, inner, "loop"),
        // The feature waits for it, and it for the feature.
        (waited, other, "loop"),
        (task, other, "loop"),
        (inner, waited, "no feature"),
        (task, TaskId::fresh(), "there is no task"),
    ] {
        let refusal = refused!(queue, update, &queue.bot, what, &to(parent));
        assert!(refusal.to_string().contains(because), "{refusal}");
    }

    let three = queue.part(inner, "three").await;
    let tall = queue.feature("tall").await;
    queue.child(tall, "below").await;
    let refusal = refused!(queue, update, &queue.bot, tall, &to(three));
    assert!(refusal.to_string().contains("at most 4 levels"), "{refusal}");
    call!(queue, update, &queue.bot, tall, &to(inner)).unwrap();
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_descendant_that_is_waited_for_keeps_its_feature_out() {
    let queue = Queue::new().await;
    let waiting = queue.feature("waiting").await;
    let part = queue.part(waiting, "part").await;
    let feature = queue.feature("feature").await;
    let below = queue.child(feature, "below").await;
    queue.waits(waiting, below).await;

    let into = Update { parent: Patch::Set(part), ..Update::default() };
    let refusal = refused!(queue, update, &queue.bot, feature, &into);

    assert!(refusal.to_string().contains("loop"), "{refusal}");
}

#[tokio::test]
async fn an_open_task_does_not_go_into_a_closed_feature_and_a_closed_one_may() {
    let queue = Queue::new().await;
    let feature = queue.feature("closed").await;
    queue.wont_do(feature).await;
    let task = queue.task("task").await;
    let into = Update { parent: Patch::Set(feature), ..Update::default() };

    let refusal = refused!(queue, update, &queue.bot, task, &into);
    assert_eq!(refusal.code(), "not_ready");

    queue.done(task).await;
    call!(queue, update, &queue.bot, task, &into).unwrap();
    assert_eq!(queue.states([feature, task]).await, [TaskState::WontDo, TaskState::Done]);
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_moved_feature_takes_what_is_below_it_into_the_cycle() {
    let queue = Queue::new().await;
    let old = queue.feature("old").await;
    let child = queue.child(old, "child").await;
    queue.done(child).await;
    queue.end_cycle().await;
    assert_eq!(queue.get(child).await.cycle.name, "sprint-1");
    let new = queue.feature("new").await;

    let into = Update { parent: Patch::Set(new), ..Update::default() };
    call!(queue, update, &queue.bot, old, &into).unwrap();

    assert_eq!(queue.get(old).await.cycle.name, "sprint-2");
    assert_eq!(queue.get(child).await.cycle.name, "sprint-2");
    queue.assert_sound().await;
}

#[tokio::test]
async fn only_the_open_cycle_can_be_named() {
    let queue = Queue::new().await;
    let (open, closed) = (queue.task("open").await, queue.task("closed").await);
    queue.done(closed).await;
    let first = queue.get(open).await.cycle.id;
    queue.end_cycle().await;
    let second = queue.get(open).await.cycle.id;
    let named = |cycle: CycleId| Update { cycle: Some(cycle), ..Update::default() };

    assert_eq!(call!(queue, update, &queue.bot, open, &named(second)).unwrap().version, 2);
    for cycle in [first, CycleId::fresh()] {
        let refusal = refused!(queue, update, &queue.bot, open, &named(cycle));
        assert!(refusal.to_string().starts_with("cycle_id: "), "{refusal}");
    }
    let refusal = refused!(queue, update, &queue.bot, closed, &named(second));
    assert_eq!(refusal.code(), "not_ready");
}

#[tokio::test]
async fn unknown_assignees_and_foreign_tasks_are_refused() {
    let queue = Queue::new().await;
    let task = queue.task("task").await;
    let other = queue.world.project("other").await.agent("foreign").await.scope;

    let change = Update { assignee: Patch::Set(UserId::fresh()), ..Update::default() };
    assert_eq!(refused!(queue, update, &queue.bot, task, &change).code(), "not_found");
    let change = Update { title: Some(line("mine now")), ..Update::default() };
    assert_eq!(refused!(queue, update, &other, task, &change).code(), "not_found");
    assert_eq!(refused!(queue, add_dependency, &other, task, task).code(), "invalid");
}

#[tokio::test]
async fn saving_a_form_does_not_choose_the_assignee_that_a_claim_has_set() {
    let queue = Queue::new().await;
    let task = queue.task("taken").await;
    queue.claim(&queue.bot, task).await;

    // The form sends every field, and only the title is new.
    let form = Update {
        title: Some(line("clearer")),
        assignee: Patch::Set(queue.project.owner.id),
        ..Update::default()
    };
    call!(queue, update, &queue.project.scope, task, &form).unwrap();
    let released = call!(
        queue,
        nottario::tasks::release,
        &queue.bot,
        task,
        None,
        None,
        nottario::tasks::Force::No
    );

    assert!(released.unwrap().assignee.is_none());
}

#[tokio::test]
async fn an_assignee_chosen_while_the_task_is_held_stays() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let task = queue.task("taken").await;
    queue.claim(&queue.bot, task).await;

    let change = Update { assignee: Patch::Set(ana.user.id), ..Update::default() };
    call!(queue, update, &queue.bot, task, &change).unwrap();
    queue.lapse(task).await;
    assert_eq!(queue.sweep().await, 1);

    assert_eq!(queue.get(task).await.assignee_user_id, Some(ana.user.id));
}
