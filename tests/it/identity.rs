//! People and tokens.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use nottario::access;
use nottario::error::{Error, Kind};
use nottario::identity::tokens::{self, NewToken, Token};
use nottario::identity::users::{self, NewUser};
use nottario::identity::{TokenSecret, authenticate, whoami};
use nottario::projects;
use tokio::sync::Barrier;

use crate::world::{OPERATOR, World, in_browser, line, patient_pool};

fn noon() -> DateTime<Utc> {
    "2030-06-01T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn of_fifty_first_people_at_once_exactly_one_is_admin() {
    let database = crate::cluster::database().await;
    let (crowd, everybody) = (patient_pool(&database, 50), Arc::new(Barrier::new(50)));

    let mut people = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (crowd, everybody) = (crowd.clone(), everybody.clone());
        people.spawn(async move {
            let login = format!("person-{number}").parse().unwrap();
            let mut tx = crowd.begin().await.unwrap();
            everybody.wait().await;
            let new = NewUser { login, display_name: None };
            let user = users::create(&mut tx, OPERATOR(), &new).await.unwrap();
            tx.commit().await.unwrap();
            user
        });
    }
    let people = people.join_all().await;

    assert_eq!(people.len(), 50);
    assert_eq!(people.iter().filter(|person| person.is_admin).count(), 1);
}

#[tokio::test]
async fn a_login_is_taken_whatever_its_case() {
    let world = World::new().await;
    world.user("Ana").await;

    let new = NewUser { login: "aNA".parse().unwrap(), display_name: None };
    let second = users::create(&mut *world.db().await, OPERATOR(), &new).await;
    let found = users::find(&mut *world.db().await, OPERATOR(), "ANA").await.unwrap();

    assert!(matches!(second, Err(Error::Invalid { field, .. }) if field == "login"));
    assert_eq!(found.login, "Ana");
}

#[tokio::test]
async fn the_last_admin_stays_also_when_two_are_revoked_at_once() {
    let world = World::new().await;
    let other = world.user("other").await;
    for _ in 0..10 {
        for person in [&world.admin, &other] {
            users::grant_admin(&mut *world.db().await, OPERATOR(), person.id).await.unwrap();
        }
        let revoke = |user| {
            let pool = world.pool.clone();
            async move {
                let mut tx = pool.begin().await.unwrap();
                let outcome = users::revoke_admin(&mut tx, OPERATOR(), user).await;
                if outcome.is_ok() {
                    tx.commit().await.unwrap();
                }
                outcome
            }
        };
        let (one, two) = tokio::join!(revoke(world.admin.id), revoke(other.id));

        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1);
        let refused = one.err().or(two.err()).unwrap();
        assert!(matches!(refused, Error::Forbidden { .. }));
        let people = users::list(&mut *world.db().await, OPERATOR()).await.unwrap();
        assert_eq!(people.iter().filter(|person| person.is_admin).count(), 1);
    }
}

#[tokio::test]
async fn a_token_opens_its_project_until_it_expires() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let expires_at = Some(noon());
    let new = NewToken {
        user: atlas.owner.id,
        name: line("bot"),
        default_role: Some(atlas.role("qa").await),
        expires_at,
    };
    let mut db = world.db().await;
    let issued = tokens::issue(&mut db, &atlas.scope, &new, noon() - TimeDelta::days(1)).await;
    let secret = issued.unwrap().secret;

    let before = noon() - TimeDelta::seconds(1);
    let live = authenticate(&mut db, &secret, before).await.unwrap().unwrap();
    let expired = authenticate(&mut db, &secret, noon()).await.unwrap();
    let foreign = authenticate(&mut db, &TokenSecret::fresh(), before).await.unwrap();

    assert_eq!((live.project, live.name.as_str()), (atlas.id, "bot"));
    assert!(access::enter(&mut db, &live.caller, atlas.id).await.is_ok());
    assert!(expired.is_none());
    assert!(foreign.is_none());
    let listed = tokens::list(&mut db, &atlas.scope).await.unwrap();
    assert_eq!(listed[0].default_role.as_deref(), Some("qa"));
}

#[tokio::test]
async fn a_token_cannot_be_issued_for_the_past_nor_for_a_stranger() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let stranger = world.user("stranger").await;
    let mut db = world.db().await;
    let system = access::enter_as_system(&mut db, atlas.id).await.unwrap();
    let new =
        |user, expires_at| NewToken { user, name: line("bot"), default_role: None, expires_at };

    let past = tokens::issue(&mut db, &system, &new(atlas.owner.id, Some(noon())), noon()).await;
    let strange = tokens::issue(&mut db, &system, &new(stranger.id, None), noon()).await;

    assert!(matches!(past, Err(Error::Invalid { field, .. }) if field == "expires"));
    assert!(matches!(strange, Err(Error::NotFound { kind: Kind::Member, .. })));
}

#[tokio::test]
async fn a_revoked_token_is_refused_by_the_next_call() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let bot = atlas.agent("bot").await;
    let mut db = world.db().await;
    assert!(authenticate(&mut db, &bot.secret, noon()).await.unwrap().is_some());

    tokens::revoke(&mut db, &atlas.scope, bot.token).await.unwrap();
    tokens::revoke(&mut db, &atlas.scope, bot.token).await.unwrap();

    assert!(authenticate(&mut db, &bot.secret, noon()).await.unwrap().is_none());
    let kinds = world.event_kinds(&atlas.scope).await;
    assert_eq!(kinds, ["project.created", "token.issued", "token.revoked"]);
}

#[tokio::test]
async fn a_token_is_revoked_by_its_person_and_the_owner_and_nobody_else() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let ana = world.member(&atlas, "ana", &[]).await;
    let ben = world.member(&atlas, "ben", &[]).await;
    let (first, second) =
        (atlas.agent_of(&ana.user, "first").await, atlas.agent_of(&ana.user, "second").await);
    let mut db = world.db().await;

    let by_colleague = tokens::revoke(&mut db, &ben.scope, first.token).await;
    let from_elsewhere = tokens::revoke(&mut db, &other.scope, first.token).await;
    assert!(matches!(by_colleague, Err(Error::Forbidden { .. })));
    assert!(matches!(from_elsewhere, Err(Error::NotFound { kind: Kind::Token, .. })));
    assert!(authenticate(&mut db, &first.secret, noon()).await.unwrap().is_some());

    tokens::revoke(&mut db, &ana.scope, first.token).await.unwrap();
    tokens::revoke(&mut db, &atlas.scope, second.token).await.unwrap();
    assert!(authenticate(&mut db, &first.secret, noon()).await.unwrap().is_none());
    assert!(authenticate(&mut db, &second.secret, noon()).await.unwrap().is_none());
}

#[tokio::test]
async fn tokens_are_issued_by_people_for_themselves() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &[]).await;
    let bot = atlas.agent("bot").await;
    let mut db = world.db().await;
    let new = |user| NewToken { user, name: line("new"), default_role: None, expires_at: None };

    let by_agent = tokens::issue(&mut db, &bot.scope, &new(atlas.owner.id), noon()).await;
    let for_another = tokens::issue(&mut db, &ana.scope, &new(atlas.owner.id), noon()).await;
    let for_oneself = tokens::issue(&mut db, &ana.scope, &new(ana.user.id), noon()).await;

    assert!(matches!(by_agent, Err(Error::Forbidden { .. })));
    assert!(matches!(for_another, Err(Error::Forbidden { .. })));
    assert!(for_oneself.is_ok());
}

#[tokio::test]
async fn a_live_name_is_taken_and_an_expired_one_is_free() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let mut db = world.db().await;
    let new = |name: &str| NewToken {
        user: atlas.owner.id,
        name: line(name),
        default_role: None,
        expires_at: Some(noon()),
    };
    let early = noon() - TimeDelta::days(1);
    let first = tokens::issue(&mut db, &atlas.scope, &new("bot"), early).await.unwrap();

    let taken = tokens::issue(&mut db, &atlas.scope, &new("BOT"), early).await;
    let later = NewToken { expires_at: None, ..new("Bot") };
    let second = tokens::issue(&mut db, &atlas.scope, &later, noon()).await.unwrap();

    assert!(matches!(taken, Err(Error::Invalid { field, .. }) if field == "name"));
    let live = tokens::list(&mut db, &atlas.scope).await.unwrap();
    assert_eq!(live.iter().map(|token| token.id).collect::<Vec<_>>(), [second.id]);
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn of_ten_tokens_with_one_name_at_once_exactly_one_is_issued() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let crowd = world.pool_of(10);

    let mut issuers = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (crowd, scope, user) = (crowd.clone(), atlas.scope.clone(), atlas.owner.id);
        issuers.spawn(async move {
            let new = NewToken { user, name: line("bot"), default_role: None, expires_at: None };
            let mut tx = crowd.begin().await.unwrap();
            let issued = tokens::issue(&mut tx, &scope, &new, noon()).await;
            if issued.is_ok() {
                tx.commit().await.unwrap();
            }
            issued.is_ok()
        });
    }
    let issued = issuers.join_all().await;

    assert_eq!(issued.iter().filter(|ok| **ok).count(), 1);
    assert_eq!(tokens::list(&mut *world.db().await, &atlas.scope).await.unwrap().len(), 1);
}

#[tokio::test]
async fn others_tokens_have_no_name_and_prefix_for_a_member() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &[]).await;
    atlas.agent_of(&ana.user, "hers").await;
    let bot = atlas.agent("his").await;
    let mut db = world.db().await;

    let seen_by_ana = tokens::list(&mut db, &ana.scope).await.unwrap();
    let seen_by_owner = tokens::list(&mut db, &atlas.scope).await.unwrap();

    let of = |tokens: &[Token], login: &str| {
        let token = tokens.iter().find(|token| token.user == login).unwrap();
        (token.name.clone(), token.prefix.clone())
    };
    assert_eq!(of(&seen_by_ana, "admin"), (None, None));
    assert_eq!(of(&seen_by_ana, "ana").0.as_deref(), Some("hers"));
    assert_eq!(of(&seen_by_owner, "ana").0.as_deref(), Some("hers"));
    assert_eq!(of(&seen_by_owner, "admin").1.as_deref(), Some(bot.secret.prefix()));
}

#[tokio::test]
async fn last_use_is_written_at_most_once_a_minute() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let bot = atlas.agent("bot").await;
    let mut db = world.db().await;

    let fresh = authenticate(&mut db, &bot.secret, noon()).await.unwrap().unwrap();
    assert!(fresh.is_touch_due(noon()));
    assert!(tokens::touch(&mut db, &fresh, noon()).await.unwrap());

    let soon = noon() + TimeDelta::seconds(59);
    assert!(!tokens::touch(&mut db, &fresh, soon).await.unwrap());
    let used = authenticate(&mut db, &bot.secret, soon).await.unwrap().unwrap();
    assert!(!used.is_touch_due(soon));

    let later = noon() + TimeDelta::seconds(60);
    assert!(used.is_touch_due(later));
    assert!(tokens::touch(&mut db, &used, later).await.unwrap());
}

#[tokio::test]
async fn who_is_removed_while_a_token_is_issued_has_no_live_token() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &[]).await;
    let new =
        NewToken { user: ana.user.id, name: line("bot"), default_role: None, expires_at: None };

    let mut issuing = world.pool.begin().await.unwrap();
    let issued = tokens::issue(&mut issuing, &ana.scope, &new, noon()).await.unwrap();
    let removal = tokio::spawn({
        let (pool, scope, user) = (world.pool.clone(), atlas.scope.clone(), ana.user.id);
        async move {
            let mut tx = pool.begin().await.unwrap();
            projects::remove_member(&mut tx, &scope, user).await.unwrap();
            tx.commit().await.unwrap();
        }
    });
    world.until_blocked(1).await;
    issuing.commit().await.unwrap();
    removal.await.unwrap();

    // Back again: what she had before must not open anything.
    atlas.join(&ana.user, &[]).await;
    let found = authenticate(&mut *world.db().await, &issued.secret, noon()).await.unwrap();
    assert!(found.is_none());
}

#[tokio::test]
async fn whoami_names_the_person_the_token_and_every_role() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &["qa", "backend"]).await;
    let ben = world.member(&atlas, "ben", &[]).await;
    let bot = atlas.agent_of(&ana.user, "bot").await;
    let mut db = world.db().await;

    let agent = whoami(&mut db, &bot.scope).await.unwrap();
    let person = whoami(&mut db, &ben.scope).await.unwrap();
    let system = access::enter_as_system(&mut db, atlas.id).await.unwrap();

    assert_eq!((agent.github_login.as_str(), agent.source), ("ana", "token"));
    assert_eq!((agent.token_id, agent.token_name.as_deref()), (Some(bot.token), Some("bot")));
    let keys: Vec<_> = agent.memberships.iter().map(|m| m.role_key.clone().unwrap()).collect();
    assert_eq!(keys, ["backend", "qa"]);
    assert_eq!((person.source, person.token_id, person.token_name), ("session", None, None));
    assert_eq!(person.memberships.len(), 1);
    assert_eq!(person.memberships[0].project_slug, "atlas");
    assert!(person.memberships[0].role_id.is_none());
    assert!(matches!(whoami(&mut db, &system).await, Err(Error::Forbidden { .. })));
}

#[tokio::test]
async fn a_token_of_a_person_who_left_opens_nothing() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &[]).await;
    let bot = atlas.agent_of(&ana.user, "bot").await;
    let mut db = world.db().await;

    projects::remove_member(&mut db, &ana.scope, ana.user.id).await.unwrap();

    assert!(authenticate(&mut db, &bot.secret, noon()).await.unwrap().is_none());
    assert!(access::enter(&mut db, &bot.caller, atlas.id).await.is_err());
    assert!(access::enter(&mut db, &in_browser(&ana.user), atlas.id).await.is_err());
}
