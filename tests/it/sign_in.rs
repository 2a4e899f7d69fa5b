//! Who somebody is after a sign-in: with GitHub, whose logins change hands, or by a one-time link.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nottario::error::{Error, Kind};
use nottario::identity::links::{self, Link, Whom};
use nottario::identity::users::{self, NewUser};
use nottario::identity::{LinkSecret, Login, Profile, User};
use sqlx::{PgConnection, PgPool};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::cluster;
use crate::world::{OPERATOR, World, line, patient_pool};

fn noon() -> DateTime<Utc> {
    "2030-06-01T12:00:00Z".parse().unwrap()
}

fn profile(id: i64, login: &str) -> Profile {
    Profile {
        id,
        login: login.parse().unwrap(),
        name: line(&format!("The {login}")),
        avatar_url: Some(format!("https://avatars.example/{id}")),
    }
}

async fn sign_in(db: &mut PgConnection, id: i64, login: &str) -> User {
    users::sign_in(db, &profile(id, login), noon()).await.unwrap()
}

/// A sign-in in a transaction of its own, once everybody who is to sign in has begun one.
async fn committed(pool: PgPool, everybody: Arc<Barrier>, profile: Profile) -> User {
    let mut tx = pool.begin().await.unwrap();
    everybody.wait().await;
    let user = users::sign_in(&mut tx, &profile, noon()).await.unwrap();
    tx.commit().await.unwrap();
    user
}

async fn login_of(db: &mut PgConnection, user: &User) -> String {
    let all = users::list(db, OPERATOR()).await.unwrap();
    all.into_iter().find(|known| known.id == user.id).unwrap().login
}

#[tokio::test]
async fn of_fifty_first_sign_ins_at_once_exactly_one_makes_an_admin() {
    let database = cluster::database().await;
    let (crowd, everybody) = (patient_pool(&database, 50), Arc::new(Barrier::new(50)));

    let mut people = JoinSet::new();
    for id in 1..=50 {
        let profile = profile(id, &format!("person-{id}"));
        people.spawn(committed(crowd.clone(), everybody.clone(), profile));
    }
    let people = people.join_all().await;

    assert_eq!(people.iter().filter(|person| person.is_admin).count(), 1);
    let mut ids: Vec<_> = people.iter().map(|person| person.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

#[tokio::test]
async fn two_first_sign_ins_of_one_person_at_once_make_one_person() {
    let world = World::new().await;
    let (crowd, everybody) = (world.pool_of(10), Arc::new(Barrier::new(10)));

    let mut browsers = JoinSet::new();
    for _ in 0..10 {
        browsers.spawn(committed(crowd.clone(), everybody.clone(), profile(101, "ana")));
    }
    let seen = browsers.join_all().await;

    assert!(seen.iter().all(|user| user.id == seen[0].id && user.login == "ana"));
    assert_eq!(world.number("select count(*) from users").await, 2);
}

#[tokio::test]
async fn a_person_is_known_by_its_number_and_brought_up_to_date() {
    let world = World::new().await;
    let mut db = world.db().await;
    let first = sign_in(&mut db, 101, "ana").await;
    assert_eq!((first.display_name.as_str(), first.is_admin), ("The ana", false));

    let renamed = Profile { avatar_url: None, ..profile(101, "Ana-Lima") };
    let later = noon() + TimeDelta::days(1);
    let second = users::sign_in(&mut db, &renamed, later).await.unwrap();

    assert_eq!(second.id, first.id);
    assert_eq!((second.login.as_str(), second.display_name.as_str()), ("Ana-Lima", "The Ana-Lima"));
    assert_eq!((second.avatar_url, second.last_seen_at), (None, Some(later)));
}

#[tokio::test]
async fn an_admin_stays_one_however_often_it_signs_in() {
    let database = cluster::database().await;
    let mut db = database.pool.acquire().await.unwrap();

    assert!(sign_in(&mut db, 101, "ana").await.is_admin);
    assert!(!sign_in(&mut db, 102, "ben").await.is_admin);
    assert!(sign_in(&mut db, 101, "ana").await.is_admin);
    assert!(!sign_in(&mut db, 102, "ben").await.is_admin);
}

#[tokio::test]
async fn whom_the_operator_made_is_the_first_who_has_the_login() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let made = world.member(&atlas, "Ana", &["qa"]).await.user;
    let mut db = world.db().await;

    let arrived = sign_in(&mut db, 101, "aNa").await;
    let newcomer = sign_in(&mut db, 102, "ana").await;

    assert_eq!(arrived.id, made.id);
    assert_eq!((arrived.login.as_str(), arrived.display_name.as_str()), ("aNa", "The aNa"));
    assert_ne!(newcomer.id, made.id, "the account was taken once");
    assert_eq!(newcomer.login, "ana");
}

#[tokio::test]
async fn a_login_that_was_given_to_somebody_else_locks_nobody_out() {
    let world = World::new().await;
    let mut db = world.db().await;
    let old = sign_in(&mut db, 101, "ana").await;

    let newcomer = sign_in(&mut db, 102, "ANA").await;

    assert_ne!(newcomer.id, old.id);
    assert_eq!(newcomer.login, "ANA");
    let stand_in = login_of(&mut db, &old).await;
    assert!(stand_in.starts_with("ana-") && stand_in.len() == 12, "{stand_in}");
    let by_login = users::find(&mut db, OPERATOR(), "ana").await.unwrap();
    assert_eq!(by_login.id, newcomer.id);
    // Back again, under its new login.
    let back = sign_in(&mut db, 101, "ana-lima").await;
    assert_eq!((back.id, back.login.as_str()), (old.id, "ana-lima"));
}

#[tokio::test]
async fn logins_can_be_swapped_and_handed_around() {
    let world = World::new().await;
    let mut db = world.db().await;
    let (ana, ben) = (sign_in(&mut db, 101, "ana").await, sign_in(&mut db, 102, "ben").await);

    // Each comes under the login that the other is still known by.
    assert_eq!(sign_in(&mut db, 101, "ben").await.id, ana.id);
    assert_eq!(sign_in(&mut db, 102, "ana").await.id, ben.id);
    assert_eq!(login_of(&mut db, &ana).await, "ben");
    assert_eq!(login_of(&mut db, &ben).await, "ana");

    // A third takes one, and somebody takes even the stand-in.
    sign_in(&mut db, 103, "ben").await;
    let stand_in = login_of(&mut db, &ana).await;
    let taker = sign_in(&mut db, 104, &stand_in).await;
    assert_eq!(taker.login, stand_in);
    assert_ne!(login_of(&mut db, &ana).await, stand_in);
    assert_eq!(world.number("select count(*) from users").await, 5);
}

#[tokio::test]
async fn the_longest_login_has_a_stand_in_too() {
    let world = World::new().await;
    let mut db = world.db().await;
    let longest = "a".repeat(39);
    let old = sign_in(&mut db, 101, &longest).await;

    sign_in(&mut db, 102, &longest).await;

    let stand_in = login_of(&mut db, &old).await;
    assert_eq!(stand_in.len(), 39);
    assert!(stand_in.parse::<Login>().is_ok(), "{stand_in}");
}

#[tokio::test]
async fn whom_the_operator_made_stays_apart_when_a_known_person_takes_the_login() {
    let world = World::new().await;
    let mut db = world.db().await;
    let known = sign_in(&mut db, 101, "ana").await;
    let made = world.user("ben").await;

    let renamed = sign_in(&mut db, 101, "ben").await;

    assert_eq!((renamed.id, renamed.login.as_str()), (known.id, "ben"));
    assert!(login_of(&mut db, &made).await.starts_with("ben-"));
}

async fn issue(db: &mut PgConnection, whom: &Whom) -> Link {
    links::issue(db, OPERATOR(), whom, noon()).await.unwrap()
}

fn admin() -> Whom {
    Whom::Admin { or_new: "somebody".parse().unwrap() }
}

#[tokio::test]
async fn in_an_empty_instance_a_link_signs_a_new_local_admin_in() {
    let database = cluster::database().await;
    let mut db = database.pool.acquire().await.unwrap();

    let link = issue(&mut db, &admin()).await;
    let again = issue(&mut db, &admin()).await;
    let user = links::redeem(&mut db, &link.secret, noon()).await.unwrap().unwrap();

    assert_eq!((user.login.as_str(), user.is_admin), ("somebody", true));
    assert_eq!(user.last_seen_at, Some(noon()));
    assert_eq!(again.user.id, user.id);
}

#[tokio::test]
async fn servers_that_start_together_make_one_local_admin() {
    let database = cluster::database().await;
    let (crowd, everybody) = (patient_pool(&database, 10), Arc::new(Barrier::new(10)));

    let mut servers = JoinSet::new();
    for _ in 0..10 {
        let (crowd, everybody) = (crowd.clone(), everybody.clone());
        servers.spawn(async move {
            let mut tx = crowd.begin().await.unwrap();
            everybody.wait().await;
            let link = issue(&mut tx, &admin()).await;
            tx.commit().await.unwrap();
            link.user.id
        });
    }
    let made = servers.join_all().await;

    assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
}

#[tokio::test]
async fn nobody_at_github_gets_a_local_persons_account() {
    let database = cluster::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let local = issue(&mut db, &admin()).await.user;

    let stranger = sign_in(&mut db, 101, "somebody").await;

    assert_ne!(stranger.id, local.id);
    assert!(!stranger.is_admin);
    assert!(login_of(&mut db, &local).await.starts_with("somebody-"));
    // The local admin goes on by links.
    assert_eq!(issue(&mut db, &admin()).await.user.id, local.id);
}

#[tokio::test]
async fn a_link_signs_the_oldest_admin_in_or_whom_it_names() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let mut db = world.db().await;
    users::grant_admin(&mut db, OPERATOR(), ana.id).await.unwrap();

    let for_admin = issue(&mut db, &admin()).await;
    let for_ana = issue(&mut db, &Whom::Person("ANA".parse().unwrap())).await;
    let nobody = Whom::Person("nobody".parse().unwrap());
    let for_nobody = links::issue(&mut db, OPERATOR(), &nobody, noon()).await;

    assert_eq!(for_admin.user.id, world.admin.id);
    assert_eq!(for_ana.user.id, ana.id);
    assert!(matches!(for_nobody, Err(Error::NotFound { kind: Kind::User, .. })));
    let address = for_ana.address(&"http://localhost:8081".parse().unwrap());
    let key = address.strip_prefix("http://localhost:8081/login/local?key=").unwrap();
    let redeemed = links::redeem(&mut db, &LinkSecret::parse(key).unwrap(), noon()).await;
    assert_eq!(redeemed.unwrap().unwrap().id, ana.id);
}

#[tokio::test]
async fn a_link_works_once_and_looking_at_it_uses_nothing_up() {
    let world = World::new().await;
    let mut db = world.db().await;
    let link = issue(&mut db, &admin()).await;

    for _ in 0..3 {
        let found = links::find(&mut db, &link.secret, noon()).await.unwrap().unwrap();
        assert_eq!(found.id, world.admin.id);
    }
    assert!(links::redeem(&mut db, &link.secret, noon()).await.unwrap().is_some());

    assert!(links::redeem(&mut db, &link.secret, noon()).await.unwrap().is_none());
    assert!(links::find(&mut db, &link.secret, noon()).await.unwrap().is_none());
    assert!(links::redeem(&mut db, &LinkSecret::fresh(), noon()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_link_expires_after_fifteen_minutes() {
    let world = World::new().await;
    let mut db = world.db().await;
    let link = issue(&mut db, &admin()).await;
    let last = noon() + TimeDelta::minutes(15);
    assert_eq!(link.expires_at, last);

    assert!(links::find(&mut db, &link.secret, last).await.unwrap().is_none());
    assert!(links::redeem(&mut db, &link.secret, last).await.unwrap().is_none());
    let just_before = last - TimeDelta::seconds(1);
    assert!(links::redeem(&mut db, &link.secret, just_before).await.unwrap().is_some());
}

#[tokio::test]
async fn of_ten_browsers_with_one_link_at_once_exactly_one_gets_in() {
    let world = World::new().await;
    let (crowd, everybody) = (world.pool_of(10), Arc::new(Barrier::new(10)));
    let link = issue(&mut *world.db().await, &admin()).await;

    let mut browsers = JoinSet::new();
    for _ in 0..10 {
        let (crowd, everybody) = (crowd.clone(), everybody.clone());
        let secret = link.secret.clone();
        browsers.spawn(async move {
            let mut tx = crowd.begin().await.unwrap();
            everybody.wait().await;
            let user = links::redeem(&mut tx, &secret, noon()).await.unwrap();
            tx.commit().await.unwrap();
            user.is_some()
        });
    }
    let let_in = browsers.join_all().await;

    assert_eq!(let_in.iter().filter(|is_in| **is_in).count(), 1);
}

#[tokio::test]
async fn a_link_that_was_not_used_after_all_still_works() {
    let world = World::new().await;
    let link = issue(&mut *world.db().await, &admin()).await;

    let mut tx = world.pool.begin().await.unwrap();
    assert!(links::redeem(&mut tx, &link.secret, noon()).await.unwrap().is_some());
    tx.rollback().await.unwrap();

    let mut db = world.db().await;
    assert!(links::redeem(&mut db, &link.secret, noon()).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_stored_of_a_link_opens_nothing() {
    let world = World::new().await;
    let link = issue(&mut *world.db().await, &admin()).await;

    let stored = world.text("select to_jsonb(l)::text from sign_in_links l").await;

    assert!(!stored.contains(link.secret.expose()), "{stored}");
    assert!(!format!("{link:?}").contains(link.secret.expose()));
}

#[tokio::test]
async fn the_operator_can_make_somebody_with_an_underscore() {
    let world = World::new().await;
    let new = NewUser { login: "ana_acme".parse().unwrap(), display_name: None };
    let mut db = world.db().await;

    let made = users::create(&mut db, OPERATOR(), &new).await.unwrap();

    assert_eq!(sign_in(&mut db, 101, "ana_acme").await.id, made.id);
}
