//! Holding work: signs of life, leases that run out, giving back, and late writers.

use nottario::error::Error;
use nottario::ids::ClaimId;
use nottario::tasks::{
    self, Close, Force, Lease, NewTask, TaskState, Update, add_comment, claim, close, heartbeat,
    release,
};
use nottario::text::CommentBody;

use super::kit::{Queue, call, refused, titled};
use crate::world::line;

#[tokio::test]
async fn a_heartbeat_renews_the_lease_and_shows_how_far_it_is() {
    let queue = Queue::new().await;
    let task = queue.task("work").await;
    let first = queue.claim(&queue.bot, task).await;

    let note = line("half way");
    let named = Some(first.claim_id);
    let beat = call!(queue, heartbeat, &queue.bot, task, named, Some(&note)).unwrap();
    let quiet = call!(queue, heartbeat, &queue.bot, task, None, None).unwrap();

    assert_eq!((beat.claim_id, quiet.claim_id), (first.claim_id, first.claim_id));
    assert!(beat.lease_expires_at > first.lease_expires_at);
    assert!(quiet.lease_expires_at > beat.lease_expires_at);
    let card = queue.get(task).await.card;
    assert_eq!(card.held_by.unwrap().note.as_deref(), Some("half way"));
    assert_eq!(card.version, 2, "a sign of life is no change");
    assert_eq!(queue.kinds_of(task).await, ["task.created", "task.claimed", "task.progress"]);
}

#[tokio::test]
async fn only_the_holder_gives_signs_of_life() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let (held, free) = (queue.task("held").await, queue.task("free").await);
    queue.claim(&queue.bot, held).await;

    assert_eq!(refused!(queue, heartbeat, &second, held, None, None).code(), "taken");
    assert_eq!(refused!(queue, heartbeat, &queue.bot, free, None, None).code(), "not_ready");
    let made_up = Some(ClaimId::fresh());
    let refusal = refused!(queue, heartbeat, &queue.bot, held, made_up, None);
    assert_eq!(refusal.code(), "lost_claim");
}

#[tokio::test]
async fn a_lease_that_has_run_out_gives_the_task_back() {
    let queue = Queue::new().await;
    let second = queue.agent_with("ana", &[]).await;
    let (lapsed, alive) = (queue.task("lapsed").await, queue.task("alive").await);
    let lost = queue.claim(&queue.bot, lapsed).await;
    queue.claim(&queue.bot, alive).await;
    let body = CommentBody::parse("so far").unwrap();
    call!(queue, add_comment, &queue.bot, lapsed, &body).unwrap();
    queue.lapse(lapsed).await;

    assert_eq!(queue.sweep().await, 1);
    assert_eq!(queue.sweep().await, 0);

    let back = queue.get(lapsed).await;
    assert_eq!((back.card.state, back.card.ready), (TaskState::Todo, true));
    assert!(back.card.held_by.is_none() && back.card.assignee.is_none());
    assert_eq!((back.started_at, back.comment_count), (None, 1));
    let event = queue.events_of(lapsed).await.pop().unwrap();
    assert_eq!(event.kind, "claim.expired");
    assert!(event.actor.is_none());
    assert_eq!(event.data["claim_id"], lost.claim_id.to_string());
    assert_eq!(event.data["user_id"], queue.project.owner.id.to_string());
    assert_eq!(queue.claim_next(&second).await.unwrap().task.card.id, lapsed);
    assert_eq!(queue.state(alive).await, TaskState::Doing);
}

#[tokio::test]
async fn a_sweep_takes_no_more_than_it_is_told_to() {
    let queue = Queue::new().await;
    for title in ["one", "two", "three"] {
        let task = queue.task(title).await;
        queue.claim(&queue.bot, task).await;
        queue.lapse(task).await;
    }

    let swept = [
        call!(queue, tasks::expire_claims, &queue.bot, 2).unwrap(),
        call!(queue, tasks::expire_claims, &queue.bot, 2).unwrap(),
    ];

    assert_eq!(swept, [2, 1]);
}

#[tokio::test]
async fn an_assignee_chosen_before_the_claim_stays() {
    let queue = Queue::new().await;
    let owner = queue.project.owner.id;
    let task = queue.make(NewTask { assignee: Some(owner), ..titled("assigned") }).await;

    queue.claim(&queue.bot, task).await;
    let card = call!(queue, release, &queue.bot, task, None, None, Force::No).unwrap();
    assert_eq!(card.assignee.as_deref(), Some("admin"));

    queue.claim(&queue.bot, task).await;
    queue.lapse(task).await;
    queue.sweep().await;
    assert_eq!(queue.get(task).await.assignee_user_id, Some(owner));
}

#[tokio::test]
async fn a_released_task_is_as_it_was_and_the_reason_is_a_comment() {
    let queue = Queue::new().await;
    let task = queue.task("too hard").await;
    let claim = queue.claim(&queue.bot, task).await;
    let reason = CommentBody::parse("needs a decision").unwrap();

    let named = Some(claim.claim_id);
    let card = call!(queue, release, &queue.bot, task, named, Some(&reason), Force::No).unwrap();

    assert_eq!((card.state, card.ready, card.version), (TaskState::Todo, true, 3));
    assert!(card.assignee.is_none() && card.held_by.is_none());
    let comments = tasks::comments(&mut *queue.world.db().await, &queue.bot, task, None, 10).await;
    assert_eq!(comments.unwrap()[0].body, "needs a decision");
    let kinds = queue.kinds_of(task).await;
    assert_eq!(kinds, ["task.created", "task.claimed", "comment.added", "task.released"]);
}

#[tokio::test]
async fn releasing_is_the_holders_and_a_repeat_does_nothing() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let (held, free, closed) =
        (queue.task("held").await, queue.task("free").await, queue.task("closed").await);
    let claim = queue.claim(&queue.bot, held).await;
    queue.done(closed).await;

    let by_other = refused!(queue, release, &second, held, None, None, Force::No);
    assert_eq!(by_other.code(), "taken");
    let forced = refused!(queue, release, &second, held, None, None, Force::Confirmed);
    assert_eq!(forced.code(), "taken", "only a person may insist");
    let ended = refused!(queue, release, &queue.bot, closed, None, None, Force::No);
    assert_eq!(ended.code(), "not_ready");
    let late = Some(claim.claim_id);
    let unknown = refused!(queue, release, &queue.bot, free, late, None, Force::No);
    assert_eq!(unknown.code(), "lost_claim");

    let before = queue.fingerprint().await;
    call!(queue, release, &queue.bot, free, None, None, Force::No).unwrap();
    assert_eq!(queue.fingerprint().await, before);
}

#[tokio::test]
async fn a_person_may_release_or_close_what_an_agent_holds() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await.scope;
    let (one, two) = (queue.task("one").await, queue.task("two").await);
    queue.claim(&queue.bot, one).await;
    queue.claim(&queue.bot, two).await;

    let unconfirmed = refused!(queue, release, &ana, one, None, None, Force::No);
    assert_eq!(unconfirmed.code(), "taken");
    call!(queue, release, &ana, one, None, None, Force::Confirmed).unwrap();
    let how = Close { force: Force::Confirmed, ..Close::default() };
    call!(queue, close, &ana, two, &how).unwrap();

    assert_eq!(queue.states([one, two]).await, [TaskState::Todo, TaskState::Done]);
    let event = queue.events_of(one).await.pop().unwrap();
    assert_eq!(event.actor.unwrap().user, "ana");
    assert_eq!(event.data["holder"]["user_id"], queue.project.owner.id.to_string());
}

#[tokio::test]
async fn a_worker_that_wakes_up_late_writes_nothing() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let task = queue.task("work").await;
    let old = Some(queue.claim(&queue.bot, task).await.claim_id);
    queue.lapse(task).await;
    queue.sweep().await;
    let how = Close { claim: old, comment: CommentBody::parse("done!").ok(), ..Close::default() };

    let mut refusals = Vec::new();
    for _ in ["free again", "held by another", "closed"] {
        refusals.push(refused!(queue, heartbeat, &queue.bot, task, old, None));
        refusals.push(refused!(queue, release, &queue.bot, task, old, None, Force::No));
        refusals.push(refused!(queue, close, &queue.bot, task, &how));
        let lease = Lease::OfProject;
        refusals.push(refused!(queue, claim, &queue.bot, task, old, false, lease));
        if queue.state(task).await == TaskState::Todo {
            queue.claim(&second, task).await;
        } else {
            call!(queue, close, &second, task, &Close::default()).unwrap();
        }
    }

    for refusal in refusals {
        assert!(matches!(refusal, Error::LostClaim { .. }), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_call_of_the_holder_renews_the_lease_once_a_tenth_of_it_has_passed() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let task = queue.task("work").await;
    let lease = queue.claim(&queue.bot, task).await.lease_expires_at.unwrap();
    let body = CommentBody::parse("a word").unwrap();
    let expiry = async || queue.get(task).await.card.held_by.unwrap().lease_expires_at.unwrap();

    call!(queue, add_comment, &queue.bot, task, &body).unwrap();
    assert_eq!(expiry().await, lease, "renewed although hardly any time has passed");

    let later = "update tasks set lease_expires_at = lease_expires_at - interval '10 minutes'";
    queue.world.run(later).await;
    let before = expiry().await;
    call!(queue, add_comment, &second, task, &body).unwrap();
    assert_eq!(expiry().await, before, "renewed by somebody else");

    call!(queue, add_comment, &queue.bot, task, &body).unwrap();
    assert!(expiry().await > lease);

    queue.world.run(later).await;
    let title = Update { title: Some(line("clearer")), ..Update::default() };
    call!(queue, tasks::update, &queue.bot, task, &title).unwrap();
    assert!(expiry().await > lease);

    queue.world.run(later).await;
    let next = NewTask { depends_on: vec![task], ..titled("next") };
    call!(queue, tasks::create, &queue.bot, &next).unwrap();
    assert!(expiry().await > lease, "named as what another one waits for");
}

#[tokio::test]
async fn a_restarted_agent_finds_what_its_token_holds() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let (mine, other) = (queue.task("mine").await, queue.task("other").await);
    let claim = queue.claim(&queue.bot, mine).await;
    queue.claim(&second, other).await;

    let held = tasks::held(&mut *queue.world.db().await, &queue.bot).await.unwrap();

    assert_eq!(held.len(), 1);
    assert_eq!((held[0].key.as_str(), held[0].claim), ("ATL-1", claim));
}
