//! Who works in a project: roles, joining by login, owners.

use nottario::access::{self, Standing};
use nottario::error::{Error, Kind};
use nottario::ids::UserId;
use nottario::projects::{
    MemberCard, add_member_by_login, change_owner, list_members, member_cards, remove_member,
    set_member_roles,
};
use serde_json::json;

use crate::tasks::kit::{Job, Queue, at_once, call, job, refused};
use crate::world::in_browser;

async fn roles_of(queue: &Queue, user: UserId) -> Vec<String> {
    let members = list_members(&mut *queue.world.db().await, &queue.project.scope).await.unwrap();
    members.into_iter().find(|member| member.user_id == user).unwrap().roles
}

#[tokio::test]
async fn a_member_gets_exactly_the_roles_that_are_named() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let ana = queue.world.member(&queue.project, "ana", &["qa", "backend"]).await.user.id;
    let (qa, design) = (queue.project.role("qa").await, queue.project.role("design").await);

    call!(queue, set_member_roles, owner, ana, &[design, qa, qa]).unwrap();
    assert_eq!(roles_of(&queue, ana).await, ["qa", "design"]);
    let event = queue.world.events(owner).await.events.pop().unwrap();
    assert_eq!(
        event.data,
        json!({ "member": ana, "roles_given": ["design"], "roles_taken": ["backend"] })
    );

    let before = queue.fingerprint().await;
    call!(queue, set_member_roles, owner, ana, &[qa, design]).unwrap();
    assert_eq!(queue.fingerprint().await, before, "the same again changes nothing");

    call!(queue, set_member_roles, owner, ana, &[]).unwrap();
    assert!(roles_of(&queue, ana).await.is_empty());
    let owners = roles_of(&queue, queue.project.owner.id).await;
    assert_eq!(owners.len(), 4, "another member's roles stay");
}

#[tokio::test]
async fn roles_are_given_by_the_owner_to_members_and_from_the_project() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let ana = queue.world.member(&queue.project, "ana", &["qa"]).await;
    let stranger = queue.world.user("stranger").await;
    let foreign = queue.world.project("other").await.role("qa").await;
    let qa = queue.project.role("qa").await;

    let by_member = refused!(queue, set_member_roles, &ana.scope, ana.user.id, &[]);
    let to_stranger = refused!(queue, set_member_roles, owner, stranger.id, &[qa]);
    let of_another = refused!(queue, set_member_roles, owner, ana.user.id, &[qa, foreign]);

    assert!(matches!(by_member, Error::Forbidden { .. }));
    assert!(matches!(to_stranger, Error::NotFound { kind: Kind::Member, .. }));
    assert_eq!(of_another.to_string(), format!("there is no role {foreign} here"));
}

#[tokio::test]
async fn a_person_is_added_by_login_once_it_was_here() {
    let queue = Queue::new().await;
    let owner = &queue.project.scope;
    let ana = queue.world.user("Ana").await;
    let member = queue.world.member(&queue.project, "ben", &[]).await;
    let qa = queue.project.role("qa").await;

    let added = call!(queue, add_member_by_login, owner, " aNA ", &[qa]).unwrap();
    let unknown = refused!(queue, add_member_by_login, owner, "nobody", &[]);
    let by_member = refused!(queue, add_member_by_login, &member.scope, "nobody", &[]);

    assert_eq!(added, ana.id);
    assert_eq!(roles_of(&queue, ana.id).await, ["qa"]);
    assert_eq!(
        unknown.to_string(),
        "login: nobody with that login was here yet; the person has to sign in once first"
    );
    // Who is known on the instance is not for a member to find out.
    assert!(matches!(by_member, Error::Forbidden { .. }));
}

#[tokio::test]
async fn the_page_of_members_says_who_is_at_work() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &["qa", "backend"]).await;
    let agent = queue.project.agent_of(&ana.user, "agent").await;
    let revoked = queue.project.agent_of(&ana.user, "revoked").await;
    let revoke = nottario::identity::tokens::revoke;
    call!(queue, revoke, &ana.scope, revoked.token).unwrap();
    queue.task("one").await;
    queue.task("two").await;
    queue.claim_next(&agent.scope).await.unwrap();
    queue.claim_next(&ana.scope).await.unwrap();
    queue
        .world
        .run(
            "update users set avatar_url = 'https://pictures/ana', last_seen_at = '2030-06-01' \
             where login = 'ana'",
        )
        .await;

    let mut db = queue.world.db().await;
    let cards = member_cards(&mut db, &queue.project.scope).await.unwrap();

    let logins: Vec<_> = cards.iter().map(|card| card.github_login.as_str()).collect();
    assert_eq!(logins, ["admin", "ana"]);
    let MemberCard { roles, is_owner, live_tokens, held_tasks, avatar_url, .. } = &cards[1];
    assert_eq!((roles.join(" ").as_str(), is_owner), ("backend qa", &false));
    assert_eq!((*live_tokens, *held_tasks), (1, 2));
    assert_eq!(avatar_url.as_deref(), Some("https://pictures/ana"));
    assert_eq!(cards[1].last_seen_at.unwrap().to_rfc3339(), "2030-06-01T00:00:00+00:00");
    assert_eq!((cards[0].is_owner, cards[0].live_tokens, cards[0].held_tasks), (true, 1, 0));
}

#[tokio::test]
async fn a_project_changes_hands_among_its_members() {
    let queue = Queue::new().await;
    let ana = queue.world.member(&queue.project, "ana", &[]).await;
    let stranger = queue.world.user("stranger").await;
    let owner = &queue.project.scope;

    let by_member = refused!(queue, change_owner, &ana.scope, ana.user.id);
    let to_stranger = refused!(queue, change_owner, owner, stranger.id);
    call!(queue, change_owner, owner, ana.user.id).unwrap();

    assert!(matches!(by_member, Error::Forbidden { .. }));
    assert!(matches!(to_stranger, Error::NotFound { kind: Kind::Member, .. }));
    let mut db = queue.world.db().await;
    let hers = access::enter(&mut db, &ana.caller, queue.project.id).await.unwrap();
    let his = access::enter(&mut db, &in_browser(&queue.project.owner), queue.project.id).await;
    assert_eq!((hers.standing(), his.unwrap().standing()), (Standing::Owner, Standing::Member));
    assert_eq!(roles_of(&queue, queue.project.owner.id).await.len(), 4);
    let event = queue.world.events(&hers).await.events.pop().unwrap();
    assert_eq!(event.data, json!({ "owner": [queue.project.owner.id, ana.user.id] }));
    let before = queue.fingerprint().await;
    call!(queue, change_owner, &hers, ana.user.id).unwrap();
    assert_eq!(queue.fingerprint().await, before, "the same again changes nothing");
}

#[tokio::test]
async fn who_is_removed_and_made_owner_at_once_is_one_of_both() {
    let queue = Queue::new().await;
    for round in 0..10 {
        let login = format!("heir-{round}");
        let heir = queue.world.member(&queue.project, &login, &[]).await.user.id;
        let owner = &queue.project.scope;
        let remove: Job<_> =
            Box::pin(job!(queue, owner, |db, owner| remove_member(&mut db, &owner, heir)));
        let crown: Job<_> =
            Box::pin(job!(queue, owner, |db, owner| change_owner(&mut db, &owner, heir)));

        let answers = at_once(vec![remove, crown]).await;

        match (&answers[0], &answers[1]) {
            (Ok(()), Err(Error::NotFound { kind: Kind::Member, .. }))
            | (Err(Error::Forbidden { .. }), Ok(())) => {}
            other => panic!("round {round}: {other:?}"),
        }
        let back = format!("update projects set owner_id = '{}'", queue.project.owner.id);
        queue.world.run(back).await;
    }
}
