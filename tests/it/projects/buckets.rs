//! Named priorities.

use nottario::error::{Error, Kind};
use nottario::projects::{
    self, Bucket, BucketEdit, MOST_BUCKETS, ShortName, bucket_tasks, create_bucket, delete_bucket,
    edit_bucket, list_buckets, set_default_bucket, used_buckets,
};
use nottario::tasks::{NewTask, Priority};
use serde_json::json;

use crate::tasks::kit::{Job, Queue, at_once, call, job, refused, titled};

fn name(text: &str) -> ShortName {
    text.parse().unwrap()
}

fn edit(key: &str, value: i16, move_tasks: bool) -> BucketEdit {
    BucketEdit { key: name(key), value, move_tasks }
}

async fn buckets(queue: &Queue) -> Vec<Bucket> {
    list_buckets(&mut *queue.world.db().await, &queue.project.scope).await.unwrap()
}

async fn values(queue: &Queue) -> Vec<(String, i16)> {
    buckets(queue).await.into_iter().map(|bucket| (bucket.key, bucket.value)).collect()
}

fn in_bucket(key: &str) -> NewTask {
    NewTask { priority: Some(Priority::Bucket(key.to_owned())), ..titled("a task") }
}

#[tokio::test]
async fn a_bucket_is_added_and_used() {
    let queue = Queue::new().await;

    call!(queue, create_bucket, &queue.project.scope, &name("someday"), 0).unwrap();

    let task = queue.make(in_bucket("someday")).await;
    assert_eq!(queue.get(task).await.card.priority, 0);
    assert_eq!(values(&queue).await.last().unwrap(), &("someday".to_owned(), 0));
    let events = queue.world.events(&queue.project.scope).await.events;
    assert_eq!(events[2].data, json!({ "bucket": "someday", "added": { "value": 0 } }));
}

#[tokio::test]
async fn a_bucket_has_a_key_and_a_value_of_its_own() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let said = |error: Error| error.to_string();

    let key = refused!(queue, create_bucket, owner, &name("high"), 10);
    let value = refused!(queue, create_bucket, owner, &name("urgent"), 90);
    let renamed = refused!(queue, edit_bucket, owner, "low", &edit("high", 30, false));
    let moved = refused!(queue, edit_bucket, owner, "low", &edit("low", 60, false));
    assert_eq!(said(key), "key: another priority has that key; choose another");
    assert_eq!(said(value), "value: high stands for 90 already; choose another");
    assert_eq!(said(renamed), "key: another priority has that key; choose another");
    assert_eq!(said(moved), "value: medium stands for 60 already; choose another");
    for outside in [-1, 101] {
        let new = refused!(queue, create_bucket, owner, &name("urgent"), outside);
        let moved = refused!(queue, edit_bucket, owner, "low", &edit("low", outside, true));
        assert_eq!(said(new), "value: a whole number from 0 to 100");
        assert_eq!(said(moved), "value: a whole number from 0 to 100");
    }
}

#[tokio::test]
async fn a_project_has_at_most_twenty_buckets_also_when_two_are_added_at_once() {
    let queue = Queue::new().await;
    let taken = i16::try_from(MOST_BUCKETS).unwrap() - 5;
    for value in 0..taken {
        let key = name(&format!("p{value}"));
        call!(queue, create_bucket, &queue.project.scope, &key, value).unwrap();
    }

    let add = |value: i16| {
        let key = name(&format!("p{value}"));
        let add: Job<_> = Box::pin(job!(queue, queue.project.scope, |db, scope| create_bucket(
            &mut db, &scope, &key, value
        )));
        add
    };
    let answers = at_once(vec![add(40), add(41)]).await;

    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let refused = answers.into_iter().find_map(Result::err).unwrap();
    assert!(refused.to_string().contains("at most 20 priorities"), "{refused}");
    assert_eq!(buckets(&queue).await.len(), MOST_BUCKETS);
}

#[tokio::test]
async fn a_bucket_changes_its_value_with_its_tasks_or_without_them() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let (high, closed) = (queue.make(in_bucket("high")).await, queue.make(in_bucket("high")).await);
    let low = queue.make(in_bucket("low")).await;
    queue.done(closed).await;
    assert_eq!(call!(queue, bucket_tasks, owner, "high").unwrap(), 1);
    let listed = used_buckets(&mut *queue.world.db().await, owner).await.unwrap();
    let listed: Vec<_> =
        listed.iter().map(|used| (used.bucket.key.as_str(), used.open_tasks)).collect();
    assert_eq!(listed, [("critical", 0), ("high", 1), ("medium", 0), ("low", 1)]);

    let stayed = call!(queue, edit_bucket, owner, "low", &edit("low", 20, false)).unwrap();
    let moved = call!(queue, edit_bucket, owner, "high", &edit("high", 80, true)).unwrap();

    assert_eq!((stayed, moved), (0, 1));
    let low = queue.get(low).await.card;
    assert_eq!((low.priority, low.priority_key), (30, None));
    let high_card = queue.get(high).await.card;
    assert_eq!((high_card.priority, high_card.priority_key.as_deref()), (80, Some("high")));
    assert_eq!(queue.get(closed).await.card.priority, 80);
    let event = queue.events_of(high).await.pop().unwrap();
    assert_eq!(event.kind, "task.edited");
    assert_eq!(event.data, json!({ "changed": { "priority": [90, 80] } }));
    let event = queue.world.events(owner).await.events.pop().unwrap();
    assert_eq!(event.kind, "project.changed");
    assert_eq!(
        event.data,
        json!({ "bucket": "high", "changed": { "value": [90, 80] }, "moved_tasks": 1 })
    );
}

#[tokio::test]
async fn a_bucket_is_renamed_and_the_same_again_changes_nothing() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;

    call!(queue, edit_bucket, owner, "medium", &edit("normal", 60, true)).unwrap();
    let before = queue.fingerprint().await;
    call!(queue, edit_bucket, owner, "normal", &edit("normal", 60, true)).unwrap();

    assert_eq!(queue.fingerprint().await, before);
    let normal = buckets(&queue).await.into_iter().find(|bucket| bucket.key == "normal").unwrap();
    assert!(normal.is_default);
}

#[tokio::test]
async fn there_is_always_one_default_bucket() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;

    let refusal = refused!(queue, delete_bucket, owner, "medium");
    assert_eq!(
        refusal.to_string(),
        "you may not delete the default priority: make another one the default first"
    );
    call!(queue, set_default_bucket, owner, "high").unwrap();
    let before = queue.fingerprint().await;
    call!(queue, set_default_bucket, owner, "high").unwrap();
    assert_eq!(queue.fingerprint().await, before);
    call!(queue, delete_bucket, owner, "medium").unwrap();

    let task = queue.task("for which nobody chose").await;
    assert_eq!(queue.get(task).await.card.priority, 90);
    let defaults = buckets(&queue).await.into_iter().filter(|bucket| bucket.is_default);
    assert_eq!(defaults.map(|bucket| bucket.key).collect::<Vec<_>>(), ["high"]);
}

#[tokio::test]
async fn one_of_two_who_choose_the_default_at_once_comes_last() {
    let queue = Queue::new().await;
    let choose = |key: &'static str| {
        let choose: Job<_> = Box::pin(job!(queue, queue.project.scope, |db, scope| {
            set_default_bucket(&mut db, &scope, key)
        }));
        choose
    };

    for round in 0..10 {
        let answers = at_once(vec![choose("low"), choose("high"), choose("medium")]).await;

        assert!(answers.iter().all(Result::is_ok), "round {round}: {answers:?}");
        let defaults = buckets(&queue).await.into_iter().filter(|bucket| bucket.is_default);
        assert_eq!(defaults.count(), 1);
    }
}

#[tokio::test]
async fn a_bucket_that_goes_leaves_the_tasks_their_number() {
    let queue = Queue::new().await;
    let task = queue.make(in_bucket("high")).await;
    let before = queue.get(task).await.card;

    call!(queue, delete_bucket, &queue.project.scope, "high").unwrap();

    let after = queue.get(task).await.card;
    assert_eq!((after.priority, after.priority_key), (90, None));
    assert_eq!(after.version, before.version);
    let missing = projects::bucket_value(&mut *queue.world.db().await, &queue.bot, "high").await;
    assert!(matches!(missing, Err(Error::NotFound { kind: Kind::Bucket, .. })));
}

#[tokio::test]
async fn buckets_are_the_owners_and_those_that_are_not_there_are_not_found() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    for refusal in [
        refused!(queue, create_bucket, &ana.scope, &name("urgent"), 95),
        refused!(queue, edit_bucket, &ana.scope, "high", &edit("high", 95, true)),
        refused!(queue, set_default_bucket, &ana.scope, "high"),
        refused!(queue, delete_bucket, &ana.scope, "high"),
    ] {
        assert!(matches!(refusal, Error::Forbidden { .. }));
    }
    for refusal in [
        refused!(queue, bucket_tasks, &queue.project.scope, "urgent"),
        refused!(queue, edit_bucket, &queue.project.scope, "urgent", &edit("urgent", 95, true)),
        refused!(queue, set_default_bucket, &queue.project.scope, "urgent"),
        refused!(queue, delete_bucket, &queue.project.scope, "urgent"),
    ] {
        assert_eq!(refusal.to_string(), "there is no priority bucket \"urgent\" here");
    }
}
