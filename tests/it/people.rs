//! People across projects: their own tokens, and what administrators see of them.

use nottario::error::Error;
use nottario::identity::tokens::{self, NewToken};
use nottario::identity::{Expiry, authenticate, people};

use crate::world::{OPERATOR, World, in_browser, line};

#[tokio::test]
async fn a_person_sees_its_own_tokens_in_every_project_and_nobody_elses() {
    let world = World::new().await;
    let (zoo, atlas) = (world.project("zoo").await, world.project("atlas").await);
    let ana = world.member(&zoo, "ana", &["qa"]).await;
    atlas.join(&ana.user, &[]).await;
    zoo.agent("the-owners").await;
    let revoked = zoo.agent_of(&ana.user, "revoked").await;
    let now = chrono::Utc::now();
    let new = NewToken {
        user: ana.user.id,
        name: line("first"),
        default_role: Some(zoo.role("qa").await),
        expires_at: Expiry::Week.ends_at(now),
    };
    let mut db = world.db().await;
    tokens::issue(&mut db, &ana.scope, &new, now).await.unwrap();
    let second = zoo.agent_of(&ana.user, "second").await;
    atlas.agent_of(&ana.user, "third").await;
    tokens::revoke(&mut db, &ana.scope, revoked.token).await.unwrap();
    world.run("update projects set archived_at = now() where slug = 'atlas'").await;

    let own = tokens::list_own(&mut db, &ana.caller).await.unwrap();

    let seen: Vec<_> = own
        .iter()
        .map(|token| (token.project_slug.as_str(), token.name.as_str(), token.is_archived))
        .collect();
    assert_eq!(seen, [("atlas", "third", true), ("zoo", "second", false), ("zoo", "first", false)]);
    assert_eq!(own[1].id, second.token);
    assert_eq!(own[1].prefix, second.secret.prefix());
    assert_eq!((own[2].default_role.as_deref(), own[2].project_id), (Some("qa"), zoo.id));
    let ends = own[2].expires_at.unwrap();
    // The database keeps microseconds.
    let week = chrono::TimeDelta::days(7) - (ends - now);
    assert!(week.abs() < chrono::TimeDelta::milliseconds(1), "{ends}");
    // An agent knows its own project only.
    let by_agent = tokens::list_own(&mut db, &second.caller).await;
    assert!(matches!(by_agent, Err(Error::Forbidden { .. })));
    let none = tokens::list_own(&mut db, &in_browser(&world.user("ben").await)).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn a_token_with_a_chosen_length_works_until_then() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let now = chrono::Utc::now();
    let expires_at = Expiry::Month.ends_at(now);
    let new = NewToken { user: atlas.owner.id, name: line("bot"), default_role: None, expires_at };
    let mut db = world.db().await;
    let secret = tokens::issue(&mut db, &atlas.scope, &new, now).await.unwrap().secret;

    let minute = chrono::TimeDelta::minutes(1);
    let (before, after) = (expires_at.unwrap() - minute, expires_at.unwrap() + minute);

    assert!(authenticate(&mut db, &secret, before).await.unwrap().is_some());
    assert!(authenticate(&mut db, &secret, after).await.unwrap().is_none());
}

#[tokio::test]
async fn administrators_see_everybody_with_their_projects() {
    let world = World::new().await;
    let (zoo, atlas) = (world.project("zoo").await, world.project("atlas").await);
    let ana = world.member(&zoo, "Ana", &[]).await;
    atlas.join(&ana.user, &["qa", "design"]).await;
    world.user("ben").await;
    world.run("update users set avatar_url = 'https://pictures/ana' where login = 'Ana'").await;

    let people = people::list(&mut *world.db().await, OPERATOR()).await.unwrap();

    let seen: Vec<_> = people
        .iter()
        .map(|person| (person.login.as_str(), person.is_admin, person.projects.join(" ")))
        .collect();
    assert_eq!(
        seen,
        [
            ("admin", true, "atlas zoo".to_owned()),
            ("Ana", false, "atlas zoo".to_owned()),
            ("ben", false, String::new())
        ]
    );
    assert_eq!(people[1].avatar_url.as_deref(), Some("https://pictures/ana"));
}
