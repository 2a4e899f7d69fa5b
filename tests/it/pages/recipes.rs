//! How to call every route.
//!
//! A word in braces stands for a row of the scene: `{slug}` for the project's slug, `{role}` for a
//! role's id. The walks put rows of another project, of nothing, and deleted ones in its place.

/// How one route is called by somebody who may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recipe {
    pub(crate) method: &'static str,
    /// The path as the router knows it.
    pub(crate) path: &'static str,
    /// The path to call; the router's own where its parameters are rows of the scene.
    pub(crate) call: &'static str,
    /// The fields of its form.
    pub(crate) form: &'static [(&'static str, &'static str)],
    /// Who is let in.
    pub(crate) door: Door,
}

/// Whom a route is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// Anybody, signed in or not.
    Open,
    /// Nobody: it belongs to GitHub, and the scene's instance signs people in by links.
    Shut,
    /// People who are signed in.
    SignedIn,
    /// Members of the project.
    Member,
    /// The project's owner, and administrators.
    Owner,
    /// Administrators of the instance.
    Admin,
}

const fn get(door: Door, path: &'static str) -> Recipe {
    Recipe { method: "GET", path, call: path, form: &[], door }
}

const fn post(
    door: Door,
    path: &'static str,
    form: &'static [(&'static str, &'static str)],
) -> Recipe {
    Recipe { method: "POST", path, call: path, form, door }
}

/// A project's settings, as its page sends them.
pub(crate) const SETTINGS: &[(&str, &str)] = &[
    ("name", "Atlas"),
    ("key", "ATL"),
    ("description", "Maps."),
    ("language", "Rust"),
    ("project_type", ""),
    ("default_view", "board"),
    ("cycle_label", "sprint"),
    ("page_size", "50"),
    ("lease_minutes", "60"),
    ("version", "1"),
];

/// Every route.
pub(crate) const RECIPES: &[Recipe] = &[
    get(Door::SignedIn, "/"),
    get(Door::Member, "/p/{slug}"),
    get(Door::SignedIn, "/projects"),
    get(Door::Admin, "/projects/new"),
    post(Door::Admin, "/projects/new", &[("name", "Borealis"), ("key", "")]),
    get(Door::SignedIn, "/me"),
    get(Door::SignedIn, "/me/profile"),
    get(Door::SignedIn, "/me/appearance"),
    post(Door::SignedIn, "/me/appearance", &[("theme", "dark"), ("density", "compact")]),
    get(Door::SignedIn, "/me/sessions"),
    post(Door::SignedIn, "/me/sessions/{session}/end", &[]),
    post(Door::SignedIn, "/me/sessions/end-others", &[]),
    get(Door::SignedIn, "/me/tokens"),
    get(Door::Open, "/login"),
    Recipe { call: "/login/local?key=none", ..get(Door::Open, "/login/local") },
    post(Door::Open, "/login/local", &[("key", "none")]),
    post(Door::Open, "/logout", &[]),
    get(Door::Admin, "/admin"),
    get(Door::Admin, "/admin/users"),
    get(Door::Admin, "/admin/users/{user}"),
    post(Door::Admin, "/admin/users/{user}/grant-admin", &[]),
    post(Door::Admin, "/admin/users/{user}/revoke-admin", &[]),
    get(Door::Admin, "/admin/system"),
    get(Door::Shut, "/auth/github"),
    get(Door::Shut, "/auth/github/callback"),
    // The settings of a project; what ends it comes last.
    get(Door::Member, "/p/{slug}/settings"),
    get(Door::Member, "/p/{slug}/settings/general"),
    post(Door::Owner, "/p/{slug}/settings/general", SETTINGS),
    post(Door::Owner, "/p/{slug}/settings/general/owner", &[("owner", "{member}")]),
    get(Door::Member, "/p/{slug}/settings/members"),
    post(Door::Owner, "/p/{slug}/settings/members", &[("login", "otto"), ("roles", "{role}")]),
    get(Door::Owner, "/p/{slug}/settings/members/{member}"),
    post(Door::Owner, "/p/{slug}/settings/members/{member}", &[("roles", "{role}")]),
    get(Door::Member, "/p/{slug}/settings/roles"),
    post(
        Door::Owner,
        "/p/{slug}/settings/roles",
        &[("label", "Docs"), ("key", ""), ("color", "teal")],
    ),
    post(Door::Owner, "/p/{slug}/settings/roles/order", &[("order", "{role}")]),
    get(Door::Owner, "/p/{slug}/settings/roles/{role}"),
    post(Door::Owner, "/p/{slug}/settings/roles/{role}", &[("label", "Server"), ("color", "teal")]),
    post(Door::Owner, "/p/{slug}/settings/roles/{role}/move", &[("direction", "down")]),
    get(Door::Owner, "/p/{slug}/settings/roles/{role}/delete"),
    post(Door::Owner, "/p/{slug}/settings/roles/{role}/delete", &[]),
    get(Door::Member, "/p/{slug}/settings/priorities"),
    post(Door::Owner, "/p/{slug}/settings/priorities", &[("key", "urgent"), ("value", "95")]),
    get(Door::Owner, "/p/{slug}/settings/priorities/{bucket}"),
    post(
        Door::Owner,
        "/p/{slug}/settings/priorities/{bucket}",
        &[("key", "soon"), ("value", "46"), ("move_tasks", "true")],
    ),
    post(Door::Owner, "/p/{slug}/settings/priorities/{bucket}/default", &[]),
    post(Door::Owner, "/p/{slug}/settings/priorities/{bucket}/delete", &[]),
    get(Door::Member, "/p/{slug}/settings/tokens"),
    post(
        Door::Member,
        "/p/{slug}/settings/tokens",
        &[("name", "desk"), ("role", "{role}"), ("expires", "week")],
    ),
    post(Door::Member, "/p/{slug}/settings/tokens/{token}/revoke", &[]),
    post(Door::Owner, "/p/{slug}/settings/general/archive", &[]),
    post(Door::Owner, "/p/{slug}/settings/general/unarchive", &[]),
    post(Door::Owner, "/p/{slug}/settings/members/{member}/remove", &[]),
    post(Door::Member, "/p/{slug}/settings/general/leave", &[]),
    get(Door::Admin, "/p/{slug}/settings/general/delete"),
    post(Door::Admin, "/p/{slug}/settings/general/delete", &[("slug", "{slug}")]),
    Recipe { call: "/assets/0/app.css", ..get(Door::Open, "/assets/{stamp}/{*path}") },
    get(Door::Open, "/favicon.ico"),
    get(Door::Open, "/robots.txt"),
];

impl Recipe {
    /// The rows that it names.
    pub(crate) fn rows(&self) -> Vec<&'static str> {
        let texts = std::iter::once(self.call).chain(self.form.iter().map(|(_, value)| *value));
        let mut rows: Vec<_> = texts.flat_map(in_braces).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }
}

fn in_braces(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}
