//! Two projects on one instance, with a row of each kind in both, and people at their doors.

use std::collections::BTreeMap;

use nottario::access::{self, Caller, Via};
use nottario::identity::User;
use nottario::projects::{self, NewRole, Swatch};
use nottario::web;
use reqwest::Method;
use uuid::Uuid;

use super::recipes::{Door, RECIPES, Recipe};
use super::visitor::{Seen, Visitor, with_form};
use crate::served::TestServer;
use crate::world::{ProjectFixture, World, line};

/// A word that is in every text of the other project, and nowhere else.
pub(crate) const MARKER: &str = "quokka";

/// The scene.
pub(crate) struct Scene {
    pub(crate) server: TestServer,
    pub(crate) ours: ProjectFixture,
    /// The person behind `member`.
    pub(crate) mia: User,
    pub(crate) admin: Visitor,
    pub(crate) owner: Visitor,
    pub(crate) member: Visitor,
    pub(crate) outsider: Visitor,
    pub(crate) stranger: Visitor,
    rows: BTreeMap<Whose, BTreeMap<&'static str, String>>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whose {
    /// In the project of the caller.
    Ours,
    /// In a project that the caller may not see.
    Theirs,
    /// Gone from the project of the caller, or gone with its project.
    Gone,
    /// Nowhere.
    Nobodys,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let server = TestServer::start().await;
        let world = &server.world;
        let (ana, otto) = (world.user("ana").await, world.user("otto").await);
        let ours = world.project_of("atlas", &ana).await;
        let theirs = world.project_of(MARKER, &otto).await;
        let mia = world.member(&ours, "mia", &["backend"]).await;
        let rows = BTreeMap::from([
            (Whose::Ours, rows(world, &ours, &mia.user).await),
            (Whose::Theirs, rows(world, &theirs, &otto).await),
            (Whose::Gone, gone(world, &ours).await),
            (Whose::Nobodys, nobodys()),
        ]);
        let admin = visitor(&server, &world.admin).await;
        let owner = visitor(&server, &ana).await;
        let member = visitor(&server, &mia.user).await;
        let outsider = visitor(&server, &otto).await;
        let stranger = Visitor::stranger(&server.url());
        Self { ours, mia: mia.user, admin, owner, member, outsider, stranger, rows, server }
    }

    /// The least of people whom a door lets in.
    pub(crate) fn guest(&self, door: Door) -> &Visitor {
        match door {
            Door::Open | Door::Shut => &self.stranger,
            Door::SignedIn | Door::Member => &self.member,
            Door::Owner => &self.owner,
            Door::Admin => &self.admin,
        }
    }

    /// A text of a recipe with its rows, all ours but the named one.
    pub(crate) fn fill(&self, text: &str, odd: Option<(&str, Whose)>) -> String {
        let mut filled = text.to_owned();
        for (name, ours) in &self.rows[&Whose::Ours] {
            let value = match odd {
                Some((odd, whose)) if odd == *name => &self.rows[&whose][name],
                _ => ours,
            };
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        assert!(!filled.contains('{'), "the scene has no such row: {filled}");
        filled
    }

    /// Whether there is such a row.
    pub(crate) fn has(&self, name: &str, whose: Whose) -> bool {
        self.rows[&whose].contains_key(name)
    }

    /// A row's name.
    pub(crate) fn row(&self, name: &str, whose: Whose) -> &str {
        &self.rows[&whose][name]
    }

    /// Calls a route as its recipe says, with one row that is not ours.
    pub(crate) async fn call(
        &self,
        visitor: &Visitor,
        recipe: &Recipe,
        odd: Option<(&str, Whose)>,
    ) -> Seen {
        let path = self.fill(recipe.call, odd);
        let form: Vec<_> =
            recipe.form.iter().map(|(name, value)| (*name, self.fill(value, odd))).collect();
        let method = Method::from_bytes(recipe.method.as_bytes()).unwrap();
        let mut request = visitor.request(method, &path).header("sec-fetch-site", "same-origin");
        if recipe.method == "POST" {
            let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            request = with_form(request, &form);
        }
        visitor.send(request).await
    }
}

/// A person's browser.
pub(crate) async fn visitor(server: &TestServer, person: &User) -> Visitor {
    Visitor::with_session(&server.url(), server.world.sign_in(person).await.expose())
}

/// A row of each kind that a route can name: of a project, and of a person in it.
async fn rows(
    world: &World,
    project: &ProjectFixture,
    person: &User,
) -> BTreeMap<&'static str, String> {
    world.sign_in(person).await;
    let session = format!("select id::text from sessions where user_id = '{}'", person.id);
    // A priority is named by its key, which must not be one that every project has.
    let mut db = world.db().await;
    let bucket = project.slug.parse().unwrap();
    projects::create_bucket(&mut db, &project.scope, &bucket, 45).await.unwrap();
    BTreeMap::from([
        ("slug", project.slug.clone()),
        ("session", world.text(session).await),
        ("member", person.id.to_string()),
        ("role", project.role("backend").await.to_string()),
        ("bucket", project.slug.clone()),
        ("token", project.agent_of(person, &project.slug).await.token.to_string()),
        ("user", person.id.to_string()),
    ])
}

/// A row of each kind that was there once. Revoking a token twice is fine, so there is none.
async fn gone(world: &World, project: &ProjectFixture) -> BTreeMap<&'static str, String> {
    let gus = world.member(project, "gus", &["qa"]).await.user;
    world.sign_in(&gus).await;
    let session =
        world.text(format!("select id::text from sessions where user_id = '{}'", gus.id)).await;
    world.run(format!("delete from sessions where user_id = '{}'", gus.id)).await;

    let mut db = world.db().await;
    projects::remove_member(&mut db, &project.scope, gus.id).await.unwrap();
    let bucket = "former".parse().unwrap();
    projects::create_bucket(&mut db, &project.scope, &bucket, 46).await.unwrap();
    projects::delete_bucket(&mut db, &project.scope, "former").await.unwrap();
    let role = NewRole { label: line("Former"), key: None, color: Swatch::Slate };
    projects::create_role(&mut db, &project.scope, &role).await.unwrap();
    let role = project.role("former").await;
    projects::delete_role(&mut db, &project.scope, role).await.unwrap();

    let fallen = world.project("fallen").await;
    let everywhere = Caller { user: world.admin.id, via: Via::Session { is_admin: true } };
    let scope = access::enter(&mut db, &everywhere, fallen.id).await.unwrap();
    projects::delete(&mut db, &scope, "fallen").await.unwrap();
    BTreeMap::from([
        ("slug", "fallen".to_owned()),
        ("session", session),
        ("member", gus.id.to_string()),
        ("role", role.to_string()),
        ("bucket", "former".to_owned()),
        ("user", gus.id.to_string()),
    ])
}

fn nobodys() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("slug", "no-such-project".to_owned()),
        ("session", Uuid::now_v7().to_string()),
        ("member", Uuid::now_v7().to_string()),
        ("role", Uuid::now_v7().to_string()),
        ("bucket", "no-such-bucket".to_owned()),
        ("token", Uuid::now_v7().to_string()),
        ("user", Uuid::now_v7().to_string()),
    ])
}

#[test]
fn every_route_has_a_recipe_and_every_recipe_a_route() {
    let routes: Vec<_> =
        web::routes().into_iter().map(|route| (route.path, route.method)).collect();
    let mut recipes: Vec<_> = RECIPES.iter().map(|recipe| (recipe.path, recipe.method)).collect();
    recipes.sort_unstable();
    assert_eq!(routes, recipes);
}
