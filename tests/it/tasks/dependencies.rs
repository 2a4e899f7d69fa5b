//! Edges: what may wait for what, and readiness that follows.

use nottario::ids::TaskId;
use nottario::tasks::{
    NewTask, TaskState, TaskType, add_dependency, dependents, prerequisites, remove_dependency,
};

use super::kit::{Queue, call, refused, titled};

#[tokio::test]
async fn a_task_waits_until_everything_before_it_is_closed() {
    let queue = Queue::new().await;
    let task = queue.task("task").await;
    let [one, two] = [queue.task("one").await, queue.task("two").await];
    queue.waits(task, one).await;
    let card = call!(queue, add_dependency, &queue.bot, task, two).unwrap();
    assert_eq!((card.ready, card.version), (false, 3));

    assert!(queue.done(one).await.now_ready.is_empty());
    assert_eq!(queue.wont_do(two).await.now_ready, ["ATL-1"]);
    queue.reopen(one).await;

    assert!(!queue.is_ready(task).await);
    let mut db = queue.world.db().await;
    let before: Vec<_> = prerequisites(&mut db, &queue.bot, task).await.unwrap();
    assert_eq!(before.iter().map(|card| card.id).collect::<Vec<_>>(), [one, two]);
    let after = dependents(&mut db, &queue.bot, one).await.unwrap();
    assert_eq!(after.iter().map(|card| card.id).collect::<Vec<_>>(), [task]);
    drop(db);
    queue.assert_sound().await;
}

#[tokio::test]
async fn adding_twice_and_removing_what_is_not_there_change_nothing() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    queue.waits(task, before).await;
    let fingerprint = queue.fingerprint().await;

    call!(queue, add_dependency, &queue.bot, task, before).unwrap();
    call!(queue, remove_dependency, &queue.bot, before, task).unwrap();
    assert_eq!(queue.fingerprint().await, fingerprint);

    let card = call!(queue, remove_dependency, &queue.bot, task, before).unwrap();
    assert!(card.ready);
    let kinds = queue.kinds_of(task).await;
    assert_eq!(kinds, ["task.created", "dependency.added", "dependency.removed"]);
    queue.assert_sound().await;
}

#[tokio::test]
async fn an_edge_that_is_there_can_be_added_again_whatever_has_happened_since() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    queue.waits(task, before).await;
    queue.done(before).await;
    queue.done(task).await;
    queue.reopen(before).await;

    call!(queue, add_dependency, &queue.bot, task, before).unwrap();

    queue.assert_no_drift().await;
}

#[tokio::test]
async fn nothing_waits_for_itself_in_any_number_of_steps() {
    let queue = Queue::new().await;
    let mut row = Vec::new();
    for nth in 0..8 {
        row.push(queue.task(&format!("step {nth}")).await);
    }
    for pair in row.windows(2) {
        queue.waits(pair[0], pair[1]).await;
    }

    for later in &row[1..] {
        let refusal = refused!(queue, add_dependency, &queue.bot, *later, row[0]);
        assert!(refusal.to_string().contains("that would be a loop"), "{refusal}");
    }
    let refusal = refused!(queue, add_dependency, &queue.bot, row[0], row[0]);
    assert!(refusal.to_string().contains("itself"), "{refusal}");
}

#[tokio::test]
async fn parents_count_in_loops() {
    let queue = Queue::new().await;
    let top = queue.feature("top").await;
    let part = queue.part(top, "part").await;
    let child = queue.child(part, "child").await;
    let outside = queue.task("outside").await;
    let further = queue.task("further").await;

    // A child cannot wait for its feature, nor a feature for its descendant.
    for (task, before, because) in [
        (child, part, "loop"),
        (child, top, "loop"),
        (part, top, "loop"),
        (top, child, "part of"),
        (top, part, "part of"),
    ] {
        let refusal = refused!(queue, add_dependency, &queue.bot, task, before);
        assert!(refusal.to_string().contains(because), "{refusal}");
    }

    // Through a task outside: it waits for the feature, which waits for its child.
    queue.waits(outside, top).await;
    queue.waits(further, outside).await;
    let refusal = refused!(queue, add_dependency, &queue.bot, child, further);
    assert!(refusal.to_string().contains("loop"), "{refusal}");
    call!(queue, remove_dependency, &queue.bot, outside, top).unwrap();
    queue.waits(child, further).await;
    let refusal = refused!(queue, add_dependency, &queue.bot, outside, top);
    assert!(refusal.to_string().contains("loop"), "{refusal}");
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_new_child_does_not_close_a_loop_either() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let waits_for_it = queue.task("waits for it").await;
    queue.waits(waits_for_it, feature).await;

    let child =
        NewTask { parent: Some(feature), depends_on: vec![waits_for_it], ..titled("child") };
    let refusal = refused!(queue, nottario::tasks::create, &queue.bot, &child);

    assert!(refusal.to_string().contains("loop"), "{refusal}");
}

#[tokio::test]
async fn a_closed_task_waits_for_nothing_open() {
    let queue = Queue::new().await;
    let [closed, open] = [queue.task("closed").await, queue.task("open").await];
    let also_closed = queue.task("also closed").await;
    queue.wont_do(closed).await;
    queue.done(also_closed).await;

    let refusal = refused!(queue, add_dependency, &queue.bot, closed, open);
    assert!(refusal.next().starts_with("reopen it"), "{}", refusal.next());
    call!(queue, add_dependency, &queue.bot, closed, also_closed).unwrap();
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_held_task_can_get_a_prerequisite_and_is_then_not_done_before_it() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    queue.claim(&queue.bot, task).await;

    queue.waits(task, before).await;

    assert_eq!(queue.state(task).await, TaskState::Doing);
    let how = nottario::tasks::Close::default();
    let refusal = refused!(queue, nottario::tasks::close, &queue.bot, task, &how);
    assert_eq!(refusal.code(), "blocked");
}

#[tokio::test]
async fn both_ends_have_to_be_here() {
    let queue = Queue::new().await;
    let task = queue.task("task").await;
    let other = queue.world.project("other").await.agent("theirs").await.scope;
    let foreign = call!(queue, nottario::tasks::create, &other, &titled("theirs")).unwrap().id;

    for missing in [foreign, TaskId::fresh()] {
        for (from, to) in [(task, missing), (missing, task)] {
            let refusal = refused!(queue, add_dependency, &queue.bot, from, to);
            assert_eq!(refusal.code(), "not_found");
            let refusal = refused!(queue, remove_dependency, &queue.bot, from, to);
            assert_eq!(refusal.code(), "not_found");
        }
    }
}

#[tokio::test]
async fn an_empty_feature_waits_like_a_task() {
    let queue = Queue::new().await;
    let (feature, before) = (queue.feature("feature").await, queue.task("before").await);
    queue.waits(feature, before).await;
    assert!(!queue.is_ready(feature).await);

    let closed = queue.done(before).await;

    assert_eq!((closed.now_ready, closed.rolled_up), (vec!["ATL-1".to_owned()], vec![]));
    assert_eq!(queue.get(feature).await.card.kind, TaskType::Feature);
}
