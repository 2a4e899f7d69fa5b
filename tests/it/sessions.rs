//! Sessions: how long they last, who sees and ends them, and what is kept of them.

use chrono::{DateTime, TimeDelta, Utc};
use nottario::access::Via;
use nottario::config::Secret;
use nottario::error::{Error, Kind};
use nottario::events::RelayHandle;
use nottario::identity::sessions::{self, SignedIn};
use nottario::identity::{
    Density, Preferences, SessionKeys, SessionSecret, Theme, User, set_preferences, users,
};
use nottario::ids::SessionId;
use nottario::jobs::{Context, Job as _, Purge};
use sqlx::PgConnection;

use crate::world::{OPERATOR, World, session_keys};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

fn noon() -> DateTime<Utc> {
    "2030-06-01T12:00:00Z".parse().unwrap()
}

/// Signs a person in at noon.
async fn open(db: &mut PgConnection, user: &User) -> SessionSecret {
    let opened = sessions::open(db, &session_keys(), user.id, FIREFOX, noon()).await;
    opened.unwrap().secret
}

async fn seen(
    db: &mut PgConnection,
    secret: &SessionSecret,
    now: DateTime<Utc>,
) -> Option<SignedIn> {
    sessions::authenticate(db, &session_keys(), secret, now).await.unwrap()
}

async fn signed_in(db: &mut PgConnection, user: &User) -> SignedIn {
    let secret = open(db, user).await;
    seen(db, &secret, noon()).await.unwrap()
}

#[tokio::test]
async fn a_session_says_who_is_there_and_what_the_person_may_and_likes() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let mut db = world.db().await;

    let admin = signed_in(&mut db, &world.admin).await;
    let other = signed_in(&mut db, &ana).await;

    assert_eq!((admin.user().login.as_str(), other.user().login.as_str()), ("admin", "ana"));
    assert!(matches!(admin.caller().via, Via::Session { is_admin: true }));
    assert!(matches!(other.caller().via, Via::Session { is_admin: false }));
    assert_eq!(other.caller().user, ana.id);
    assert_eq!(other.preferences(), Preferences::default());
}

#[tokio::test]
async fn the_very_next_request_knows_that_a_person_administers() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let secret = world.sign_in(&ana).await;
    let mut db = world.db().await;
    let now = Utc::now();

    users::grant_admin(&mut db, OPERATOR(), ana.id).await.unwrap();
    assert!(seen(&mut db, &secret, now).await.unwrap().user().is_admin);
    users::revoke_admin(&mut db, OPERATOR(), ana.id).await.unwrap();
    assert!(!seen(&mut db, &secret, now).await.unwrap().user().is_admin);
}

#[tokio::test]
async fn an_unused_session_ends_after_fourteen_days() {
    let world = World::new().await;
    let mut db = world.db().await;
    let secret = open(&mut db, &world.admin).await;
    let last = noon() + TimeDelta::days(14);

    let before = seen(&mut db, &secret, last - TimeDelta::seconds(1)).await;
    let after = seen(&mut db, &secret, last).await;

    let id = before.unwrap().session();
    assert!(after.is_none());
    assert!(sessions::is_live(&mut db, id, last - TimeDelta::seconds(1)).await.unwrap());
    assert!(!sessions::is_live(&mut db, id, last).await.unwrap());
}

#[tokio::test]
async fn a_used_session_ends_after_sixty_days() {
    let world = World::new().await;
    let mut db = world.db().await;
    let secret = open(&mut db, &world.admin).await;
    for day in 1..60 {
        let now = noon() + TimeDelta::days(day);
        let own = seen(&mut db, &secret, now).await.unwrap_or_else(|| panic!("on day {day}"));
        assert!(sessions::touch(&mut db, &own, now).await.unwrap(), "on day {day}");
    }
    let last = noon() + TimeDelta::days(60);

    let before = seen(&mut db, &secret, last - TimeDelta::seconds(1)).await;
    let after = seen(&mut db, &secret, last).await;

    let own = before.unwrap();
    assert!(after.is_none());
    assert!(sessions::list(&mut db, &own, last).await.unwrap().is_empty());
    assert!(!sessions::is_live(&mut db, own.session(), last).await.unwrap());
}

#[tokio::test]
async fn another_session_key_signs_everybody_out() {
    let world = World::new().await;
    let mut db = world.db().await;
    let secret = open(&mut db, &world.admin).await;
    let other = SessionKeys::derive(&Secret::new([1; 32]));

    assert!(sessions::authenticate(&mut db, &other, &secret, noon()).await.unwrap().is_none());
    assert!(seen(&mut db, &SessionSecret::fresh(), noon()).await.is_none());
    assert!(seen(&mut db, &secret, noon()).await.is_some());
}

#[tokio::test]
async fn what_is_stored_opens_nothing() {
    let world = World::new().await;
    let secret = open(&mut *world.db().await, &world.admin).await;

    let rows = "select string_agg(to_jsonb(s)::text, ' ') as rows from sessions s";
    let stored: String = world.text(rows).await;

    // Without the key nobody can tell whose row it is.
    let by_plain_hash =
        format!("select count(*) from sessions where key_hash = sha256('{}')", secret.expose());
    assert!(stored.contains("\\\\x"), "{stored}");
    assert!(!stored.contains(secret.expose()), "{stored}");
    assert_eq!(world.number(by_plain_hash).await, 0);
    assert!(!stored.contains("Mozilla"), "{stored}");
}

#[tokio::test]
async fn every_sign_in_has_an_id_and_a_secret_of_its_own() {
    let world = World::new().await;
    let mut db = world.db().await;

    let one = open(&mut db, &world.admin).await;
    let other = open(&mut db, &world.admin).await;

    assert_ne!(one.expose(), other.expose());
    let (one, other) = (seen(&mut db, &one, noon()).await, seen(&mut db, &other, noon()).await);
    assert_ne!(one.unwrap().session(), other.unwrap().session());
}

#[tokio::test]
async fn a_person_sees_and_ends_its_own_sessions_only() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let mut db = world.db().await;
    let (here, there) = (open(&mut db, &ana).await, open(&mut db, &ana).await);
    let strangers = signed_in(&mut db, &world.admin).await;
    let own = seen(&mut db, &here, noon()).await.unwrap();
    let second = seen(&mut db, &there, noon()).await.unwrap().session();

    let listed = sessions::list(&mut db, &own, noon()).await.unwrap();
    let of_stranger = sessions::close(&mut db, &own, strangers.session()).await;
    let never_was = sessions::close(&mut db, &own, SessionId::fresh()).await;

    let marked: Vec<_> = listed.iter().map(|session| (session.id, session.is_this)).collect();
    assert!(marked.contains(&(own.session(), true)) && marked.contains(&(second, false)));
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|session| session.browser == "Firefox on Linux"), "{listed:?}");
    assert!(matches!(of_stranger, Err(Error::NotFound { kind: Kind::Session, .. })));
    assert!(matches!(never_was, Err(Error::NotFound { kind: Kind::Session, .. })));
    assert!(sessions::is_live(&mut db, strangers.session(), noon()).await.unwrap());

    sessions::close(&mut db, &own, second).await.unwrap();
    assert!(seen(&mut db, &there, noon()).await.is_none());
    assert!(!sessions::is_live(&mut db, second, noon()).await.unwrap());
    sessions::close(&mut db, &own, own.session()).await.unwrap();
    assert!(seen(&mut db, &here, noon()).await.is_none());
}

#[tokio::test]
async fn all_others_are_ended_and_this_one_stays() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let mut db = world.db().await;
    let (here, there) = (open(&mut db, &ana).await, open(&mut db, &ana).await);
    open(&mut db, &ana).await;
    let strangers = signed_in(&mut db, &world.admin).await;
    let own = seen(&mut db, &here, noon()).await.unwrap();

    let ended = sessions::close_all_others(&mut db, &own).await.unwrap();

    assert_eq!(ended, 2);
    assert!(seen(&mut db, &here, noon()).await.is_some());
    assert!(seen(&mut db, &there, noon()).await.is_none());
    assert!(sessions::is_live(&mut db, strangers.session(), noon()).await.unwrap());
}

#[tokio::test]
async fn use_is_noted_at_most_every_five_minutes() {
    let world = World::new().await;
    let mut db = world.db().await;
    let secret = open(&mut db, &world.admin).await;
    let own = seen(&mut db, &secret, noon()).await.unwrap();

    let soon = noon() + TimeDelta::seconds(299);
    assert!(!own.is_touch_due(soon));
    assert!(!sessions::touch(&mut db, &own, soon).await.unwrap());

    let later = noon() + TimeDelta::seconds(300);
    assert!(own.is_touch_due(later));
    assert!(sessions::touch(&mut db, &own, later).await.unwrap());
    // Of two requests at the same moment only one writes.
    assert!(!sessions::touch(&mut db, &own, later).await.unwrap());
    let own = seen(&mut db, &secret, later).await.unwrap();
    assert!(!own.is_touch_due(later));
    assert_eq!(own.user().last_seen_at, Some(later));
    assert_eq!(sessions::list(&mut db, &own, later).await.unwrap()[0].last_seen_at, later);
}

#[tokio::test]
async fn a_person_is_never_seen_earlier_than_before() {
    let world = World::new().await;
    let mut db = world.db().await;
    let (one, other) = (signed_in(&mut db, &world.admin).await, open(&mut db, &world.admin).await);
    let (early, late) = (noon() + TimeDelta::hours(1), noon() + TimeDelta::hours(2));

    sessions::touch(&mut db, &one, late).await.unwrap();
    let other = seen(&mut db, &other, early).await.unwrap();
    assert!(sessions::touch(&mut db, &other, early).await.unwrap());

    let listed = users::list(&mut db, OPERATOR()).await.unwrap();
    assert_eq!(listed[0].last_seen_at, Some(late));
}

#[tokio::test]
async fn preferences_are_kept_for_the_person_and_no_other() {
    let world = World::new().await;
    let ana = world.user("ana").await;
    let mut db = world.db().await;
    let secret = open(&mut db, &ana).await;
    let own = seen(&mut db, &secret, noon()).await.unwrap();
    let wanted = Preferences { theme: Theme::Dark, density: Density::Compact, single_keys: false };

    set_preferences(&mut db, &own, &wanted).await.unwrap();

    assert_eq!(seen(&mut db, &secret, noon()).await.unwrap().preferences(), wanted);
    let others = signed_in(&mut db, &world.admin).await;
    assert_eq!(others.preferences(), Preferences::default());
}

#[tokio::test]
async fn the_purge_removes_what_has_ended_and_nothing_else() {
    let world = World::new().await;
    world
        .run(
            "insert into sessions (id, user_id, key_hash, browser, created_at, last_seen_at)
             select gen_random_uuid(), u.id, sha256(kind::bytea), kind,
                    now() - created * interval '1 day', now() - seen * interval '1 day'
             from users u,
                  (values ('fresh', 0, 0), ('idle', 15, 15), ('old', 61, 1), ('long', 59, 13))
                      as given (kind, created, seen);
             insert into sign_in_links (key_hash, user_id, expires_at, used_at)
             select sha256(kind::bytea), u.id, now() + minutes * interval '1 minute', used
             from users u,
                  (values ('open', 10, null), ('used', 10, now()), ('over', -1, null),
                          ('used and over', -1, now())) as given (kind, minutes, used)",
        )
        .await;

    let context = Context { pool: world.pool.clone(), relay: RelayHandle::default() };
    Purge {}.run(&context).await.unwrap();

    let left = "select string_agg(browser, ' ' order by browser) from sessions";
    assert_eq!(world.text(left).await, "fresh long");
    // A used link is kept while it could be tried again.
    assert_eq!(world.number("select count(*) from sign_in_links").await, 2);
    assert_eq!(
        world.number("select count(*) from sign_in_links where expires_at < now()").await,
        0
    );
}
