//! Lists with filters and pages; comments and commits; how tasks are named.

use nottario::ids::CommentId;
use nottario::tasks::{
    self, Assignee, CommitMessage, Cursor, Filter, NewCommit, NewTask, Repo, Sha, TaskRef,
    TaskState, TaskType, add_comment, link_commit, list,
};
use nottario::text::CommentBody;

use super::kit::{Queue, call, titled, urgent};

async fn titles(queue: &Queue, filter: Filter) -> Vec<String> {
    let page = list(&mut *queue.world.db().await, &queue.bot, &filter, None, 500).await.unwrap();
    assert!(!page.has_more);
    page.rows.into_iter().map(|card| card.title).collect()
}

#[tokio::test]
async fn filters_narrow_a_list() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let qa = queue.project.role("qa").await;
    let feature = queue.feature("feature").await;
    queue.child(feature, "child").await;
    let hers = NewTask { assignee: Some(ana.user.id), ..urgent("hers 100% done_ly", 90) };
    queue.make(hers).await;
    queue.make(NewTask { target_role: Some(qa), kind: TaskType::Bug, ..titled("for qa") }).await;
    let held = queue.task("held").await;
    queue.claim(&queue.bot, held).await;
    let closed = queue.task("closed").await;
    queue.wont_do(closed).await;
    let all = Filter::default;

    let cases = [
        (all(), vec!["hers 100% done_ly", "feature", "child", "for qa", "held"]),
        (
            Filter { include_closed: true, ..all() },
            vec!["hers 100% done_ly", "feature", "child", "for qa", "held", "closed"],
        ),
        (Filter { state: Some(TaskState::WontDo), ..all() }, vec!["closed"]),
        (Filter { state: Some(TaskState::Doing), ..all() }, vec!["held"]),
        (Filter { kind: Some(TaskType::Bug), ..all() }, vec!["for qa"]),
        (
            Filter { assignee: Some(Assignee::Member(ana.user.id)), ..all() },
            vec!["hers 100% done_ly"],
        ),
        (Filter { assignee: Some(Assignee::Nobody), ..all() }, vec!["feature", "child", "for qa"]),
        (Filter { target_role: Some(qa), ..all() }, vec!["for qa"]),
        (Filter { parent: Some(feature), include_children: false, ..all() }, vec!["child"]),
        (
            Filter { include_children: false, ..all() },
            vec!["hers 100% done_ly", "feature", "for qa", "held"],
        ),
        (Filter { ready: Some(true), ..all() }, vec!["hers 100% done_ly", "child", "for qa"]),
        (Filter { ready: Some(false), ..all() }, vec!["feature", "held"]),
        (Filter { held_by: queue.bot.actor().token, ..all() }, vec!["held"]),
        (Filter { text: Some("100%".into()), ..all() }, vec!["hers 100% done_ly"]),
        (Filter { text: Some("E_L".into()), ..all() }, vec!["hers 100% done_ly"]),
        (Filter { text: Some("e%d".into()), ..all() }, vec![]),
        (Filter { text: Some("FOR".into()), ..all() }, vec!["for qa"]),
        (Filter { text: Some("atl-5".into()), ..all() }, vec!["held"]),
        (Filter { text: Some(" #2 ".into()), ..all() }, vec!["child"]),
        (Filter { text: Some("XYZ-2".into()), ..all() }, vec![]),
    ];
    for (filter, expected) in cases {
        assert_eq!(titles(&queue, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_list_can_be_of_one_cycle() {
    let queue = Queue::new().await;
    let done = queue.task("done").await;
    queue.done(done).await;
    let first = queue.get(done).await.cycle.id;
    queue.end_cycle().await;
    queue.task("new").await;

    let all = Filter { include_closed: true, ..Filter::default() };
    assert_eq!(titles(&queue, Filter { cycle: Some(first), ..all.clone() }).await, ["done"]);
    assert_eq!(titles(&queue, all).await, ["done", "new"]);
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_whatever_was_inserted() {
    let queue = Queue::new().await;
    for (nth, priority) in [60, 60, 10, 90, 60].into_iter().enumerate() {
        queue.make(urgent(&format!("{priority} {nth}"), priority)).await;
    }
    let filter = Filter::default();
    let mut seen = Vec::new();
    let mut cursor = None;
    for (title, priority, has_more) in
        [("99 before the cursor", 99, true), ("60 behind it", 60, true), ("5 at the end", 5, false)]
    {
        let mut db = queue.world.db().await;
        let page = list(&mut db, &queue.bot, &filter, cursor, 2).await.unwrap();
        assert_eq!((page.rows.len(), page.has_more), (2, has_more));
        // Through the text that clients hand back.
        let next = Cursor::after(page.rows.last().unwrap()).encode();
        cursor = Some(Cursor::decode(&next).unwrap());
        seen.extend(page.rows.into_iter().map(|card| card.title));
        drop(db);
        queue.make(urgent(title, priority)).await;
    }
    let last = list(&mut *queue.world.db().await, &queue.bot, &filter, cursor, 2).await.unwrap();
    assert!(!last.has_more);
    seen.extend(last.rows.into_iter().map(|card| card.title));

    let expected = ["90 3", "60 0", "60 1", "60 4", "60 behind it", "10 2", "5 at the end"];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_broken_cursor_is_refused() {
    for broken in ["", "x", "!!!", "NjA", "NjAuMQ==", "NjAueA", "LjE", "NjAuMS4y", "____"] {
        assert!(Cursor::decode(broken).is_err(), "{broken:?}");
    }
    assert!(Cursor::decode("NjAuMQ").is_ok());
}

#[tokio::test]
async fn a_task_is_named_by_its_key_or_its_id() {
    let queue = Queue::new().await;
    let task = queue.task("task").await;
    let mut db = queue.world.db().await;

    for name in ["ATL-1", "atl-1", &task.to_string()] {
        let reference = TaskRef::parse(name).unwrap();
        assert_eq!(reference.resolve(&mut db, &queue.bot).await.unwrap(), task);
    }
    for name in ["ATL-2", "XYZ-1"] {
        let reference = TaskRef::parse(name).unwrap();
        let refusal = reference.resolve(&mut db, &queue.bot).await.unwrap_err();
        assert_eq!(refusal.code(), "not_found");
        assert!(refusal.to_string().contains(name), "{refusal}");
    }
    for broken in ["", "ATL", "ATL-", "ATL-0", "ATL-01", "ATL--1", "A-1", "ATL-99999999999", "1"] {
        assert!(TaskRef::parse(broken).is_err(), "{broken:?}");
    }
}

#[tokio::test]
async fn comments_are_read_in_pages_oldest_first() {
    let queue = Queue::new().await;
    let second = queue.agent("second").await;
    let task = queue.task("talked about").await;
    queue.claim(&queue.bot, task).await;
    for nth in 0..5 {
        let body = CommentBody::parse(format!("comment {nth}")).unwrap();
        // Anybody may comment, whoever holds the task.
        call!(queue, add_comment, &second, task, &body).unwrap();
    }
    let mut db = queue.world.db().await;

    let first = tasks::comments(&mut db, &queue.bot, task, None, 3).await.unwrap();
    let after: CommentId = first.last().unwrap().id;
    let rest = tasks::comments(&mut db, &queue.bot, task, Some(after), 3).await.unwrap();

    let bodies: Vec<_> = first.iter().chain(&rest).map(|comment| &comment.body[..]).collect();
    assert_eq!(bodies, ["comment 0", "comment 1", "comment 2", "comment 3", "comment 4"]);
    assert_eq!(first[0].author.to_string(), r#"agent "second" for admin"#);
    for bad in ["", " \n", &"x".repeat(65_537)] {
        assert!(CommentBody::parse(bad).is_err());
    }
}

#[tokio::test]
async fn linking_a_commit_again_updates_its_message_and_keeps_who_linked_it() {
    let queue = Queue::new().await;
    let ana = queue.agent_with("ana", &[]).await;
    let task = queue.task("shipped").await;
    let commit = |sha: &str, message: Option<&str>| NewCommit {
        repo: Repo::parse("acme/atlas").unwrap(),
        sha: Sha::parse(sha).unwrap(),
        message: message.map(|message| CommitMessage::parse(message).unwrap()),
    };

    call!(queue, link_commit, &ana, task, &commit("ABCDEF1", Some("first"))).unwrap();
    call!(queue, link_commit, &queue.bot, task, &commit("abcdef1", Some("second"))).unwrap();
    call!(queue, link_commit, &queue.bot, task, &commit("abcdef1", None)).unwrap();

    let commits = tasks::commits(&mut *queue.world.db().await, &queue.bot, task, 10).await.unwrap();
    assert_eq!(commits.len(), 1);
    assert_eq!((commits[0].sha.as_str(), commits[0].message.as_str()), ("abcdef1", "second"));
    assert_eq!(commits[0].linked_by.user, "ana");
    assert_eq!(queue.kinds_of(task).await, ["task.created", "commit.linked"]);
}

#[test]
fn repositories_and_hashes_have_bounds() {
    for bad in ["", "atlas", "acme/", "/atlas", "acme/..", "acme/at las", "acme//atlas", "a/<b>"] {
        assert!(Repo::parse(bad).is_err(), "{bad:?}");
    }
    assert!(Repo::parse("acme/team/atlas.rs").is_ok());
    for bad in ["", "abcdef", "abcdefg", &"a".repeat(65)] {
        assert!(Sha::parse(bad).is_err(), "{bad:?}");
    }
    assert!(Sha::parse(&"a".repeat(64)).is_ok());
}
