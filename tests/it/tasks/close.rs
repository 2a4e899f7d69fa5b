//! Finishing work: the table of states, comment and commits, and what closes with a feature.

use nottario::error::Error;
use nottario::ids::{ClaimId, TaskId};
use nottario::tasks::{
    self, Close, CommitMessage, NewCommit, Outcome, Repo, Sha, TaskState, close, reopen,
};
use nottario::text::CommentBody;

use super::kit::{Queue, as_wont_do, call, refused, said};
use TaskState::{Doing, Done, Todo, WontDo};

fn commit(sha: &str) -> NewCommit {
    NewCommit {
        repo: Repo::parse("acme/atlas").unwrap(),
        sha: Sha::parse(sha).unwrap(),
        message: CommitMessage::parse("Fix it").ok(),
    }
}

/// A task in the given state, held by the queue's agent when it is `doing`.
async fn task_in(queue: &Queue, state: TaskState) -> TaskId {
    let task = queue.task("task").await;
    match state {
        Todo => {}
        Doing => drop(queue.claim(&queue.bot, task).await),
        Done => drop(queue.done(task).await),
        WontDo => drop(queue.wont_do(task).await),
    }
    assert_eq!(queue.state(task).await, state);
    task
}

#[tokio::test]
async fn the_table_of_states_is_kept() {
    let queue = Queue::new().await;
    // From, then what closing as done and as won't do lead to; none where it is refused.
    for (from, done, wont_do) in [
        (Todo, Some(Done), Some(WontDo)),
        (Doing, Some(Done), Some(WontDo)),
        (Done, Some(Done), None),
        (WontDo, None, Some(WontDo)),
    ] {
        for (outcome, expected) in [(Outcome::Done, done), (Outcome::WontDo, wont_do)] {
            let task = task_in(&queue, from).await;
            let version = queue.get(task).await.card.version;
            let how = Close { outcome, ..Close::default() };
            if let Some(expected) = expected {
                let closed = call!(queue, close, &queue.bot, task, &how).unwrap();
                assert_eq!(closed.task.state, expected, "{from} to {outcome:?}");
                let grown = i32::from(from != expected);
                assert_eq!(closed.task.version, version + grown, "{from} to {outcome:?}");
            } else {
                let refusal = refused!(queue, close, &queue.bot, task, &how);
                assert_eq!(refusal.code(), "not_ready");
                assert!(refusal.next().contains("reopen it"), "{}", refusal.next());
            }
        }
        let task = task_in(&queue, from).await;
        let claim = tasks::claim;
        let lease = tasks::Lease::OfProject;
        match from {
            Todo => drop(call!(queue, claim, &queue.bot, task, None, false, lease).unwrap()),
            Doing => drop(refused!(queue, claim, &queue.bot, task, None, false, lease)),
            _ => {
                let refusal = refused!(queue, claim, &queue.bot, task, None, false, lease);
                assert!(refusal.next().contains("reopen it"), "{}", refusal.next());
            }
        }
        let task = task_in(&queue, from).await;
        let card = call!(queue, reopen, &queue.bot, task).unwrap();
        assert_eq!(card.state, if from == Doing { Doing } else { Todo });
    }
    queue.assert_sound().await;
}

#[tokio::test]
async fn closing_ends_the_claim_and_keeps_when_the_work_began() {
    let queue = Queue::new().await;
    let task = task_in(&queue, Doing).await;
    let held = queue.get(task).await;

    call!(queue, close, &queue.bot, task, &Close::default()).unwrap();

    let closed = queue.get(task).await;
    assert_eq!(closed.started_at, held.started_at);
    assert!(closed.closed_at.is_some());
    assert!(closed.card.held_by.is_none() && !closed.card.ready);
    assert_eq!(closed.card.assignee.as_deref(), Some("admin"));
}

#[tokio::test]
async fn the_event_of_closing_names_the_claim_that_ended() {
    let queue = Queue::new().await;
    let alone = queue.task("alone").await;
    let (linked, before) = (queue.task("linked").await, queue.task("before").await);
    queue.waits(linked, before).await;
    queue.done(before).await;

    for task in [alone, linked] {
        let claim = queue.claim(&queue.bot, task).await;
        queue.done(task).await;
        let event = queue.events_of(task).await.pop().unwrap();
        assert_eq!(event.kind, "task.closed");
        assert_eq!(event.data["claim_id"], claim.claim_id.to_string());
    }
}

#[tokio::test]
async fn comment_commits_and_state_are_one() {
    let queue = Queue::new().await;
    let task = queue.task("task").await;
    let claim = queue.claim(&queue.bot, task).await;
    let how = Close {
        comment: CommentBody::parse("shipped").ok(),
        commits: vec![commit("ABCDEF1"), commit("abcdef2"), commit("abcdef1")],
        claim: Some(claim.claim_id),
        ..Close::default()
    };

    let late = Close { claim: Some(ClaimId::fresh()), ..how.clone() };
    assert_eq!(refused!(queue, close, &queue.bot, task, &late).code(), "lost_claim");
    let closed = call!(queue, close, &queue.bot, task, &how).unwrap();

    assert_eq!((closed.task.state, closed.linked_commit_count), (Done, 3));
    let mut db = queue.world.db().await;
    let comments = tasks::comments(&mut db, &queue.bot, task, None, 10).await.unwrap();
    assert_eq!(Some(comments[0].id), closed.comment_id);
    assert_eq!(tasks::commits(&mut db, &queue.bot, task, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn done_waits_for_prerequisites_and_wont_do_does_not() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    queue.waits(task, before).await;

    let refusal = refused!(queue, close, &queue.bot, task, &Close::default());
    let Error::Blocked { key, open } = &refusal else { panic!("{refusal:?}") };
    assert_eq!((key.as_str(), open.len()), ("ATL-1", 1));
    assert_eq!((open[0].key.as_str(), open[0].title.as_str()), ("ATL-2", "before"));
    assert_eq!(open[0].state, "todo");

    queue.wont_do(task).await;
    queue.reopen(task).await;
    let freed = queue.wont_do(before).await;
    assert_eq!(freed.now_ready, ["ATL-1"], "won't do frees as well as done");
    queue.done(task).await;
}

#[tokio::test]
async fn only_the_holder_closes() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let feature = queue.feature("feature").await;
    let (alone, linked) = (queue.task("alone").await, queue.child(feature, "linked").await);

    for task in [alone, linked] {
        queue.claim(&queue.bot, task).await;
        for how in [Close::default(), as_wont_do()] {
            let refusal = refused!(queue, close, &second, task, &how);
            assert!(matches!(refusal, Error::Taken(_)), "{refusal:?}");
        }
        queue.done(task).await;
    }
}

#[tokio::test]
async fn a_feature_is_done_after_its_children() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    queue.child(feature, "child").await;

    let refusal = refused!(queue, close, &queue.bot, feature, &Close::default());

    assert!(said::<()>(Err(refusal)).starts_with("blocked: ATL-1 waits for ATL-2"));
}

#[tokio::test]
async fn wont_do_takes_the_children_along_only_when_told_to() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let part = queue.part(feature, "part").await;
    let [deep, finished] = [queue.child(part, "deep").await, queue.child(part, "finished").await];
    let waiting = queue.task("waiting").await;
    queue.waits(waiting, deep).await;
    queue.done(finished).await;

    let refusal = refused!(queue, close, &queue.bot, feature, &as_wont_do());
    assert!(refusal.to_string().contains("ATL-2"), "{refusal}");
    assert!(refusal.next().contains("cascade: true"), "{}", refusal.next());

    let how = Close { cascade: true, ..as_wont_do() };
    let closed = call!(queue, close, &queue.bot, feature, &how).unwrap();
    assert_eq!(queue.states([feature, part, deep, finished]).await, [WontDo, WontDo, WontDo, Done]);
    assert_eq!(closed.now_ready, ["ATL-5"]);
    assert!(closed.rolled_up.is_empty());
    assert_eq!(
        queue.events_of(deep).await.pop().unwrap().data["cascade_from"],
        feature.to_string()
    );
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_cascade_does_not_close_what_others_are_doing() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await.scope;
    let feature = queue.feature("feature").await;
    let (mine, others) =
        (queue.child(feature, "mine").await, queue.child(feature, "other's").await);
    queue.claim(&queue.bot, mine).await;
    queue.claim(&second, others).await;
    let how = Close { cascade: true, ..as_wont_do() };

    let refusal = refused!(queue, close, &queue.bot, feature, &how);
    assert_eq!(refusal.code(), "taken");
    assert!(refusal.to_string().contains("ATL-3") && !refusal.to_string().contains("ATL-2"));

    let confirmed = Close { force: tasks::Force::Confirmed, ..how };
    call!(queue, close, &ana, feature, &confirmed).unwrap();
    assert_eq!(queue.states([feature, mine, others]).await, [WontDo; 3]);
}

#[tokio::test]
async fn another_projects_task_is_not_found_and_not_touched() {
    let queue = Queue::new().await;
    let task = queue.task("ours").await;
    let other = queue.world.project("other").await.agent("theirs").await.scope;

    assert_eq!(refused!(queue, close, &other, task, &Close::default()).code(), "not_found");
    assert_eq!(refused!(queue, reopen, &other, task).code(), "not_found");
    let release = refused!(queue, tasks::release, &other, task, None, None, tasks::Force::No);
    assert_eq!(release.code(), "not_found");
    assert_eq!(refused!(queue, tasks::heartbeat, &other, task, None, None).code(), "not_found");
    let body = CommentBody::parse("hello").unwrap();
    assert_eq!(refused!(queue, tasks::add_comment, &other, task, &body).code(), "not_found");
    let link = commit("abcdef1");
    assert_eq!(refused!(queue, tasks::link_commit, &other, task, &link).code(), "not_found");
}
