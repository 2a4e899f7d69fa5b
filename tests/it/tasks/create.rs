//! New tasks and plans: defaults, bounds, and what is refused.

use nottario::error::{Error, Kind};
use nottario::ids::{RoleId, TaskId, UserId};
use nottario::tasks::{
    NewTask, Plan, PlanDependency, PlannedTask, Priority, TaskState, TaskType, create, plan,
};
use nottario::text::{Markdown, Title};

use super::kit::{Queue, call, refused, said, titled, urgent};
use crate::world::line;

#[tokio::test]
async fn a_title_is_enough() {
    let queue = Queue::new().await;

    let card = call!(queue, create, &queue.bot, &titled("  Fix the login \n")).unwrap();

    let task = queue.get(card.id).await;
    assert_eq!(task.card.title, "Fix the login");
    assert_eq!((task.card.kind, task.card.state), (TaskType::Task, TaskState::Todo));
    assert_eq!((task.card.priority, task.card.priority_key.as_deref()), (60, Some("medium")));
    assert_eq!((task.card.key.as_str(), task.card.version), ("ATL-1", 1));
    assert_eq!(task.cycle.name, "sprint-1");
    assert!(task.card.ready);
    assert!(task.card.assignee.is_none() && task.card.held_by.is_none());
    assert!(task.started_at.is_none() && task.closed_at.is_none() && task.edited_by.is_none());
    let creator = task.created_by.unwrap();
    assert_eq!((creator.user.as_str(), creator.token.as_deref()), ("admin", Some("bot")));
    assert_eq!(queue.kinds_of(card.id).await, ["task.created"]);
}

#[tokio::test]
async fn everything_can_be_said_at_once() {
    let queue = Queue::new().await;
    let feature = queue.feature("login").await;
    let before = queue.task("schema").await;
    let role = queue.project.role("backend").await;
    let new = NewTask {
        description: Markdown::parse("# How").unwrap(),
        kind: TaskType::Bug,
        priority: Some(Priority::Bucket("high".to_owned())),
        assignee: Some(queue.project.owner.id),
        target_role: Some(role),
        parent: Some(feature),
        depends_on: vec![before],
        ..titled("endpoint")
    };

    let card = call!(queue, create, &queue.bot, &new).unwrap();

    assert_eq!((card.kind, card.priority, card.ready), (TaskType::Bug, 90, false));
    assert_eq!(card.assignee.as_deref(), Some("admin"));
    assert_eq!(card.target_role.as_deref(), Some("backend"));
    assert_eq!(card.parent_key.as_deref(), Some("ATL-1"));
    let task = queue.get(card.id).await;
    assert_eq!((task.description.as_str(), task.open_prerequisites), ("# How", 1));
    assert_eq!(queue.get(feature).await.open_children, 1);
    assert_eq!(queue.kinds_of(card.id).await, ["task.created", "dependency.added"]);
    queue.assert_sound().await;
}

#[tokio::test]
async fn numbers_are_counted_in_the_project_and_not_given_twice() {
    let queue = Queue::new().await;
    let other = queue.world.project("other").await;
    let elsewhere = other.agent("elsewhere").await.scope;
    queue.task("one").await;
    let mut tx = queue.pool().begin().await.unwrap();
    let lost = create(&mut tx, &queue.bot, &titled("two, rolled back")).await.unwrap();
    tx.rollback().await.unwrap();

    let next = queue.task("two").await;
    let theirs = call!(queue, create, &elsewhere, &titled("their first")).unwrap();

    assert_eq!(lost.key, "ATL-2");
    assert_eq!(queue.get(next).await.card.key, "ATL-2");
    assert_eq!(theirs.key, "OTH-1");
}

#[tokio::test]
async fn bounds_are_types() {
    for bad in ["", "  ", &"x".repeat(201), "two\nlines", "a tab\tinside"] {
        assert!(Title::parse(bad).is_err(), "{bad:?}");
    }
    assert!(Title::parse(&"ä".repeat(200)).is_ok());
    assert!(Markdown::parse("x".repeat(65_536)).is_ok());
    assert!(Markdown::parse("x".repeat(65_537)).is_err());
    assert!(Markdown::parse("nul \0").is_err());
    for (value, key) in [(Some(-1), None), (Some(101), None), (Some(5), Some("high".to_owned()))] {
        assert!(Priority::from_arguments(value, key).is_err());
    }
    assert_eq!(Priority::from_arguments(Some(0), None).unwrap(), Some(Priority::Value(0)));
}

#[tokio::test]
async fn what_is_named_has_to_be_here() {
    let queue = Queue::new().await;
    let other = queue.world.project("other").await;
    let theirs = other.agent("theirs").await.scope;
    let foreign = call!(queue, create, &theirs, &titled("foreign")).unwrap().id;
    let foreign_role = other.role("backend").await;
    let stranger = queue.world.user("stranger").await;

    for task in [foreign, TaskId::fresh()] {
        for new in [
            NewTask { parent: Some(task), ..titled("child") },
            NewTask { depends_on: vec![task], ..titled("waiting") },
        ] {
            let refusal = refused!(queue, create, &queue.bot, &new);
            assert!(matches!(refusal, Error::NotFound { kind: Kind::Task, .. }), "{refusal:?}");
        }
    }
    for user in [stranger.id, UserId::fresh()] {
        let new = NewTask { assignee: Some(user), ..titled("assigned") };
        let refusal = refused!(queue, create, &queue.bot, &new);
        assert!(matches!(refusal, Error::NotFound { kind: Kind::Member, .. }), "{refusal:?}");
    }
    for role in [foreign_role, RoleId::fresh()] {
        let new = NewTask { target_role: Some(role), ..titled("for a role") };
        let refusal = refused!(queue, create, &queue.bot, &new);
        assert!(matches!(refusal, Error::NotFound { kind: Kind::Role, .. }), "{refusal:?}");
    }
    let new = NewTask { priority: Some(Priority::Bucket("urgent".into())), ..titled("bucket") };
    let refusal = refused!(queue, create, &queue.bot, &new);
    assert!(refusal.to_string().contains("urgent"), "{refusal}");
    let refusal = refused!(queue, create, &queue.bot, &urgent("too urgent", 101));
    assert!(refusal.to_string().starts_with("priority: "), "{refusal}");
}

#[tokio::test]
async fn only_an_open_feature_takes_children_and_four_levels_are_the_most() {
    let queue = Queue::new().await;
    let task = queue.task("no feature").await;
    let one = queue.feature("level 1").await;
    let two = queue.part(one, "level 2").await;
    let three = queue.part(two, "level 3").await;
    let four = queue.part(three, "level 4").await;
    let closed = queue.feature("closed").await;
    queue.wont_do(closed).await;

    let under = |parent| NewTask { parent: Some(parent), ..titled("child") };
    let no_feature = refused!(queue, create, &queue.bot, &under(task));
    let too_deep = refused!(queue, create, &queue.bot, &under(four));
    let is_closed = refused!(queue, create, &queue.bot, &under(closed));

    assert!(no_feature.to_string().contains("ATL-1 is no feature"), "{no_feature}");
    assert!(too_deep.to_string().contains("at most 4 levels"), "{too_deep}");
    assert_eq!(is_closed.code(), "not_ready");
    assert!(is_closed.next().starts_with("reopen it"), "{}", is_closed.next());
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_child_is_in_the_cycle_of_its_parent() {
    let queue = Queue::new().await;
    let feature = queue.feature("carried over").await;
    queue.end_cycle().await;

    let child = queue.child(feature, "child").await;

    assert_eq!(queue.get(feature).await.cycle.name, "sprint-2");
    assert_eq!(queue.get(child).await.cycle.name, "sprint-2");
}

fn step(reference: &str, depends_on: Vec<PlanDependency>) -> PlannedTask {
    PlannedTask { reference: line(reference), task: titled(reference), depends_on }
}

fn after(reference: &str) -> PlanDependency {
    PlanDependency::Child(line(reference))
}

#[tokio::test]
async fn a_plan_makes_a_feature_with_its_children_and_edges() {
    let queue = Queue::new().await;
    let there = queue.task("there already").await;
    let login = Plan {
        feature: titled("login"),
        tasks: vec![
            // Named before it is made.
            step("ui", vec![after("api")]),
            step("api", vec![PlanDependency::Task(there)]),
        ],
    };

    let planned = call!(queue, plan, &queue.bot, &login).unwrap();

    assert_eq!((planned.feature.key.as_str(), planned.feature.kind), ("ATL-2", TaskType::Feature));
    let keys: Vec<_> =
        planned.tasks.iter().map(|task| (task.reference.as_str(), task.key.as_str())).collect();
    assert_eq!(keys, [("ui", "ATL-3"), ("api", "ATL-4")]);
    let (ui, api) = (planned.tasks[0].id, planned.tasks[1].id);
    assert_eq!(queue.done(there).await.now_ready, ["ATL-4"]);
    assert_eq!(queue.done(api).await.now_ready, ["ATL-3"]);
    assert_eq!(queue.done(ui).await.rolled_up, ["ATL-2"]);
    queue.assert_sound().await;
}

#[tokio::test]
async fn a_plan_is_made_whole_or_not_at_all() {
    let queue = Queue::new().await;
    let cases = [
        (vec![], "tasks"),
        (vec![step("a", vec![]), step("a", vec![])], "two tasks have the ref"),
        (vec![step("a", vec![after("b")])], "no task of the plan has the ref"),
        (vec![step("a", vec![after("a")])], "itself"),
        (vec![step("a", vec![after("b")]), step("b", vec![after("a")])], "loop"),
        (vec![step("a", vec![PlanDependency::Task(TaskId::fresh())])], "there is no task"),
        ((0..101).map(|nth| step(&format!("t{nth}"), vec![])).collect(), "1 to 100"),
    ];
    for (tasks, expected) in cases {
        let plans = Plan { feature: titled("feature"), tasks };
        let refusal = refused!(queue, plan, &queue.bot, &plans);
        assert!(refusal.to_string().contains(expected), "{refusal}");
    }
}

#[tokio::test]
async fn a_hundred_children_are_not_too_many() {
    let queue = Queue::new().await;
    let tasks = (0..100).map(|nth| step(&format!("t{nth}"), vec![])).collect();

    let planned = call!(queue, plan, &queue.bot, &Plan { feature: titled("big"), tasks }).unwrap();

    assert_eq!(planned.tasks.len(), 100);
    assert_eq!(queue.get(planned.feature.id).await.open_children, 100);
}

#[tokio::test]
async fn an_archived_project_takes_no_tasks() {
    let queue = Queue::new().await;
    let task = queue.task("old").await;
    queue.world.run("update projects set archived_at = now()").await;
    let bot = queue.entered_again(&queue.bot).await;

    let refusal = refused!(queue, create, &bot, &titled("new"));
    let claim = refused!(
        queue,
        nottario::tasks::claim,
        &bot,
        task,
        None,
        false,
        nottario::tasks::Lease::OfProject
    );

    assert!(said::<()>(Err(refusal)).starts_with("forbidden: "));
    assert_eq!(claim.code(), "forbidden");
}
