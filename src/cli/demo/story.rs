//! The story that every demo begins with: Atlas, a product for courier companies.
//!
//! Dispatchers plan routes, drivers follow them, customers watch their parcels. The story has every
//! situation that a board can show: finished and refused work with its reasons, a chain of
//! dependencies across features, work for each role, a question that waits for a person, and a
//! feature that nobody has broken down yet.

use super::draft::{Draft, FeatureDraft, feature, task};

/// Somebody of the team.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// The login.
    pub login: &'static str,
    /// The name to show.
    pub name: &'static str,
    /// The keys of the roles it holds.
    pub roles: &'static [&'static str],
}

/// Who owns the project and looks at the demo. No simulated agent acts for it, so what is assigned
/// to it waits.
pub const READER: Person = Person {
    login: "morgan",
    name: "Morgan Reyes",
    roles: &["backend", "frontend", "qa", "design"],
};

/// Those for whom the agents act, in turn. The first one holds every role, so that a single agent
/// can finish everything.
pub const TEAM: [Person; 4] = [
    Person { login: "ines", name: "Inês Duarte", roles: &["backend", "frontend", "qa", "design"] },
    Person { login: "tomasz", name: "Tomasz Zieliński", roles: &["backend", "qa"] },
    Person { login: "aiko", name: "Aiko Tanaka", roles: &["frontend", "design"] },
    Person { login: "samir", name: "Samir Haddad", roles: &["backend", "frontend"] },
];

/// Where the finished work was committed.
pub const REPOSITORY: &str = "atlas-couriers/atlas";

/// The features, in an order in which each needs only what comes before it.
#[must_use]
pub fn features() -> Vec<FeatureDraft> {
    vec![
        company_sign_in(),
        route_windows(),
        live_tracking(),
        driver_offline(),
        invoices(),
        self_service(),
    ]
}

fn company_sign_in() -> FeatureDraft {
    feature(
        task(
            "sign-in",
            "Sign in with a company account",
            "Larger couriers refuse to keep one more password per dispatcher. They sign in through \
             their identity provider (OpenID Connect), and a dispatcher who leaves the company is out \
             of Atlas the same day.",
        )
        .bucket("high"),
        vec![
            task(
                "oidc-spike",
                "Compare OpenID Connect discovery of the three largest providers",
                "Which claims carry the groups, how are keys rotated, what happens at logout? \
                 One page with a recommendation.",
            )
            .spike()
            .role("backend")
            .done_by(
                "tomasz",
                "All three publish discovery documents and rotate keys at least monthly. Groups \
                 arrive under three different names, so the claim's name has to be a setting. \
                 Recommendation: code flow with PKCE, no implicit flow.",
                None,
            ),
            task(
                "oidc-login",
                "Exchange the code and open a session",
                "- Code flow with PKCE, state bound to the browser\n- Keys cached, fetched again for \
                 an unknown key id\n- A refused sign-in says why, in words a dispatcher can forward",
            )
            .role("backend")
            .bucket("high")
            .after(&["oidc-spike"])
            .done_by(
                "samir",
                "Sign-in works against the test tenants of two providers. The session lives as long \
                 as before; logging out at the provider does not end it yet, that is its own task.",
                Some((
                    "4be1f0c92d7a6f3e58b1c40d9a27e6f3158bc0d4",
                    "accounts: Sign in through OpenID Connect\n\nCode flow with PKCE; the claim that \
                     carries the groups is a setting.",
                )),
            ),
            task(
                "oidc-button",
                "Offer the company's sign-in on the login page",
                "After the e-mail address is typed, the page knows the company and offers its \
                 button first. Works with the keyboard alone.",
            )
            .role("frontend")
            .after(&["oidc-login"]),
            task(
                "oidc-deprovision",
                "Close sessions of people who left the company",
                "Refresh group membership once an hour; when the provider refuses, close the \
                 sessions and say so in the audit log.",
            )
            .role("backend")
            .bucket("high")
            .after(&["oidc-login"]),
            task(
                "oidc-qa",
                "Try sign-in against expired, revoked and rotated keys",
                "A table of cases with expected results. Each one automated against the fake \
                 provider, none against a real one.",
            )
            .role("qa")
            .after(&["oidc-button", "oidc-deprovision"]),
        ],
    )
}

fn route_windows() -> FeatureDraft {
    feature(
        task(
            "windows",
            "Plan routes around delivery windows",
            "A pharmacy takes parcels until 10:00, a restaurant after 15:00. Today the planner \
             ignores both and drivers call the dispatcher. A route that misses a window must not be \
             offered without saying so.",
        )
        .bucket("critical"),
        vec![
            task(
                "windows-model",
                "Keep delivery windows with each address",
                "Up to three windows per weekday, in the address's own time zone. Existing addresses \
                 have none, which means any time.",
            )
            .role("backend")
            .bucket("critical")
            .done_by(
                "ines",
                "Windows are stored as local times with the zone of the address, so a change of the \
                 clock does not move them. Backfilled 41,210 addresses in 9 seconds.",
                Some((
                    "9c02ad17be4430f18d5e6b7a2c91f4e03d8aa655",
                    "routing: Keep delivery windows with addresses",
                )),
            ),
            task(
                "windows-solver",
                "Make the planner respect delivery windows",
                "Windows are hard for the customer and soft for the solver: a violated one costs, so \
                 that a plan always exists. Report each violation with its minutes.",
            )
            .role("backend")
            .bucket("critical")
            .after(&["windows-model"]),
            task(
                "windows-import",
                "Read delivery windows from the customer import",
                "Columns `window_1` to `window_3`, `HH:MM-HH:MM`. A malformed one is reported with \
                 its row and does not stop the import.",
            )
            .role("backend")
            .after(&["windows-model"]),
            task(
                "windows-design",
                "Show windows on the route's timeline",
                "A stop is a dot, its window a bar behind it; late is visible without colour. Check \
                 with twelve stops on a small laptop.",
            )
            .role("design")
            .bucket("high"),
            task(
                "windows-timeline",
                "Build the route timeline with windows",
                "After the design. Dragging a stop recalculates arrival times at once and marks \
                 what becomes late.",
            )
            .role("frontend")
            .bucket("high")
            .after(&["windows-design", "windows-solver"]),
            task(
                "windows-load",
                "Measure planning time with 200 stops and windows",
                "The p95 of planning one route with 200 stops has to stay under 4 seconds on the \
                 small machine. Numbers into the task, the script into `bench/`.",
            )
            .role("qa")
            .after(&["windows-solver"]),
        ],
    )
}

fn live_tracking() -> FeatureDraft {
    feature(
        task(
            "tracking",
            "Live tracking page for customers",
            "Every third call to a courier asks where the parcel is. A link in the shipping mail \
             shows the van on a map and the arrival within ten minutes, without an account.",
        )
        .bucket("high"),
        vec![
            task(
                "retention",
                "Decide how long a tracking link works",
                "Legal wants it short, support wants it long. Proposal: three days after delivery, \
                 then it only says \"delivered\". **Needs a person's decision.**",
            )
            .bucket("high")
            .assigned_to("morgan"),
            task(
                "eta",
                "Serve an arrival estimate per parcel",
                "From the planned route and the van's last position; rounded to ten minutes, never \
                 earlier than now. `GET /v1/parcels/{code}/eta`.",
            )
            .role("backend")
            .bucket("high"),
            task(
                "positions",
                "Stream van positions to the tracking page",
                "Server-sent events, one position every five seconds at most, resumed after a lost \
                 connection. The van is shown only while the parcel is one of the next five stops.",
            )
            .role("backend")
            .bucket("high"),
            task(
                "tracking-design",
                "Design the tracking page for a phone in sunlight",
                "One thumb, large contrast, the answer above the map. Also the states \"not yet on \
                 the road\", \"delivered\" and \"we tried\".",
            )
            .role("design")
            .bucket("high")
            .done_by(
                "aiko",
                "Three sketches tried with eight people outdoors; the one with the time as a \
                 headline won clearly. Contrast is at least 7:1. The components are in the library.",
                None,
            ),
            task(
                "tracking-page",
                "Build the tracking page",
                "Below 60 kB before the map, readable without it. The map comes last and is skipped \
                 on a slow connection.",
            )
            .role("frontend")
            .bucket("high")
            .after(&["eta", "positions", "tracking-design"]),
            task(
                "link-expiry",
                "Let tracking links expire",
                "As decided in the task before this one; an expired link answers 410 with a page \
                 that says what to do.",
            )
            .role("backend")
            .after(&["retention", "eta"]),
            task(
                "tracking-mail",
                "Put the tracking link into the shipping mail",
                "All five languages. The link is short enough to be read out on the phone.",
            )
            .role("frontend")
            .after(&["tracking-page"]),
            task(
                "tracking-qa",
                "Walk through the tracking page with a screen reader",
                "VoiceOver and NVDA. The arrival time is announced once, not with every position.",
            )
            .role("qa")
            .after(&["tracking-page"]),
        ],
    )
}

fn driver_offline() -> FeatureDraft {
    feature(
        task(
            "offline",
            "Driver app works without reception",
            "In underground garages the app shows a spinner and signatures are lost. Whatever a \
             driver does is kept on the phone and sent later, in order, exactly once.",
        ),
        vec![
            task(
                "outbox",
                "Keep the driver's actions in an outbox on the phone",
                "Delivered, refused, photographed, signed. Survives a restart of the phone; at most \
                 200 MB of photographs.",
            )
            .role("frontend"),
            task(
                "dedupe",
                "Accept each driver action exactly once",
                "The phone sends an id with each action; a repeat answers what the first one \
                 answered. Kept for 30 days.",
            )
            .role("backend"),
            task(
                "sync",
                "Send the outbox when there is reception again",
                "Oldest first, one at a time, with back-off. A refused action stays visible to the \
                 driver until somebody has looked at it.",
            )
            .role("frontend")
            .after(&["outbox", "dedupe"]),
            task(
                "offline-qa",
                "Drive the garage route with an instrumented phone",
                "Loading dock B has no reception between levels 1 and 3. Twenty deliveries, nothing \
                 lost, nothing twice.",
            )
            .role("qa")
            .after(&["sync"]),
        ],
    )
}

fn invoices() -> FeatureDraft {
    feature(
        task(
            "invoices",
            "One invoice per customer and month",
            "Accounting merges single invoices by hand at the end of each month. Atlas has all it \
             takes to make one with every delivery on it.",
        ),
        vec![
            task(
                "invoice-lines",
                "Group a month's deliveries into invoice lines",
                "By service and weight class, with the number of deliveries. Cancelled ones are \
                 listed at zero, so that nobody has to ask.",
            )
            .role("backend")
            .held_by("morgan"),
            task(
                "invoice-pdf",
                "Render the monthly invoice as PDF",
                "Archivable (PDF/A), the customer's own reference on every page, readable when \
                 printed in black and white.",
            )
            .role("backend")
            .after(&["invoice-lines"]),
            task(
                "invoice-page",
                "Let customers download their invoices",
                "The last 24 months, newest first, with the sum and whether it is paid.",
            )
            .role("frontend")
            .bucket("low")
            .after(&["invoice-pdf"]),
            task("invoice-fax", "Send invoices by fax", "Two customers asked for it.")
                .bucket("low")
                .refused_by(
                    "ines",
                    "Both customers are happy with mail. Not worth a provider and its contract.",
                ),
        ],
    )
}

fn self_service() -> FeatureDraft {
    feature(
        task(
            "self-service",
            "Small fleets set themselves up",
            "A courier with three vans should plan its first route within half an hour, without a \
             call. Nobody has broken this down yet: whoever takes it does that first.",
        ),
        Vec::new(),
    )
}

/// What belongs to no feature, in an order like that of [`features`], and after them.
#[must_use]
pub fn loose() -> Vec<Draft> {
    vec![
        task(
            "map-leak",
            "Map keeps old vans after switching the depot",
            "1. Open the dispatch board\n2. Switch from depot North to South\n3. North's vans stay \
             on the map until the page is reloaded\n\nSeen in Firefox 140 and Chromium.",
        )
        .bug()
        .role("frontend")
        .bucket("high"),
        task(
            "csv-umlauts",
            "Import turns umlauts into question marks",
            "Exports of one ERP are in Windows-1252. Detect it, and say in the preview which \
             encoding was assumed.",
        )
        .bug()
        .role("backend")
        .bucket("high"),
        task(
            "eta-midnight",
            "Arrival estimate jumps by a day at midnight",
            "A van on the road at 00:00 shows tomorrow's time. Found in the night shift's logs, \
             three times last week.",
        )
        .bug()
        .role("backend")
        .bucket("critical")
        .after(&["eta"]),
        task(
            "postgres",
            "Upgrade the staging database",
            "To the version that production gets next month. Rehearse the restore on the way and \
             write down how long it took.",
        )
        .chore()
        .role("backend"),
        task(
            "licences",
            "List the licences of everything we ship",
            "For the tender. Generated in the build, so that it stays right.",
        )
        .chore()
        .bucket("low"),
        task(
            "colours",
            "Settle the colours of delivery states",
            "Seven states, distinguishable with the common colour blindnesses, on light and dark.",
        )
        .role("design"),
        task(
            "board-keys",
            "Reach every action of the dispatch board with the keyboard",
            "Moving a stop included. The order of focus follows the reading order.",
        )
        .role("frontend")
        .after(&["colours"]),
        task(
            "pricing",
            "Confirm the price of same-day delivery",
            "Sales promised 7.90, the table says 8.50. Only the owner can say which one holds.",
        )
        .assigned_to("morgan")
        .bucket("medium"),
        task(
            "smoke",
            "Run the smoke tests after every deployment",
            "Five minutes at most; a failure names the owner of the broken step.",
        )
        .role("qa")
        .done_by(
            "tomasz",
            "Runs in 3 min 40 s after each deployment, and posts the failing step with its owner.",
            Some(("e7715b0c3fa94d208e61", "ci: Run the smoke tests after deployments")),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::cli::demo::draft::Fate;
    use crate::text::{Markdown, Title};

    #[test]
    fn every_draft_fits_and_needs_only_what_comes_before() {
        let mut known = HashSet::new();
        let drafts = features()
            .into_iter()
            .flat_map(|FeatureDraft { feature, tasks }| tasks.into_iter().chain([feature]))
            .chain(loose());
        for draft in drafts {
            assert!(Title::parse(&draft.title).is_ok(), "{}", draft.title);
            assert!(Markdown::parse(draft.description.clone()).is_ok(), "{}", draft.title);
            for need in &draft.needs {
                assert!(known.contains(need), "{} needs {need}", draft.name);
            }
            assert!(known.insert(draft.name), "two drafts are named {}", draft.name);
        }
    }

    #[test]
    fn who_finished_something_holds_the_role_it_asked_for() {
        let drafts = features().into_iter().flat_map(|feature| feature.tasks).chain(loose());
        for draft in drafts {
            let login = match draft.fate {
                Fate::Open => continue,
                Fate::HeldBy(who) | Fate::DoneBy { who, .. } | Fate::RefusedBy { who, .. } => who,
            };
            let person = TEAM.into_iter().chain([READER]).find(|person| person.login == login);
            let roles = person.unwrap_or_else(|| panic!("{login} is nobody")).roles;
            assert!(draft.role.is_none_or(|role| roles.contains(&role)), "{}", draft.name);
        }
    }
}
