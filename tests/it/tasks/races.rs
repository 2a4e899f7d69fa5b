//! Calls at the same instant, many times over: whatever their order, the rules hold afterwards.

use std::collections::HashSet;

use nottario::access::ProjectScope;
use nottario::error::Error;
use nottario::ids::TaskId;
use nottario::tasks::{
    self, ClaimFilter, Claimed, Close, Lease, NewTask, Outcome, TaskState, Update, add_dependency,
    claim, claim_next, close,
};
use nottario::text::Patch;

use super::kit::{Job, Queue, at_once, job, titled, urgent};

type Answer<T> = nottario::error::Result<T>;

fn claiming(queue: &Queue, scope: &ProjectScope) -> Job<Answer<Option<Claimed>>> {
    Box::pin(job!(queue, scope, |db, scope| async {
        claim_next(&mut db, &scope, &ClaimFilter::default(), Lease::OfProject).await
    }))
}

fn closing(queue: &Queue, task: TaskId, outcome: Outcome) -> Job<Answer<()>> {
    Box::pin(job!(queue, queue.bot, |db, bot| async {
        let how = Close { outcome, ..Close::default() };
        close(&mut db, &bot, task, &how).await.map(|_| ())
    }))
}

fn linking(queue: &Queue, task: TaskId, prerequisite: TaskId) -> Job<Answer<()>> {
    Box::pin(job!(queue, queue.bot, |db, bot| async {
        add_dependency(&mut db, &bot, task, prerequisite).await.map(|_| ())
    }))
}

fn reopening(queue: &Queue, task: TaskId) -> Job<Answer<()>> {
    Box::pin(job!(queue, queue.bot, |db, bot| async {
        tasks::reopen(&mut db, &bot, task).await.map(|_| ())
    }))
}

/// Puts every task back as it was made, with no edges: faster than making new ones.
async fn reset(queue: &Queue) {
    queue
        .world
        .run(
            "delete from task_dependencies;
             update tasks
             set state = 'todo', claim_id = null, holder_user_id = null, holder_token_id = null,
                 assignee_id = case when assigned_by_claim then null else assignee_id end,
                 assigned_by_claim = false, lease_expires_at = null, closed_at = null,
                 started_at = null, open_prerequisites = 0, linked = parent_id is not null",
        )
        .await;
}

/// Tasks for everybody, for each role of the owner, and for the owner itself.
async fn tasks_in_many_lanes(queue: &Queue, count: usize) -> Vec<TaskId> {
    let roles = [queue.project.role("backend").await, queue.project.role("qa").await];
    let mut made = Vec::new();
    for nth in 0..count {
        let new = urgent("one of many", i16::try_from(nth % 3).unwrap());
        let new = match nth % 4 {
            0 => new,
            1 => NewTask { assignee: Some(queue.project.owner.id), ..new },
            other => NewTask { target_role: Some(roles[other - 2]), ..new },
        };
        made.push(queue.make(new).await);
    }
    made
}

async fn claim_race(claimers: usize, free: usize, rounds: usize) {
    let queue = Queue::new().await;
    let all: HashSet<_> = tasks_in_many_lanes(&queue, free).await.into_iter().collect();
    let mut agents = Vec::new();
    for nth in 0..claimers {
        agents.push(queue.agent(&format!("agent {nth}")).await);
    }
    for round in 0..rounds {
        let jobs = agents.iter().map(|agent| claiming(&queue, agent)).collect();

        let answers = at_once(jobs).await;

        let mut taken = HashSet::new();
        let mut claims = HashSet::new();
        for answer in answers {
            let Some(claimed) = answer.unwrap() else { continue };
            assert!(taken.insert(claimed.task.card.id), "round {round}: handed out twice");
            assert!(claims.insert(claimed.claim.claim_id), "round {round}: one claim id twice");
        }
        assert!(taken.is_subset(&all));
        assert_eq!(taken.len(), claimers.min(free), "round {round}: a false nothing");
        reset(&queue).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_claimers_as_tasks_all_get_one() {
    claim_race(4, 4, 1_500).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_gets_every_task_once() {
    claim_race(16, 12, 150).await;
    claim_race(12, 16, 150).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_named_task_goes_to_one_of_many() {
    let queue = Queue::new().await;
    let task = queue.task("wanted").await;
    let mut agents = Vec::new();
    for nth in 0..6 {
        agents.push(queue.agent(&format!("agent {nth}")).await);
    }
    for _ in 0..300 {
        let jobs = agents
            .iter()
            .map(|agent| -> Job<Answer<Claimed>> {
                Box::pin(job!(queue, agent, |db, agent| async {
                    claim(&mut db, &agent, task, None, false, Lease::OfProject).await
                }))
            })
            .collect();

        let answers = at_once(jobs).await;

        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        let losers = answers.into_iter().filter_map(Result::err);
        for refusal in losers {
            assert!(matches!(refusal, Error::Taken(_)), "{refusal:?}");
            assert!(refusal.to_string().contains("held by agent"), "{refusal}");
        }
        reset(&queue).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_prerequisite_added_meanwhile_never_lets_a_blocked_task_out() {
    let queue = Queue::new().await;
    let wanted = queue.make(urgent("wanted", 90)).await;
    let before = queue.make(urgent("before it", 10)).await;
    let (mut claimed_first, mut linked_first) = (0, 0);
    for _ in 0..1_000 {
        let linking: Job<Answer<Option<Claimed>>> = {
            let linking = linking(&queue, wanted, before);
            Box::pin(async { linking.await.map(|()| None) })
        };
        let jobs = vec![claiming(&queue, &queue.bot), linking];

        let mut answers = at_once(jobs).await;

        answers.pop().unwrap().unwrap();
        let task = answers.pop().unwrap().unwrap().expect("one of the two is always ready").task;
        // Read under the row's lock, so it is what the task was like when it was handed out.
        assert_eq!(task.open_prerequisites, 0);
        *(if task.card.id == wanted { &mut claimed_first } else { &mut linked_first }) += 1;
        queue.assert_no_drift().await;
        reset(&queue).await;
    }
    println!("claimed first {claimed_first} times, linked first {linked_first} times");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_edges_that_make_a_loop_one_is_refused() {
    let queue = Queue::new().await;
    let [a, b, c] = [queue.task("a").await, queue.task("b").await, queue.task("c").await];
    for ring in [vec![(a, b), (b, a)], vec![(a, b), (b, c), (c, a)]] {
        for _ in 0..250 {
            let jobs = ring.iter().map(|(task, before)| linking(&queue, *task, *before)).collect();

            let answers = at_once(jobs).await;

            let refusals: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
            assert_eq!(refusals.len(), 1, "{refusals:?}");
            assert!(matches!(&refusals[0], Error::Invalid { .. }), "{:?}", refusals[0]);
            queue.assert_no_drift().await;
            reset(&queue).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feature_that_waits_for_a_task_does_not_become_its_parent() {
    let queue = Queue::new().await;
    let (feature, task) = (queue.feature("feature").await, queue.task("task").await);
    for _ in 0..200 {
        let moving: Job<Answer<()>> = Box::pin(job!(queue, queue.bot, |db, bot| async {
            let change = Update { parent: Patch::Set(feature), ..Update::default() };
            tasks::update(&mut db, &bot, task, &change).await.map(|_| ())
        }));

        let answers = at_once(vec![moving, linking(&queue, feature, task)]).await;

        let refusals: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert!(matches!(&refusals[0], Error::Invalid { .. }), "{:?}", refusals[0]);
        queue.assert_no_drift().await;
        let apart = "update tasks set parent_id = null, open_children = 0";
        queue.world.run(apart).await;
        reset(&queue).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_children_close_their_feature_once() {
    let queue = Queue::new().await;
    for round in 0..60 {
        let whole = queue.feature("whole").await;
        let part = queue.part(whole, "part").await;
        let [one, two] = [queue.child(part, "one").await, queue.child(part, "two").await];
        let outcomes = match round % 3 {
            0 => [Outcome::Done, Outcome::Done],
            1 => [Outcome::Done, Outcome::WontDo],
            _ => [Outcome::WontDo, Outcome::WontDo],
        };
        let jobs = vec![closing(&queue, one, outcomes[0]), closing(&queue, two, outcomes[1])];

        for answer in at_once(jobs).await {
            answer.unwrap();
        }

        let expected = if outcomes == [Outcome::WontDo, Outcome::WontDo] {
            TaskState::WontDo
        } else {
            TaskState::Done
        };
        assert_eq!(queue.states([part, whole]).await, [expected; 2]);
        let closings = format!(
            "select count(*) from event_outbox \
             where kind = 'task.closed' and subject_id in ('{part}', '{whole}')"
        );
        assert_eq!(queue.world.number(closings).await, 2);
    }
    queue.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_beside_a_new_edge_counts_it_once() {
    let queue = Queue::new().await;
    let (task, before) = (queue.task("task").await, queue.task("before").await);
    for round in 0..400 {
        let (closed, other) = if round % 2 == 0 { (before, task) } else { (task, before) };
        let jobs = vec![closing(&queue, closed, Outcome::WontDo), linking(&queue, task, before)];

        let answers = at_once(jobs).await;

        answers[0].as_ref().unwrap();
        // A task that is closed first cannot wait for an open one any more.
        let refused = matches!(&answers[1], Err(Error::NotReady(_)));
        assert!(answers[1].is_ok() || (refused && closed == task), "{:?}", answers[1]);
        assert_eq!(queue.states([closed, other]).await, [TaskState::WontDo, TaskState::Todo]);
        queue.assert_no_drift().await;
        reset(&queue).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_beside_reopening_leaves_no_open_child_in_a_closed_feature() {
    let queue = Queue::new().await;
    let feature = queue.feature("feature").await;
    let [one, two] = [queue.child(feature, "one").await, queue.child(feature, "two").await];
    queue.done(one).await;
    for _ in 0..200 {
        let jobs = vec![closing(&queue, two, Outcome::Done), reopening(&queue, one)];

        for answer in at_once(jobs).await {
            answer.unwrap();
        }

        let states = queue.states([one, two, feature]).await;
        assert_eq!(states, [TaskState::Todo, TaskState::Done, TaskState::Todo]);
        queue.assert_sound().await;
        queue.done(one).await;
        queue.reopen(two).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_beside_the_sweeps_keeps_the_task_or_learns_that_it_is_lost() {
    let queue = Queue::new().await;
    let mut held = Vec::new();
    for nth in 0..4 {
        held.push(queue.task(&format!("held {nth}")).await);
    }
    for _ in 0..150 {
        let mut jobs: Vec<Job<Answer<u64>>> = Vec::new();
        let mut claims = Vec::new();
        for task in &held {
            let (task, claim_id) = (*task, queue.claim(&queue.bot, *task).await.claim_id);
            queue.lapse(task).await;
            claims.push(claim_id);
            jobs.push(Box::pin(job!(queue, queue.bot, |db, bot| async {
                tasks::heartbeat(&mut db, &bot, task, Some(claim_id), None).await.map(|_| 0)
            })));
        }
        for _ in 0..3 {
            jobs.push(Box::pin(job!(queue, queue.bot, |db, bot| async {
                tasks::expire_claims(&mut db, &bot, 100).await
            })));
        }

        let answers = at_once(jobs).await;

        let mut lost = 0;
        for (answer, task) in answers.iter().zip(&held) {
            let state = queue.state(*task).await;
            match answer {
                Ok(_) => assert_eq!(state, TaskState::Doing),
                Err(Error::LostClaim { .. }) => {
                    lost += 1;
                    assert_eq!(state, TaskState::Todo);
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        let swept: u64 = answers[held.len()..].iter().map(|answer| answer.as_ref().unwrap()).sum();
        assert_eq!(swept, lost);
        reset(&queue).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_cycle_loses_nothing_and_refuses_nobody() {
    let queue = Queue::new().await;
    let agents = [queue.agent("one").await, queue.agent("two").await];
    let mut made = 0;
    for round in 0..40 {
        let feature = queue.feature("feature").await;
        let child = queue.child(feature, "child").await;
        let [lone, closed, old] =
            [queue.task("lone").await, queue.task("closed").await, queue.task("old").await];
        queue.done(old).await;
        made += 6;
        let ender: Job<Answer<()>> =
            Box::pin(job!(queue, queue.project.scope, |db, owner| async {
                nottario::cycles::end(&mut db, &owner, None).await.map(|_| ())
            }));
        let creator: Job<Answer<()>> = Box::pin(job!(queue, queue.bot, |db, bot| async {
            tasks::create(&mut db, &bot, &titled("new")).await.map(|_| ())
        }));
        let claimer = |task| -> Job<Answer<()>> {
            let claiming = job!(queue, agents[0], |db, agent| async {
                claim(&mut db, &agent, task, None, false, Lease::OfProject).await.map(|_| ())
            });
            Box::pin(claiming)
        };
        let taker = claiming(&queue, &agents[1]);
        let mut jobs: Vec<Job<Answer<()>>> = vec![
            ender,
            creator,
            claimer(lone),
            Box::pin(async {
                taker.await.map(|claimed| {
                    claimed.expect("something is always ready");
                })
            }),
            closing(&queue, closed, Outcome::Done),
            reopening(&queue, old),
        ];
        // Not in the first round, where nothing else may be ready for the taker.
        if round % 2 == 1 {
            jobs.push(closing(&queue, child, Outcome::WontDo));
        }

        for answer in at_once(jobs).await {
            // Two callers may want the same task; everything else has to succeed.
            if let Err(refusal) = answer {
                assert!(matches!(refusal, Error::Taken(_)), "{refusal:?}");
            }
        }

        queue.assert_sound().await;
        let count = queue.world.number("select count(*) from tasks").await;
        assert_eq!(count, made);
    }
}
