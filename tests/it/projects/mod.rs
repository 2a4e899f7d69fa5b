//! Projects, members, roles, buckets and references.

mod buckets;
mod deletion;
mod leaving;
mod lifecycle;
mod members;
mod overview;
mod roles;
mod settings;

use std::collections::HashSet;

use nottario::access::{self, Standing};
use nottario::cycles::{self, CycleRef};
use nottario::error::{Error, Kind};
use nottario::ids::{ProjectId, RoleId};
use nottario::projects::{self, MemberRef, NewProject, RoleRef, Stats};

use crate::world::{OPERATOR, World, line};

#[tokio::test]
async fn a_new_project_is_whole() {
    let world = World::new().await;
    let new = NewProject { name: line("Acme Web"), slug: None, key: None, owner: world.admin.id };

    let mut tx = world.pool.begin().await.unwrap();
    let scope = projects::create(&mut tx, OPERATOR(), &new).await.unwrap();
    tx.commit().await.unwrap();

    let mut db = world.db().await;
    let project = projects::get(&mut db, &scope).await.unwrap();
    assert_eq!((project.slug.as_str(), project.key.as_str()), ("acme-web", "AW"));
    assert_eq!(project.owner, "admin");
    assert_eq!(project.stats, Stats { todo: 0, doing: 0, done: 0, wont_do: 0 });

    let roles = projects::list_roles(&mut db, &scope).await.unwrap();
    let role_keys: Vec<_> = roles.iter().map(|role| role.key.as_str()).collect();
    assert_eq!(role_keys, ["backend", "frontend", "qa", "design"]);

    let buckets = projects::list_buckets(&mut db, &scope).await.unwrap();
    let buckets: Vec<_> = buckets.iter().map(|b| (b.key.as_str(), b.value, b.is_default)).collect();
    assert_eq!(
        buckets,
        [("critical", 100, false), ("high", 90, false), ("medium", 60, true), ("low", 30, false)]
    );
    assert_eq!(projects::default_priority(&mut db, &scope).await.unwrap(), 60);
    assert_eq!(projects::bucket_value(&mut db, &scope, "high").await.unwrap(), 90);
    let unknown = projects::bucket_value(&mut db, &scope, "urgent").await;
    assert!(matches!(unknown, Err(Error::NotFound { kind: Kind::Bucket, .. })));

    let members = projects::list_members(&mut db, &scope).await.unwrap();
    assert_eq!(members.len(), 1);
    assert!(members[0].is_owner);
    assert_eq!(members[0].roles, ["backend", "frontend", "qa", "design"]);

    let cycle = cycles::current(&mut db, &scope).await.unwrap();
    assert_eq!((cycle.name.as_str(), cycle.position), ("sprint-1", 1));

    assert_eq!(scope.standing(), Standing::Owner);
    assert_eq!(scope.roles().len(), 4);
    let events = world.events(&scope).await.events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, "project.created");
    assert_eq!(events[0].actor.as_ref().unwrap().user, "admin");
}

#[tokio::test]
async fn twenty_projects_of_one_name_at_once_get_names_of_their_own() {
    let world = World::new().await;
    let crowd = world.pool_of(10);

    let mut makers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (crowd, owner) = (crowd.clone(), world.admin.id);
        makers.spawn(async move {
            let new = NewProject { name: line("Atlas"), slug: None, key: None, owner };
            let mut tx = crowd.begin().await.unwrap();
            projects::create(&mut tx, OPERATOR(), &new).await.unwrap();
            tx.commit().await.unwrap();
        });
    }
    makers.join_all().await;

    let all = projects::list(&mut *world.db().await, OPERATOR()).await.unwrap();
    assert_eq!(all.iter().map(|p| &p.slug).collect::<HashSet<_>>().len(), 20);
    assert_eq!(all.iter().map(|p| &p.key).collect::<HashSet<_>>().len(), 20);
    assert!(all.iter().any(|p| p.slug == "atlas" && p.key == "ATL"));
}

#[tokio::test]
async fn a_given_slug_or_key_that_is_taken_is_refused() {
    let world = World::new().await;
    world.project("atlas").await;
    let mut db = world.db().await;
    let new = |slug: &str, key: &str| NewProject {
        name: line("Another"),
        slug: Some(slug.parse().unwrap()),
        key: Some(key.parse().unwrap()),
        owner: world.admin.id,
    };

    let slug = projects::create(&mut db, OPERATOR(), &new("atlas", "NEW")).await;
    let key = projects::create(&mut db, OPERATOR(), &new("new", "ATL")).await;

    assert!(matches!(slug, Err(Error::Invalid { field, .. }) if field == "slug"));
    assert!(matches!(key, Err(Error::Invalid { field, .. }) if field == "key"));
    assert_eq!(projects::list(&mut db, OPERATOR()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_project_is_found_by_slug_key_and_id() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    world.project("other").await;
    let mut db = world.db().await;

    for named in ["atlas", "ATL", "atl", &atlas.id.to_string()] {
        let found = projects::resolve(&mut db, OPERATOR(), named).await.unwrap();
        assert_eq!(found, atlas.id, "{named}");
    }
    for named in ["", "atlas ", "nothing", &ProjectId::fresh().to_string()] {
        let missing = projects::resolve(&mut db, OPERATOR(), named).await;
        assert!(matches!(missing, Err(Error::NotFound { kind: Kind::Project, .. })), "{named}");
    }
}

#[tokio::test]
async fn references_mean_things_of_their_own_project() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let ana = world.member(&atlas, "ana", &[]).await;
    let qa = atlas.role("qa").await;
    let mut db = world.db().await;
    let cycle = cycles::open_id(&mut db, &atlas.scope).await.unwrap();

    for named in ["qa", "QA", &qa.to_string()] {
        let role: RoleRef = named.parse().unwrap();
        assert_eq!(role.resolve(&mut db, &atlas.scope, "role_id").await.unwrap(), qa);
    }
    for named in ["ana", "Ana", &ana.user.id.to_string()] {
        let member: MemberRef = named.parse().unwrap();
        assert_eq!(member.resolve(&mut db, &atlas.scope, "user").await.unwrap(), ana.user.id);
        let elsewhere = member.resolve(&mut db, &other.scope, "user").await;
        assert!(matches!(elsewhere, Err(Error::NotFound { kind: Kind::Member, .. })));
    }
    for named in ["sprint-1", &cycle.to_string()] {
        let reference: CycleRef = named.parse().unwrap();
        assert_eq!(reference.resolve(&mut db, &atlas.scope, "cycle_id").await.unwrap(), cycle);
    }
    let all: CycleRef = "all".parse().unwrap();
    assert_eq!(all.resolve_or_all(&mut db, &atlas.scope, "cycle_id").await.unwrap(), None);
    assert!(matches!(
        all.resolve(&mut db, &atlas.scope, "cycle_id").await,
        Err(Error::Invalid { field, .. }) if field == "cycle_id"
    ));

    // A foreign id and a random one are answered alike.
    let foreign: RoleRef = qa.to_string().parse().unwrap();
    let random: RoleRef = RoleId::fresh().to_string().parse().unwrap();
    for role in [&foreign, &random] {
        let missing = role.resolve(&mut db, &other.scope, "role_id").await.unwrap_err();
        let expected = format!("there is no role {} (in role_id) here", role.as_str());
        assert_eq!(missing.to_string(), expected);
    }
    let foreign: CycleRef = cycle.to_string().parse().unwrap();
    let missing = foreign.resolve(&mut db, &other.scope, "cycle_id").await;
    assert!(matches!(missing, Err(Error::NotFound { kind: Kind::Cycle, .. })));
}

#[test]
fn a_reference_is_text_with_bounds() {
    let read = serde_json::from_value::<RoleRef>;

    assert_eq!(read("qa".into()).unwrap().as_str(), "qa");
    for refused in [serde_json::json!(""), "x".repeat(101).into(), 7.into(), "a\0b".into()] {
        assert!(read(refused).is_err());
    }
}

#[tokio::test]
async fn adding_a_member_again_adds_roles_and_takes_none() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &["qa"]).await;

    atlas.join(&ana.user, &["backend"]).await;
    atlas.join(&ana.user, &["qa"]).await;

    let members = projects::list_members(&mut *world.db().await, &atlas.scope).await.unwrap();
    let roles = &members.iter().find(|member| member.user_id == ana.user.id).unwrap().roles;
    assert_eq!(roles, &["backend", "qa"]);
    let kinds = world.event_kinds(&atlas.scope).await;
    assert_eq!(kinds, ["project.created", "project.changed", "project.changed"]);
}

#[tokio::test]
async fn members_are_added_by_the_owner_with_roles_of_the_project() {
    let world = World::new().await;
    let (atlas, other) = (world.project("atlas").await, world.project("other").await);
    let ana = world.member(&atlas, "ana", &[]).await;
    let ben = world.user("ben").await;
    let foreign = other.role("qa").await;

    let mut db = world.db().await;
    let by_member = projects::add_member(&mut db, &ana.scope, ben.id, &[]).await;
    let with_foreign_role = {
        let mut tx = world.pool.begin().await.unwrap();
        projects::add_member(&mut tx, &atlas.scope, ben.id, &[foreign]).await
    };

    assert!(matches!(by_member, Err(Error::Forbidden { .. })));
    assert!(matches!(with_foreign_role, Err(Error::NotFound { kind: Kind::Role, .. })));
    assert_eq!(projects::list_members(&mut db, &atlas.scope).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_member_is_removed_by_the_owner_or_leaves_and_the_owner_stays() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.member(&atlas, "ana", &["qa"]).await;
    let ben = world.member(&atlas, "ben", &[]).await;
    let bot = atlas.agent_of(&ben.user, "bot").await;
    let mut db = world.db().await;

    let by_colleague = projects::remove_member(&mut db, &ana.scope, ben.user.id).await;
    let by_own_agent = projects::remove_member(&mut db, &bot.scope, ben.user.id).await;
    let the_owner = projects::remove_member(&mut db, &atlas.scope, atlas.owner.id).await;
    assert!(matches!(by_colleague, Err(Error::Forbidden { .. })));
    assert!(matches!(by_own_agent, Err(Error::Forbidden { .. })));
    assert!(matches!(the_owner, Err(Error::Forbidden { .. })));

    projects::remove_member(&mut db, &ana.scope, ana.user.id).await.unwrap();
    projects::remove_member(&mut db, &atlas.scope, ben.user.id).await.unwrap();
    let again = projects::remove_member(&mut db, &atlas.scope, ben.user.id).await;
    assert!(matches!(again, Err(Error::NotFound { kind: Kind::Member, .. })));

    let members = projects::list_members(&mut db, &atlas.scope).await.unwrap();
    assert_eq!(members.len(), 1);
}

#[tokio::test]
async fn an_archived_project_takes_no_members_and_no_tokens() {
    let world = World::new().await;
    let atlas = world.project("atlas").await;
    let ana = world.user("ana").await;
    world.run("update projects set archived_at = now()").await;
    let mut db = world.db().await;
    let owner = crate::world::in_browser(&atlas.owner);
    let scope = access::enter(&mut db, &owner, atlas.id).await.unwrap();

    let added = projects::add_member(&mut db, &scope, ana.id, &[]).await;
    let ended = cycles::end(&mut db, &scope, None).await;

    assert!(matches!(added, Err(Error::Forbidden { .. })));
    assert!(matches!(ended, Err(Error::Forbidden { .. })));
    assert_eq!(cycles::current(&mut db, &scope).await.unwrap().position, 1);
}
