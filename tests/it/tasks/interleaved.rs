//! Transactions that meet in one particular order: who waits for whom is arranged, not hoped for.

use nottario::cycles;
use nottario::ids::TaskId;
use nottario::projects::remove_member;
use nottario::tasks::{
    self, ClaimFilter, Close, Force, Lease, NewCommit, Repo, Sha, add_dependency, claim, claim_next,
};
use nottario::text::CommentBody;

use super::kit::{Queue, call, job, said, titled};

/// Runs a call of the agent's beside the test, as another connection would.
macro_rules! beside {
    ($queue:expr, |$db:ident, $scope:ident| $call:expr) => {
        tokio::spawn(job!($queue, $queue.bot, |$db, $scope| $call))
    };
}

fn commit_link() -> NewCommit {
    NewCommit {
        repo: Repo::parse("acme/atlas").unwrap(),
        sha: Sha::parse("0123abcd").unwrap(),
        message: None,
    }
}

#[tokio::test]
async fn who_loses_to_a_claim_is_told_who_won() {
    let queue = Queue::new().await;
    let ana = queue.agent_with("ana", &[]).await;
    let task = queue.task("wanted").await;
    let mut winner = queue.pool().begin().await.unwrap();
    claim(&mut winner, &ana, task, None, false, Lease::OfProject).await.unwrap();

    let loser =
        beside!(queue, |db, bot| tasks::release(&mut db, &bot, task, None, None, Force::No));
    queue.world.until_blocked(1).await;
    winner.commit().await.unwrap();

    let refusal = said(loser.await.unwrap());
    assert!(refusal.contains(r#"agent "ana" for ana"#), "{refusal}");
}

#[tokio::test]
async fn a_member_who_is_leaving_is_refused_in_words() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let agent = queue.project.agent_of(&ana.user, "ana").await.scope;
    let task = queue.task("wanted").await;
    let mut leaving = queue.pool().begin().await.unwrap();
    remove_member(&mut leaving, &queue.project.scope, ana.user.id).await.unwrap();

    let filter = ClaimFilter::default();
    let claimer = tokio::spawn(job!(queue, agent, |db, agent| claim_next(
        &mut db,
        &agent,
        &filter,
        Lease::OfProject
    )));
    queue.world.until_blocked(1).await;
    leaving.commit().await.unwrap();

    assert!(said(claimer.await.unwrap()).starts_with("forbidden: "));
    assert_eq!(queue.state(task).await, tasks::TaskState::Todo);
}

#[tokio::test]
async fn closing_a_task_that_is_being_linked_does_not_deadlock() {
    let queue = Queue::new().await;
    for round in 0..20 {
        let task = queue.task("closed while it is linked").await;
        let (first, second) = (queue.task("first").await, queue.task("second").await);
        let mut linker = queue.pool().begin().await.unwrap();
        add_dependency(&mut linker, &queue.bot, first, task).await.unwrap();

        let how = Close::default();
        let closer = beside!(queue, |db, bot| tasks::close(&mut db, &bot, task, &how));
        queue.world.until_blocked(1).await;
        let next_linker = beside!(queue, |db, bot| add_dependency(&mut db, &bot, second, task));
        queue.world.until_blocked(2).await;
        linker.commit().await.unwrap();

        next_linker.await.unwrap().unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        closer.await.unwrap().unwrap_or_else(|error| panic!("round {round}: {error:?}"));
    }
    queue.assert_sound().await;
}

#[tokio::test]
async fn two_sessions_of_one_agent_that_link_the_same_commit_do_not_deadlock() {
    let queue = Queue::new().await;
    let task = queue.task("shipped").await;
    queue.claim(&queue.bot, task).await;
    // So near its end that every call renews the lease.
    queue.lapse(task).await;
    let mut gate = queue.pool().begin().await.unwrap();
    sqlx::raw_sql("lock table task_comments in share mode").execute(&mut *gate).await.unwrap();

    let comment = CommentBody::parse("shipped").unwrap();
    let how = Close { comment: Some(comment), commits: vec![commit_link()], ..Close::default() };
    let closer = beside!(queue, |db, bot| tasks::close(&mut db, &bot, task, &how));
    queue.world.until_blocked(1).await;
    let commit = commit_link();
    let linker = beside!(queue, |db, bot| tasks::link_commit(&mut db, &bot, task, &commit));
    queue.world.until_blocked(2).await;
    gate.commit().await.unwrap();

    closer.await.unwrap().unwrap();
    linker.await.unwrap().unwrap();
    assert_eq!(queue.get(task).await.commit_count, 1);
}

#[tokio::test]
async fn nothing_is_never_the_answer_while_the_only_task_is_being_changed() {
    let queue = Queue::new().await;
    let task = queue.task("being edited").await;
    let mut editor = queue.pool().begin().await.unwrap();
    let title = tasks::Update { title: Some(titled("edited").title), ..Default::default() };
    tasks::update(&mut editor, &queue.bot, task, &title).await.unwrap();

    let filter = ClaimFilter::default();
    let mut claimer =
        beside!(queue, |db, bot| claim_next(&mut db, &bot, &filter, Lease::OfProject));
    tokio::select! {
        () = until_tried(&queue, 70) => {}
        answer = &mut claimer => panic!("answered {:?}", answer.unwrap()),
    }
    editor.commit().await.unwrap();

    assert_eq!(claimer.await.unwrap().unwrap().unwrap().task.card.id, task);
}

/// Waits until a claimer has been seen at so many attempts.
async fn until_tried(queue: &Queue, attempts: usize) {
    let at = "select coalesce(max(extract(epoch from query_start) * 1000000), 0)::bigint \
              from pg_stat_activity \
              where datname = current_database() and query like '%Hands out the best ready task%' \
                and pid <> pg_backend_pid()";
    let mut seen = std::collections::HashSet::new();
    while seen.len() < attempts {
        seen.insert(queue.world.number(at).await);
    }
}

#[tokio::test]
async fn an_unlinked_task_that_is_being_closed_is_closed_for_its_new_dependant() {
    let queue = Queue::new().await;
    let (task, waiting) = (queue.task("closing").await, queue.task("waiting").await);
    let mut closer = queue.pool().begin().await.unwrap();
    tasks::close(&mut closer, &queue.bot, task, &Close::default()).await.unwrap();

    let linker = beside!(queue, |db, bot| add_dependency(&mut db, &bot, waiting, task));
    queue.world.until_blocked(1).await;
    closer.commit().await.unwrap();

    assert!(linker.await.unwrap().unwrap().ready);
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_feature_that_is_being_closed_takes_no_open_child() {
    let queue = Queue::new().await;
    let feature = queue.feature("closing").await;
    let mut closer = queue.pool().begin().await.unwrap();
    tasks::close(&mut closer, &queue.bot, feature, &Close::default()).await.unwrap();

    let child = tasks::NewTask { parent: Some(feature), ..titled("late") };
    let creator = beside!(queue, |db, bot| tasks::create(&mut db, &bot, &child));
    queue.world.until_blocked(1).await;
    closer.commit().await.unwrap();

    assert!(said(creator.await.unwrap()).starts_with("not_ready: "));
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_feature_that_is_getting_a_child_stays_a_feature() {
    let queue = Queue::new().await;
    let feature = queue.feature("growing").await;
    let mut creator = queue.pool().begin().await.unwrap();
    let child = tasks::NewTask { parent: Some(feature), ..titled("first") };
    tasks::create(&mut creator, &queue.bot, &child).await.unwrap();

    let change = tasks::Update { kind: Some(tasks::TaskType::Task), ..Default::default() };
    let editor = beside!(queue, |db, bot| tasks::update(&mut db, &bot, feature, &change));
    queue.world.until_blocked(1).await;
    creator.commit().await.unwrap();

    assert!(said(editor.await.unwrap()).starts_with("invalid: type"));
}

#[tokio::test]
async fn a_prerequisite_that_is_being_added_keeps_the_task_from_a_claim() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    let mut linker = queue.pool().begin().await.unwrap();
    add_dependency(&mut linker, &queue.bot, task, before).await.unwrap();

    let named = beside!(queue, |db, bot| claim(&mut db, &bot, task, None, false, Lease::OfProject));
    queue.world.until_blocked(1).await;
    linker.commit().await.unwrap();

    assert!(said(named.await.unwrap()).starts_with("blocked: "));
}

#[tokio::test]
async fn the_sweep_leaves_a_task_whose_holder_is_speaking() {
    let queue = Queue::new().await;
    let task = queue.task("slow").await;
    let claim = queue.claim(&queue.bot, task).await;
    queue.lapse(task).await;
    let mut holder = queue.pool().begin().await.unwrap();
    tasks::heartbeat(&mut holder, &queue.bot, task, Some(claim.claim_id), None).await.unwrap();

    assert_eq!(queue.sweep().await, 0);
    holder.commit().await.unwrap();

    assert_eq!(queue.sweep().await, 0);
    assert_eq!(queue.state(task).await, tasks::TaskState::Doing);
}

#[tokio::test]
async fn a_holder_that_speaks_while_it_is_swept_has_lost_the_claim() {
    let queue = Queue::new().await;
    let task = queue.task("too slow").await;
    let claim_id = queue.claim(&queue.bot, task).await.claim_id;
    queue.lapse(task).await;
    let mut sweeper = queue.pool().begin().await.unwrap();
    let system = nottario::access::enter_as_system(&mut sweeper, queue.project.id).await.unwrap();
    assert_eq!(tasks::expire_claims(&mut sweeper, &system, 100).await.unwrap(), 1);

    let holder =
        beside!(queue, |db, bot| tasks::heartbeat(&mut db, &bot, task, Some(claim_id), None));
    queue.world.until_blocked(1).await;
    sweeper.commit().await.unwrap();

    assert!(said(holder.await.unwrap()).starts_with("lost_claim: "));
}

#[tokio::test]
async fn a_task_closed_while_the_cycle_ends_stays_in_it() {
    let queue = Queue::new().await;
    let (finished, open) = (queue.task("finished").await, queue.task("open").await);
    let mut closer = queue.pool().begin().await.unwrap();
    tasks::close(&mut closer, &queue.bot, finished, &Close::default()).await.unwrap();

    let owner = &queue.project.scope;
    let ender = tokio::spawn(job!(queue, owner, |db, owner| cycles::end(&mut db, &owner, None)));
    queue.world.until_blocked(1).await;
    closer.commit().await.unwrap();

    assert_eq!(ender.await.unwrap().unwrap().moved, 1);
    assert_eq!(cycle_of(&queue, finished).await, "sprint-1");
    assert_eq!(cycle_of(&queue, open).await, "sprint-2");
}

#[tokio::test]
async fn a_task_created_while_the_cycle_ends_is_in_the_next_one() {
    let queue = Queue::new().await;
    let mut ender = queue.pool().begin().await.unwrap();
    cycles::end(&mut ender, &queue.project.scope, None).await.unwrap();

    let new = titled("late");
    let creator = beside!(queue, |db, bot| tasks::create(&mut db, &bot, &new));
    queue.world.until_blocked(1).await;
    ender.commit().await.unwrap();

    let task = creator.await.unwrap().unwrap().id;
    assert_eq!(cycle_of(&queue, task).await, "sprint-2");
}

async fn cycle_of(queue: &Queue, task: TaskId) -> String {
    queue.get(task).await.cycle.name
}

#[tokio::test]
async fn a_claim_waits_for_the_end_of_the_cycle_and_succeeds() {
    let queue = Queue::new().await;
    let task = queue.task("carried over").await;
    let mut ender = queue.pool().begin().await.unwrap();
    cycles::end(&mut ender, &queue.project.scope, None).await.unwrap();

    let named = beside!(queue, |db, bot| claim(&mut db, &bot, task, None, false, Lease::OfProject));
    queue.world.until_blocked(1).await;
    ender.commit().await.unwrap();

    assert_eq!(named.await.unwrap().unwrap().task.cycle.name, "sprint-2");
    assert!(
        call!(queue, claim_next, &queue.bot, &ClaimFilter::default(), Lease::OfProject)
            .unwrap()
            .is_none()
    );
}
