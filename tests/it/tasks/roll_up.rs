//! Features follow their children, up when the last one closes and back when one is reopened; and
//! the list that shows what the rules do not mend.

use nottario::tasks::{self, Close, NewTask, TaskState, close, reopen};

use super::kit::{Queue, call, refused, titled};
use TaskState::{Done, Todo, WontDo};

#[tokio::test]
async fn the_last_child_closes_its_feature_at_every_level() {
    let queue = Queue::new().await;
    let top = queue.feature("top").await;
    let middle = queue.part(top, "middle").await;
    let bottom = queue.part(middle, "bottom").await;
    let [one, two] = [queue.child(bottom, "one").await, queue.child(bottom, "two").await];

    assert_eq!(queue.wont_do(one).await.rolled_up, [""; 0]);
    let last = queue.done(two).await;

    assert_eq!(last.rolled_up, ["ATL-3", "ATL-2", "ATL-1"]);
    assert_eq!(queue.states([bottom, middle, top]).await, [Done; 3]);
    assert_eq!(queue.events_of(top).await.pop().unwrap().data["rolled_up"], true);
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_feature_of_which_nothing_was_done_is_not_done() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let [one, two] = [queue.child(feature, "one").await, queue.child(feature, "two").await];

    queue.wont_do(one).await;
    queue.wont_do(two).await;

    assert_eq!(queue.state(feature).await, WontDo);
}

#[tokio::test]
async fn what_waited_for_a_rolled_up_feature_is_ready() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    let waiting = queue.task("waiting").await;
    queue.waits(waiting, feature).await;

    let closed = queue.done(child).await;

    assert_eq!((closed.rolled_up, closed.now_ready), (vec!["ATL-1".into()], vec!["ATL-3".into()]));
}

#[tokio::test]
async fn a_feature_that_waits_itself_follows_when_that_closes() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    let before = queue.task("before").await;
    queue.waits(feature, before).await;

    assert!(queue.done(child).await.rolled_up.is_empty());
    assert_eq!(queue.state(feature).await, Todo);
    let closed = queue.done(before).await;

    assert_eq!(closed.rolled_up, ["ATL-1"]);
    assert!(closed.now_ready.is_empty());
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_feature_that_will_not_be_done_does_not_wait() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    let before = queue.task("before").await;
    queue.waits(feature, before).await;

    assert_eq!(queue.wont_do(child).await.rolled_up, ["ATL-1"]);

    assert_eq!(queue.state(feature).await, WontDo);
}

#[tokio::test]
async fn a_feature_that_was_reopened_is_not_given_up_again_when_something_before_it_closes() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    queue.wont_do(child).await;
    queue.reopen(feature).await;
    let [one, two] = [queue.task("one").await, queue.task("two").await];
    queue.waits(feature, one).await;
    queue.waits(feature, two).await;

    assert!(queue.done(one).await.rolled_up.is_empty());
    let last = queue.done(two).await;

    assert_eq!((last.rolled_up, last.now_ready), (vec![], vec!["ATL-1".to_owned()]));
    assert_eq!(queue.state(feature).await, Todo);
}

#[tokio::test]
async fn a_feature_that_somebody_holds_is_rolled_up_too() {
    let queue = Queue::new().await;
    let feature = queue.feature("to be broken down").await;
    let claim = queue.claim(&queue.bot, feature).await;
    let child = queue.child(feature, "child").await;

    assert_eq!(queue.done(child).await.rolled_up, ["ATL-1"]);

    let how = Close { claim: Some(claim.claim_id), ..Close::default() };
    assert_eq!(refused!(queue, close, &queue.bot, feature, &how).code(), "lost_claim");
}

#[tokio::test]
async fn reopening_a_child_opens_everything_above_it() {
    let queue = Queue::new().await;
    let top = queue.feature("top").await;
    let part = queue.part(top, "part").await;
    let child = queue.child(part, "child").await;
    let waiting = queue.task("waiting").await;
    queue.waits(waiting, top).await;
    queue.done(child).await;
    assert!(queue.is_ready(waiting).await);

    let card = call!(queue, reopen, &queue.bot, child).unwrap();

    assert_eq!((card.state, card.ready), (Todo, true));
    assert_eq!(queue.states([top, part, child]).await, [Todo; 3]);
    assert!(!queue.is_ready(waiting).await && !queue.is_ready(top).await);
    let again = queue.get(child).await;
    assert!(again.closed_at.is_none() && again.started_at.is_none());
    assert_eq!(queue.events_of(top).await.pop().unwrap().data["from"], "done");
    queue.assert_sound().await;
}

#[tokio::test]
async fn reopening_clears_the_assignee_that_a_claim_has_set_and_no_other() {
    let queue = Queue::new().await;
    let owner = queue.project.owner.id;
    let by_claim = queue.task("set by the claim").await;
    queue.claim(&queue.bot, by_claim).await;
    let chosen = queue.make(NewTask { assignee: Some(owner), ..titled("chosen") }).await;
    queue.claim(&queue.bot, chosen).await;
    for task in [by_claim, chosen] {
        queue.done(task).await;
        queue.reopen(task).await;
    }

    assert_eq!(queue.get(by_claim).await.assignee_user_id, None);
    assert_eq!(queue.get(chosen).await.assignee_user_id, Some(owner));
}

#[tokio::test]
async fn what_is_reopened_comes_into_the_open_cycle_with_its_feature() {
    let queue = Queue::new().await;
    let top = queue.feature("top").await;
    let [one, two] = [queue.child(top, "one").await, queue.child(top, "two").await];
    let alone = queue.task("alone").await;
    for task in [one, two, alone] {
        queue.done(task).await;
    }
    queue.end_cycle().await;

    queue.reopen(one).await;
    queue.reopen(alone).await;

    for task in [top, one, two, alone] {
        assert_eq!(queue.get(task).await.cycle.name, "sprint-2");
    }
    assert_eq!(queue.states([top, one, two, alone]).await, [Todo, Todo, Done, Todo]);
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_reopened_prerequisite_is_found_by_the_list_of_inconsistencies() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    queue.waits(task, before).await;
    queue.done(before).await;
    queue.done(task).await;
    queue.reopen(before).await;

    let found = tasks::inconsistencies(&mut *queue.world.db().await, &queue.bot).await.unwrap();

    assert_eq!(found.len(), 1);
    assert_eq!((found[0].task_id, found[0].key.as_str()), (task, "ATL-1"));
    assert_eq!(found[0].reason, tasks::Reason::ClosedWithOpenPrerequisite);
    assert_eq!(found[0].details, ["ATL-2"]);
}

#[tokio::test]
async fn the_list_of_inconsistencies_finds_what_the_rules_make_impossible() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    let old = queue.task("old").await;
    queue.done(old).await;
    queue.end_cycle().await;
    queue
        .world
        .run(format!(
            "update tasks set state = 'done', closed_at = now() where id = '{feature}';
             update tasks set state = 'todo', closed_at = null where id = '{old}'"
        ))
        .await;

    let found = tasks::inconsistencies(&mut *queue.world.db().await, &queue.bot).await.unwrap();

    let found: Vec<_> =
        found.iter().map(|one| (one.task_id, one.reason, &one.details[..])).collect();
    let (child_key, cycle) = (queue.get(child).await.card.key, "sprint-1".to_owned());
    assert_eq!(
        found,
        [
            (feature, tasks::Reason::FeatureClosedWithOpenChildren, &[child_key][..]),
            (old, tasks::Reason::OpenInClosedCycle, &[cycle][..]),
        ]
    );
}
