//! Who is handed what: eligibility, order, filters, named claims, and why there is nothing.

use nottario::access::{self, Caller, Via};
use nottario::error::Error;
use nottario::ids::{ClaimId, TaskId};
use nottario::tasks::{
    self, ClaimFilter, Lease, NewTask, TaskState, TaskType, Unblocker, Why, claim, claim_next, next,
};

use super::kit::{Queue, call, refused, titled, urgent};

fn everything() -> ClaimFilter {
    ClaimFilter::default()
}

#[tokio::test]
async fn the_most_urgent_and_then_the_oldest_goes_first() {
    let queue = Queue::new().await;
    for (title, priority) in [("c", 30), ("a", 90), ("b", 90), ("d", 0)] {
        queue.make(urgent(title, priority)).await;
    }

    let mut order = Vec::new();
    while let Some(claimed) = queue.claim_next(&queue.bot).await {
        order.push(claimed.task.card.title);
    }

    assert_eq!(order, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn a_claim_makes_the_task_the_callers() {
    let queue = Queue::new().await;
    let task = queue.task("work").await;

    let claimed = queue.claim_next(&queue.bot).await.unwrap();

    let now = &claimed.task;
    assert_eq!((now.card.id, now.card.state, now.card.version), (task, TaskState::Doing, 2));
    assert_eq!(now.card.assignee.as_deref(), Some("admin"));
    let holder = now.card.held_by.as_ref().unwrap();
    assert_eq!(holder.who.to_string(), r#"agent "bot" for admin"#);
    assert_eq!(Some(holder.since), now.started_at);
    let lease = claimed.claim.lease_expires_at.unwrap() - holder.since;
    assert_eq!(lease.num_minutes(), 60);
    let event = queue.events_of(task).await.pop().unwrap();
    assert_eq!(event.kind, "task.claimed");
    assert_eq!(event.data["claim_id"], claimed.claim.claim_id.to_string());
    assert_eq!(event.actor.unwrap().token.as_deref(), Some("bot"));
}

#[tokio::test]
async fn a_claim_tells_what_the_agent_needs_to_start() {
    let queue = Queue::new().await;
    let feature = queue.feature("the feature").await;
    let child = queue
        .make(NewTask {
            parent: Some(feature),
            description: tasks_markdown("what to do"),
            target_role: Some(queue.project.role("qa").await),
            ..titled("child")
        })
        .await;
    let body = nottario::text::CommentBody::parse("hint").unwrap();
    call!(queue, tasks::add_comment, &queue.bot, child, &body).unwrap();

    let task = queue.claim_next(&queue.bot).await.unwrap().task;

    assert_eq!((task.card.id, task.description.as_str()), (child, "what to do"));
    assert_eq!(task.card.parent_key.as_deref(), Some("ATL-1"));
    assert_eq!(task.parent_title.as_deref(), Some("the feature"));
    assert_eq!(task.card.target_role.as_deref(), Some("qa"));
    assert_eq!((task.comment_count, task.commit_count, task.open_children), (1, 0, 0));
}

fn tasks_markdown(text: &str) -> nottario::text::Markdown {
    nottario::text::Markdown::parse(text).unwrap()
}

#[tokio::test]
async fn assignee_and_role_decide_who_may_take_it() {
    let queue = Queue::new().await;
    let backend = queue.agent_with("ana", &["backend"]).await;
    let nobody = queue.agent_with("bo", &[]).await;
    let ana = backend.user().unwrap();
    let role = queue.project.role("backend").await;
    let anybody = queue.make(urgent("anybody's", 10)).await;
    let for_role =
        queue.make(NewTask { target_role: Some(role), ..urgent("for a role", 20) }).await;
    let hers = queue.make(NewTask { assignee: Some(ana), ..urgent("hers", 30) }).await;
    let both = NewTask { assignee: Some(ana), target_role: Some(role), ..urgent("both", 40) };
    let both = queue.make(both).await;
    // Assigned to somebody who holds the role: no other who holds it may take it.
    let other = queue.project.owner.id;
    let others =
        NewTask { assignee: Some(other), target_role: Some(role), ..urgent("other's", 99) };
    let others = queue.make(others).await;

    let mut taken = Vec::new();
    for caller in [&nobody, &nobody, &backend, &backend, &backend, &backend] {
        let preview = next(&mut *queue.world.db().await, caller, &everything()).await.unwrap();
        let claimed = queue.claim_next(caller).await.map(|claimed| claimed.task.card.id);
        assert_eq!(preview.map(|card| card.id), claimed, "preview and claim disagree");
        taken.push(claimed);
    }

    assert_eq!(taken, [Some(anybody), None, Some(both), Some(hers), Some(for_role), None]);
    assert_eq!(queue.state(others).await, TaskState::Todo);
}

#[tokio::test]
async fn what_is_blocked_in_work_closed_or_a_feature_with_open_children_is_not_ready() {
    let queue = Queue::new().await;
    let (blocked, before) = (queue.task("blocked").await, queue.task("before").await);
    queue.waits(blocked, before).await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    let empty = queue.feature("empty").await;
    let closed = queue.task("closed").await;
    queue.done(closed).await;
    queue.claim(&queue.bot, before).await;
    queue.claim(&queue.bot, child).await;

    let first = queue.claim_next(&queue.bot).await.unwrap().task.card.id;
    let second = queue.claim_next(&queue.bot).await;

    assert_eq!(first, empty, "an empty feature can be taken, to be broken down");
    assert!(second.is_none());
}

#[tokio::test]
async fn filters_narrow_and_never_widen() {
    let queue = Queue::new().await;
    let ana = queue.agent_with("ana", &["qa"]).await;
    let (qa, design) = (queue.project.role("qa").await, queue.project.role("design").await);
    let plain = queue.make(urgent("plain", 90)).await;
    let feature = queue.feature("feature").await;
    let child = queue.child(feature, "child").await;
    let for_qa = NewTask { target_role: Some(qa), kind: TaskType::Bug, ..urgent("for qa", 20) };
    let for_qa = queue.make(for_qa).await;
    let hers = NewTask { assignee: Some(ana.user().unwrap()), ..urgent("hers", 10) };
    let hers = queue.make(hers).await;
    let for_design =
        NewTask { target_role: Some(design), kind: TaskType::Spike, ..titled("design") };
    queue.make(for_design).await;

    let cases = [
        (everything(), Some(plain)),
        (ClaimFilter { role: Some(qa), ..everything() }, Some(for_qa)),
        (ClaimFilter { kind: Some(TaskType::Bug), ..everything() }, Some(for_qa)),
        (ClaimFilter { kind: Some(TaskType::Spike), ..everything() }, None),
        (ClaimFilter { parent: Some(feature), ..everything() }, Some(child)),
        (ClaimFilter { assigned_to_me: true, ..everything() }, Some(hers)),
        (ClaimFilter { assigned_to_me: true, role: Some(qa), ..everything() }, None),
        (ClaimFilter { parent: Some(TaskId::fresh()), ..everything() }, None),
    ];
    for (filter, expected) in cases {
        let preview = next(&mut *queue.world.db().await, &ana, &filter).await.unwrap();
        assert_eq!(preview.map(|card| card.id), expected, "{filter:?}");
        let mut tx = queue.pool().begin().await.unwrap();
        let claimed = claim_next(&mut tx, &ana, &filter, Lease::OfProject).await.unwrap();
        assert_eq!(claimed.map(|claimed| claimed.task.card.id), expected, "{filter:?}");
        tx.rollback().await.unwrap();
    }
    let lacking = ClaimFilter { role: Some(design), ..everything() };
    let refusal = refused!(queue, claim_next, &ana, &lacking, Lease::OfProject);
    assert!(refusal.to_string().starts_with("role_id: "), "{refusal}");
}

#[tokio::test]
async fn a_named_task_is_refused_with_the_reason() {
    let queue = Queue::new().await;
    let ana = queue.agent_with("ana", &[]).await;
    let before = queue.task("before").await;
    let blocked = queue.task("blocked").await;
    queue.waits(blocked, before).await;
    let feature = queue.feature("feature").await;
    queue.child(feature, "child").await;
    let closed = queue.task("closed").await;
    queue.wont_do(closed).await;
    let role = queue.project.role("qa").await;
    let for_role = queue.make(NewTask { target_role: Some(role), ..titled("for qa") }).await;
    let owner = Some(queue.project.owner.id);
    let assigned = queue.make(NewTask { assignee: owner, ..titled("assigned") }).await;
    let held = queue.task("held").await;
    queue.claim(&queue.bot, held).await;

    for (task, code, because, next) in [
        (blocked, "blocked", r#"ATL-1 (todo, "before")"#, "close those first"),
        (feature, "not_ready", "1 open children: ATL-4", "take one of them"),
        (closed, "not_ready", "closed as wont_do", "reopen it with set_state todo first"),
        (for_role, "not_ready", "asks for the role qa", "take another task"),
        (assigned, "taken", "todo, assigned to admin", "leave it"),
        (held, "taken", r#"doing, held by agent "bot" for admin since "#, "leave it"),
        (TaskId::fresh(), "not_found", "there is no task", "check the id"),
    ] {
        let refusal = refused!(queue, claim, &ana, task, None, false, Lease::OfProject);
        assert_eq!(refusal.code(), code, "{refusal}");
        assert!(refusal.to_string().contains(because), "{refusal}");
        assert!(refusal.next().contains(next), "{refusal}: {}", refusal.next());
    }
}

#[tokio::test]
async fn the_claim_is_the_tokens_and_not_the_persons() {
    let queue = Queue::new().await;
    let second = queue.agent("second agent of the same person").await;
    let task = queue.task("work").await;
    queue.claim(&queue.bot, task).await;

    for take_over in [false, true] {
        let refusal = refused!(queue, claim, &second, task, None, take_over, Lease::OfProject);
        assert!(matches!(refusal, Error::Taken(_)), "{refusal:?}");
        assert!(refusal.to_string().contains(r#"agent "bot""#), "{refusal}");
    }
}

#[tokio::test]
async fn repeating_a_claim_takes_its_id_or_takes_over() {
    let queue = Queue::new().await;
    let task = queue.task("work").await;
    let first = queue.claim(&queue.bot, task).await;

    let blind = refused!(queue, claim, &queue.bot, task, None, false, Lease::OfProject);
    assert!(blind.to_string().contains("held by this token"), "{blind}");
    assert!(blind.next().contains("take_over"), "{}", blind.next());

    let same = call!(queue, claim, &queue.bot, task, Some(first.claim_id), false, Lease::OfProject);
    let same = same.unwrap();
    assert_eq!((same.claim.claim_id, same.task.card.version), (first.claim_id, 2));
    assert!(same.claim.lease_expires_at > first.lease_expires_at);

    let over = call!(queue, claim, &queue.bot, task, None, true, Lease::OfProject).unwrap();
    assert_ne!(over.claim.claim_id, first.claim_id);
    assert_eq!(over.task.started_at, same.task.started_at);
    let event = queue.events_of(task).await.pop().unwrap();
    assert_eq!(event.data["taken_over_from"]["claim_id"], first.claim_id.to_string());

    let old = Some(first.claim_id);
    let late = refused!(queue, claim, &queue.bot, task, old, true, Lease::OfProject);
    assert!(matches!(late, Error::LostClaim { .. }), "{late:?}");
}

#[tokio::test]
async fn a_claim_id_that_is_over_gets_nothing() {
    let queue = Queue::new().await;
    let task = queue.task("free").await;

    let made_up = Some(ClaimId::fresh());
    let refusal = refused!(queue, claim, &queue.bot, task, made_up, false, Lease::OfProject);

    assert!(refusal.to_string().contains("went back to the queue"), "{refusal}");
}

#[tokio::test]
async fn a_person_claims_without_a_lease_and_may_take_over_from_an_agent() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await.scope;
    let (own, agents) = (queue.task("own").await, queue.task("an agent's").await);
    queue.claim(&queue.bot, agents).await;

    let claimed = call!(queue, claim, &ana, own, None, false, Lease::Minutes(5)).unwrap();
    assert_eq!(claimed.claim.lease_expires_at, None);
    assert_eq!(claimed.task.card.held_by.unwrap().who.to_string(), "ana");

    let refusal = refused!(queue, claim, &ana, agents, None, false, Lease::OfProject);
    assert_eq!(refusal.code(), "taken");
    let over = call!(queue, claim, &ana, agents, None, true, Lease::OfProject).unwrap();
    assert_eq!(over.task.card.held_by.unwrap().who.to_string(), "ana");
    assert_eq!(over.task.card.assignee.as_deref(), Some("ana"), "the claim had set the assignee");
    let event = queue.events_of(agents).await.pop().unwrap();
    assert_eq!(event.data["taken_over_from"]["user_id"], queue.project.owner.id.to_string());
}

#[tokio::test]
async fn a_person_who_clicks_twice_holds_the_task_once() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await.scope;
    let task = queue.task("clicked").await;
    let first = call!(queue, claim, &ana, task, None, false, Lease::OfProject).unwrap();

    let again = call!(queue, claim, &ana, task, None, false, Lease::OfProject).unwrap();

    assert_eq!(again.claim, first.claim);
    assert_eq!(again.task.card.version, first.task.card.version);
    assert_eq!(queue.kinds_of(task).await, ["task.created", "task.claimed"]);
}

#[tokio::test]
async fn an_administrator_who_is_no_member_holds_nothing() {
    let queue = Queue::new().await;
    let user = queue.world.user("operator").await;
    let caller = Caller { user: user.id, via: Via::Session { is_admin: true } };
    let mut db = queue.world.db().await;
    let admin = access::enter(&mut db, &caller, queue.project.id).await.unwrap();
    drop(db);
    let (free, held) = (queue.task("free").await, queue.task("held").await);
    queue.claim(&queue.bot, held).await;

    for refusal in [
        refused!(queue, claim_next, &admin, &everything(), Lease::OfProject),
        refused!(queue, claim, &admin, free, None, false, Lease::OfProject),
        refused!(queue, claim, &admin, held, None, true, Lease::OfProject),
    ] {
        assert_eq!(refusal.code(), "forbidden");
        assert!(refusal.to_string().contains("only a member"), "{refusal}");
    }
}

#[tokio::test]
async fn the_lease_is_the_projects_or_the_callers_or_none() {
    let queue = Queue::new().await;
    let minutes = async |scope: &nottario::access::ProjectScope, lease| {
        let task = queue.task("leased").await;
        let claimed = call!(queue, claim, scope, task, None, false, lease).unwrap();
        let since = claimed.task.card.held_by.unwrap().since;
        claimed.claim.lease_expires_at.map(|at| (at - since).num_minutes())
    };

    assert_eq!(minutes(&queue.bot, Lease::OfProject).await, Some(60));
    assert_eq!(minutes(&queue.bot, Lease::Minutes(5)).await, Some(5));
    queue.world.run("update projects set lease_minutes = 0").await;
    let bot = queue.entered_again(&queue.bot).await;
    assert_eq!(minutes(&bot, Lease::OfProject).await, None);
    assert_eq!(minutes(&bot, Lease::Minutes(5)).await, None);
}

#[tokio::test]
async fn nothing_comes_with_the_reason_why() {
    let queue = Queue::new().await;
    let ana = queue.agent_with("ana", &[]).await;
    let owner = Some(queue.project.owner.id);
    let role = Some(queue.project.role("qa").await);
    let root = queue.make(NewTask { assignee: owner, ..titled("root") }).await;
    for title in ["waits 1", "waits 2"] {
        let task = queue.task(title).await;
        queue.waits(task, root).await;
    }
    // It would not be ready after its prerequisite either: its child is open.
    let feature = queue.feature("waits, and for its child").await;
    let child = NewTask { parent: Some(feature), target_role: role, ..titled("child") };
    queue.make(child).await;
    queue.waits(feature, root).await;
    let held = queue.task("held").await;
    queue.claim(&queue.bot, held).await;
    let after_held = queue.task("after held").await;
    queue.waits(after_held, held).await;
    queue.task("mine, of another type").await;

    let why = Why::read(&mut *queue.world.db().await, &ana).await.unwrap();

    let frees = |key: &str, title: &str, frees| Unblocker {
        key: key.to_owned(),
        title: title.to_owned(),
        frees,
    };
    assert_eq!(
        why,
        Why {
            blocked: 4,
            assigned_to_others: 1,
            other_roles: 1,
            in_progress: 1,
            outside_filter: 1,
            unblock_first: vec![frees("ATL-1", "root", 2), frees("ATL-6", "held", 1)],
        }
    );
}
