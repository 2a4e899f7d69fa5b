//! Getting into a project by its slug, and into the instance.

use nottario::access::{self, Caller, InstanceScope, Standing, Via};
use nottario::error::{Error, Kind};
use nottario::ids::UserId;
use nottario::projects;

use crate::world::{World, in_browser};

fn as_admin(user: UserId) -> Caller {
    Caller { user, via: Via::Session { is_admin: true } }
}

#[tokio::test]
async fn a_slug_that_one_may_not_see_is_like_one_that_nobody_has() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let ana = world.member(&atlas, "ana", &[]).await;
    let bot = atlas.agent("bot").await;
    let mut db = world.db().await;

    let hers = access::find(&mut db, &ana.caller, "atlas").await.unwrap();
    let its = access::find(&mut db, &bot.caller, "atlas").await.unwrap();
    let admins = access::find(&mut db, &as_admin(world.admin.id), "other").await.unwrap();
    assert_eq!((hers.project(), hers.standing()), (atlas.id, Standing::Member));
    assert_eq!(its.project(), atlas.id);
    assert_eq!((admins.project(), admins.standing()), (other.id, Standing::Admin));

    for caller in [&ana.caller, &bot.caller] {
        for slug in ["other", "nothing", "", "ATLAS", "atl"] {
            let refused = access::find(&mut db, caller, slug).await.unwrap_err();
            assert!(matches!(refused, Error::NotFound { kind: Kind::Project, .. }));
            assert_eq!(refused.to_string(), format!("there is no project {slug:?} here"));
        }
    }
}

#[tokio::test]
async fn the_instance_is_for_administrators_in_the_browser() {
    let world = World::new().await;
    let agent = world.project("atlas").await.agent("of-the-admin").await;
    let admin = as_admin(world.admin.id);

    assert!(InstanceScope::of_admin(&admin).is_ok());
    for caller in [&in_browser(&world.admin), &agent.caller] {
        let refused = InstanceScope::of_admin(caller);
        assert!(matches!(refused, Err(Error::Forbidden { .. })));
    }
    let instance = InstanceScope::of_admin(&admin).unwrap();
    assert_eq!(projects::list(&mut *world.db().await, instance).await.unwrap().len(), 1);
}
