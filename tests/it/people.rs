//! People across projects: their own tokens, and what administrators see of them.

use nottario::error::Error;
use nottario::identity::tokens::{self, NewToken};
use nottario::identity::{Expiry, authenticate, people, users};
use nottario::ids::UserId;
use sqlx::PgConnection;

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
    let mut db = world.db().await;

    let listing = people::search(&mut db, OPERATOR(), "", 1).await.unwrap();

    let seen: Vec<_> = listing
        .people
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
    assert_eq!(listing.people[1].avatar_url.as_deref(), Some("https://pictures/ana"));
    let one = people::get(&mut db, OPERATOR(), ana.user.id).await.unwrap();
    assert_eq!((one.login.as_str(), one.projects.join(" ")), ("Ana", "atlas zoo".to_owned()));
    let nobody = people::get(&mut db, OPERATOR(), UserId::fresh()).await;
    assert!(matches!(nobody, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn people_are_found_by_letters_of_login_or_name() {
    let world = World::new().await;
    world.user("ana").await;
    world.user("per_cent").await;
    world.run("update users set display_name = 'Ana 100% Lima' where login = 'ana'").await;
    let mut db = world.db().await;

    for (letters, expected) in [
        ("", "admin ana per_cent"),
        ("  AN ", "ana"),
        ("lima", "ana"),
        ("a", "admin ana"),
        ("100%", "ana"),
        ("_", "per_cent"),
        ("%", "ana"),
        ("\0an\u{7}a", "ana"),
        ("nobody", ""),
        (&"a".repeat(5000), ""),
    ] {
        let found = people::search(&mut db, OPERATOR(), letters, 1).await.unwrap();
        let logins: Vec<_> = found.people.iter().map(|person| person.login.as_str()).collect();
        assert_eq!(logins.join(" "), expected, "{letters:.20}");
        assert_eq!((found.page, found.pages), (1, 1));
    }
}

#[tokio::test]
async fn many_people_come_in_pages_of_which_none_is_missing() {
    let world = World::new().await;
    let make = "insert into users (id, login, display_name) \
                select gen_random_uuid(), 'person-' || lpad(n::text, 3, '0'), 'P' \
                from generate_series(1, 120) n";
    world.run(make).await;
    let mut db = world.db().await;

    let mut seen = Vec::new();
    for page in 1..=3 {
        let found = people::search(&mut db, OPERATOR(), "", page).await.unwrap();
        assert_eq!((found.page, found.pages, found.total), (page, 3, 121));
        seen.extend(found.people.into_iter().map(|person| person.login));
    }
    assert_eq!(seen.len(), 121);
    assert!(seen.is_sorted());
    for (asked, given) in [(0, 1), (-1, 1), (i64::MIN, 1), (4, 3), (i64::MAX, 3)] {
        let found = people::search(&mut db, OPERATOR(), "", asked).await.unwrap();
        assert_eq!(found.page, given);
        assert!(!found.people.is_empty());
    }
}

#[tokio::test]
async fn the_only_administrator_is_told_apart() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let mut db = world.db().await;
    let is_only = async |db: &mut PgConnection, person| {
        people::get(db, OPERATOR(), person).await.unwrap().is_only_admin
    };

    assert!(is_only(&mut db, world.admin.id).await);
    assert!(!is_only(&mut db, ana.id).await);
    users::grant_admin(&mut db, OPERATOR(), ana.id).await.unwrap();
    assert!(!is_only(&mut db, world.admin.id).await);
    users::revoke_admin(&mut db, OPERATOR(), world.admin.id).await.unwrap();
    assert!(is_only(&mut db, ana.id).await);
}
