//! Who leaves a project, and which token ends: nothing of theirs is held any more.

use nottario::access;
use nottario::error::{Error, Kind};
use nottario::identity::authenticate;
use nottario::identity::tokens::{self, NewToken};
use nottario::ids::TokenId;
use nottario::projects::{leave, remove_member};
use nottario::tasks::{self, ClaimFilter, Close, Force, Lease, NewTask, TaskState};
use serde_json::json;

use crate::tasks::kit::{Queue, call, job, refused, titled};
use crate::world::{MemberFixture, in_browser, line};

/// A queue without leases: what nobody gives back stays held for ever.
async fn without_leases() -> Queue {
    let mut queue = Queue::new().await;
    queue.world.run("update projects set lease_minutes = 0").await;
    queue.bot = queue.entered_again(&queue.bot).await;
    queue
}

async fn revoke(queue: &Queue, token: TokenId) {
    call!(queue, tokens::revoke, &queue.project.scope, token).unwrap();
}

/// The same person as a member again, with a fresh agent.
async fn back_again(queue: &Queue, ana: &MemberFixture) -> access::ProjectScope {
    queue.project.join(&ana.user, &[]).await;
    queue.project.agent_of(&ana.user, "again").await.scope
}

#[tokio::test]
async fn a_revoked_token_holds_nothing() {
    let queue = without_leases().await;
    let agent = queue.project.agent("doomed").await;
    let other = queue.agent("other").await;
    let (one, two) = (queue.task("one").await, queue.task("two").await);
    let kept = queue.task("kept").await;
    let assigned =
        queue.make(NewTask { assignee: Some(queue.project.owner.id), ..titled("assigned") }).await;
    let claim = queue.claim(&agent.scope, one).await;
    queue.claim(&agent.scope, two).await;
    queue.claim(&agent.scope, assigned).await;
    queue.claim(&other, kept).await;
    assert_eq!(claim.lease_expires_at, None);

    revoke(&queue, agent.token).await;

    let states = queue.states([one, two, assigned, kept]).await;
    assert_eq!(states, [TaskState::Todo, TaskState::Todo, TaskState::Todo, TaskState::Doing]);
    let freed = queue.get(one).await;
    assert_eq!((freed.card.assignee, freed.started_at), (None, None));
    assert_eq!(queue.get(assigned).await.card.assignee.as_deref(), Some("admin"));
    let event = queue.events_of(one).await.pop().unwrap();
    assert_eq!(event.kind, "task.released");
    assert_eq!(
        event.data,
        json!({
            "claim_id": claim.claim_id,
            "holder": { "user_id": queue.project.owner.id, "token_id": agent.token },
            "because": "revoked",
        })
    );
    // A late worker with another token of the same person is told to stop.
    let late = Close { claim: Some(claim.claim_id), ..Close::default() };
    for refusal in [
        refused!(queue, tasks::close, &other, one, &late),
        refused!(queue, tasks::heartbeat, &other, one, late.claim, None),
        refused!(queue, tasks::release, &other, one, late.claim, None, Force::No),
    ] {
        assert!(matches!(refusal, Error::LostClaim { .. }), "{refusal:?}");
    }
    assert!(queue.is_offered(&other, one).await);
    queue.assert_sound().await;
}

#[tokio::test]
async fn revoking_a_token_again_changes_nothing() {
    let queue = without_leases().await;
    let agent = queue.project.agent("doomed").await;
    revoke(&queue, agent.token).await;
    let before = queue.fingerprint().await;

    revoke(&queue, agent.token).await;

    assert_eq!(queue.fingerprint().await, before);
}

#[tokio::test]
async fn a_token_that_expired_holds_nothing_once_its_name_is_given_again() {
    let queue = without_leases().await;
    let agent = queue.project.agent("nightly").await;
    let task = queue.task("held").await;
    queue.claim(&agent.scope, task).await;
    queue.world.run("update tokens set expires_at = now() - interval '1 day'").await;

    let new = NewToken {
        user: queue.project.owner.id,
        name: line("nightly"),
        default_role: None,
        expires_at: None,
    };
    call!(queue, tokens::issue, &queue.project.scope, &new, chrono::Utc::now()).unwrap();

    assert_eq!(queue.state(task).await, TaskState::Todo);
}

#[tokio::test]
async fn the_sweep_ends_what_a_token_holds_that_has_expired() {
    let queue = without_leases().await;
    let agent = queue.project.agent("nightly").await;
    let (task, other) = (queue.task("held").await, queue.task("kept").await);
    let claim = queue.claim(&agent.scope, task).await;
    queue.claim(&queue.bot, other).await;
    let by_a_person = queue.task("by a person").await;
    queue.claim(&queue.project.scope, by_a_person).await;
    assert_eq!(queue.sweep().await, 0);

    let expired = "update tokens set expires_at = now() - interval '1 day' where id";
    queue.world.run(format!("{expired} = '{}'", agent.token)).await;

    assert_eq!(queue.lapsed_projects().await, 1);
    assert_eq!(queue.sweep().await, 1);
    assert_eq!(queue.lapsed_projects().await, 0);
    let states = queue.states([task, other, by_a_person]).await;
    assert_eq!(states, [TaskState::Todo, TaskState::Doing, TaskState::Doing]);
    let event = queue.events_of(task).await.pop().unwrap();
    assert_eq!(event.kind, "claim.expired");
    assert_eq!(event.data["claim_id"], json!(claim.claim_id));
}

/// A call that was under way when its token was revoked: the claim is there only afterwards.
#[tokio::test]
async fn the_sweep_ends_a_claim_that_slipped_in_behind_the_revocation() {
    let queue = without_leases().await;
    let agent = queue.project.agent("doomed").await;
    let task = queue.task("wanted").await;
    let mut claiming = queue.pool().begin().await.unwrap();
    let filter = ClaimFilter::default();
    tasks::claim_next(&mut claiming, &agent.scope, &filter, Lease::OfProject).await.unwrap();

    revoke(&queue, agent.token).await;
    claiming.commit().await.unwrap();
    assert_eq!(queue.state(task).await, TaskState::Doing);

    assert_eq!(queue.sweep().await, 1);
    assert_eq!(queue.state(task).await, TaskState::Todo);
}

#[tokio::test]
async fn who_is_removed_holds_nothing_and_is_meant_to_do_nothing() {
    let queue = without_leases().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let agent = queue.project.agent_of(&ana.user, "hers").await;
    let hers = |title: &str| NewTask { assignee: Some(ana.user.id), ..titled(title) };
    let by_agent = queue.task("by her agent").await;
    let by_hand = queue.task("by hand").await;
    let planned = queue.make(hers("planned")).await;
    let closed = queue.make(hers("closed")).await;
    queue.done(closed).await;
    let claim = queue.claim(&agent.scope, by_agent).await;
    queue.claim(&ana.scope, by_hand).await;

    call!(queue, remove_member, &queue.project.scope, ana.user.id).unwrap();

    let states = queue.states([by_agent, by_hand, planned, closed]).await;
    assert_eq!(states, [TaskState::Todo, TaskState::Todo, TaskState::Todo, TaskState::Done],);
    for task in [by_agent, by_hand, planned, closed] {
        assert_eq!(queue.get(task).await.card.assignee, None);
    }
    assert_eq!(queue.kinds_of(by_hand).await.last().unwrap(), "task.released");
    let event = queue.events_of(planned).await.pop().unwrap();
    assert_eq!(event.data, json!({ "changed": { "assignee_id": [ana.user.id, null] } }));
    let event = queue.world.events(&queue.project.scope).await.events.pop().unwrap();
    assert_eq!(
        event.data,
        json!({
            "member": ana.user.id,
            "removed": true,
            "tokens_revoked": 1,
            "tasks_released": 2,
            "tasks_unassigned": 1,
        })
    );
    let now = chrono::Utc::now();
    let mut db = queue.world.db().await;
    assert!(authenticate(&mut db, &agent.secret, now).await.unwrap().is_none());
    drop(db);

    // Back again, with the claim id of before: it is worthless.
    let again = back_again(&queue, &ana).await;
    let late = Close { claim: Some(claim.claim_id), ..Close::default() };
    let refusal = refused!(queue, tasks::close, &again, by_agent, &late);
    assert!(matches!(refusal, Error::LostClaim { .. }));
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_claim_under_way_of_who_is_being_removed_does_not_stay() {
    let queue = without_leases().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let agent = queue.project.agent_of(&ana.user, "hers").await.scope;
    let task = queue.task("wanted").await;
    let mut claiming = queue.pool().begin().await.unwrap();
    let filter = ClaimFilter::default();
    tasks::claim_next(&mut claiming, &agent, &filter, Lease::OfProject).await.unwrap().unwrap();

    let removing = tokio::spawn(job!(queue, queue.project.scope, |db, owner| remove_member(
        &mut db,
        &owner,
        ana.user.id
    )));
    queue.world.until_blocked(1).await;
    claiming.commit().await.unwrap();
    removing.await.unwrap().unwrap();

    assert_eq!(queue.state(task).await, TaskState::Todo);
}

/// What a person holds in the browser has no token by which the sweep would find it later.
#[tokio::test]
async fn a_held_task_that_somebody_is_at_is_waited_for() {
    let queue = without_leases().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let ben = queue.world.member(&queue.project, "ben", &[]).await;
    let planned = NewTask { assignee: Some(ben.user.id), ..titled("taken over") };
    let task = queue.make(planned).await;
    queue.claim(&ben.scope, task).await;
    call!(queue, tasks::claim, &ana.scope, task, None, true, Lease::OfProject).unwrap();
    let mut busy = queue.pool().begin().await.unwrap();
    sqlx::raw_sql("select from tasks for no key update").execute(&mut *busy).await.unwrap();

    let removing = tokio::spawn(job!(queue, queue.project.scope, |db, owner| remove_member(
        &mut db,
        &owner,
        ana.user.id
    )));
    queue.world.until_blocked(1).await;
    busy.commit().await.unwrap();
    removing.await.unwrap().unwrap();

    let task = queue.get(task).await.card;
    assert_eq!((task.state, task.assignee.as_deref()), (TaskState::Todo, Some("ben")));
}

#[tokio::test]
async fn a_task_that_gets_who_is_being_removed_is_refused() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let task = queue.task("for ana").await;
    let mut removing = queue.pool().begin().await.unwrap();
    remove_member(&mut removing, &queue.project.scope, ana.user.id).await.unwrap();

    let assignee = nottario::text::Patch::Set(ana.user.id);
    let update = tasks::Update { assignee, ..tasks::Update::default() };
    let updating =
        tokio::spawn(job!(queue, queue.bot, |db, bot| tasks::update(&mut db, &bot, task, &update)));
    queue.world.until_blocked(1).await;
    removing.commit().await.unwrap();

    let refused = updating.await.unwrap();
    assert!(matches!(refused, Err(Error::NotFound { kind: Kind::Member, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_member_leaves_and_an_owner_names_who_follows() {
    let queue = without_leases().await;
    let (ana, ben) = (
        queue.world.member(&queue.project, "ana", &[]).await,
        queue.world.member(&queue.project, "ben", &[]).await,
    );
    let agent = queue.project.agent_of(&ben.user, "his").await.scope;
    let task = queue.task("held").await;
    queue.claim(&agent, task).await;
    let owner = &queue.project.scope;
    let owner_id = queue.project.owner.id;

    let by_agent = refused!(queue, leave, &agent, None);
    let named_by_member = refused!(queue, leave, &ben.scope, Some(ana.user.id));
    let without_successor = refused!(queue, leave, owner, None);
    let to_oneself = refused!(queue, leave, owner, Some(owner_id));
    let stranger = queue.world.user("stranger").await;
    let to_stranger = refused!(queue, leave, owner, Some(stranger.id));
    assert!(matches!(by_agent, Error::Forbidden { .. }));
    assert!(matches!(named_by_member, Error::Invalid { field, .. } if field == "successor"));
    assert_eq!(
        without_successor.to_string(),
        "you may not take the owner out of the project: name another owner first"
    );
    assert!(matches!(to_oneself, Error::Invalid { field, .. } if field == "successor"));
    assert!(matches!(to_stranger, Error::NotFound { kind: Kind::Member, .. }));

    call!(queue, leave, &ben.scope, None).unwrap();
    call!(queue, leave, owner, Some(ana.user.id)).unwrap();

    let hers = access::enter(&mut *queue.world.db().await, &ana.caller, queue.project.id).await;
    let hers = hers.unwrap();
    assert_eq!(hers.standing(), access::Standing::Owner);
    for gone in [&ben.user, &queue.project.owner] {
        let entered =
            access::enter(&mut *queue.world.db().await, &in_browser(gone), queue.project.id).await;
        assert!(matches!(entered, Err(Error::NotFound { kind: Kind::Project, .. })));
    }
    let mut db = queue.world.db().await;
    let task = tasks::get(&mut db, &hers, task).await.unwrap();
    assert_eq!((task.card.state, task.card.assignee), (TaskState::Todo, None));
}
