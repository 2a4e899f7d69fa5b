//! Which module may import which. Arrows point down: surfaces, domains, what happened and who may,
//! ground.

use std::collections::BTreeSet;

use crate::sources::{Source, below};

/// Free for all, and importing only each other.
const GROUND: [&str; 7] = ["config", "db", "error", "ids", "telemetry", "text", "traffic"];

/// Which modules a module may import, ground aside.
const MAY_IMPORT: [(&str, &[&str]); 13] = [
    ("access", &[]),
    ("events", &["access"]),
    // Who leaves a project loses its tokens in the same transaction.
    ("projects", &["access", "events", "identity"]),
    ("identity", &["access", "events"]),
    ("cycles", &["access", "events", "projects"]),
    ("tasks", &["access", "cycles", "events", "projects"]),
    ("jobs", &["access", "events", "identity", "tasks"]),
    ("mcp", &["access", "cycles", "events", "identity", "projects", "tasks"]),
    ("system", &["access"]),
    ("web", &["access", "events", "identity", "projects", "system"]),
    ("app", &["events", "identity", "jobs", "mcp", "web"]),
    // The demo makes a project and watches it.
    ("cli", &["access", "app", "events", "identity", "projects", "tasks"]),
    ("main", &["cli"]),
];

/// Where the crates of a surface may appear. The demo, below `cli`, has agents that are clients.
const ONLY_IN: [(&str, &[&str]); 4] = [
    ("axum", &["app", "mcp", "web"]),
    ("rmcp", &["cli", "mcp"]),
    ("apalis", &["jobs"]),
    ("minijinja", &["web"]),
];

/// Every import that the tables do not allow, in words.
fn offences(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        let module = source.top();
        for imported in imports(&source.text) {
            if imported != module && !may_import(module, &imported) {
                found.push(format!("{}: {module} must not import {imported}", source.path));
            }
        }
        for (library, homes) in ONLY_IN {
            let is_used = source.text.contains(&format!("{library}::"));
            if is_used && !homes.contains(&module) {
                found.push(format!("{}: {library} has no place in {module}", source.path));
            }
        }
    }
    found
}

fn may_import(module: &str, imported: &str) -> bool {
    if GROUND.contains(&imported) {
        return true;
    }
    let row = MAY_IMPORT.iter().find(|(name, _)| *name == module);
    row.is_some_and(|(_, allowed)| allowed.contains(&imported))
}

/// The top-level modules of this crate that a file names: `crate::x` and `crate::{x, y::z}`, and
/// `nottario::x` in the program.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = BTreeSet::new();
    for start in ["crate::", "nottario::"] {
        for (at, _) in code.match_indices(start) {
            let rest = &code[at + start.len()..];
            let names = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or_default(),
                None => {
                    rest.split([';', ',', ')', '(', ' ', '\n', '<', '>']).next().unwrap_or_default()
                }
            };
            found.extend(names.split(',').filter_map(|name| {
                let name = name.trim().split("::").next().unwrap_or_default();
                let is_module = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase());
                is_module.then(|| name.to_owned())
            }));
        }
    }
    found
}

#[test]
fn imports_point_down() {
    let found = offences(&below("src", ".rs"));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_module_is_in_the_table() {
    let sources = below("src", ".rs");
    let modules: BTreeSet<_> =
        sources.iter().map(Source::top).filter(|top| *top != "lib").collect();
    let listed: BTreeSet<_> = MAY_IMPORT.iter().map(|(module, _)| *module).chain(GROUND).collect();
    assert_eq!(modules, listed);
}

#[test]
fn no_allowed_import_is_unused() {
    let sources = below("src", ".rs");
    for (module, allowed) in MAY_IMPORT {
        let used: BTreeSet<_> = sources
            .iter()
            .filter(|source| source.top() == module)
            .flat_map(|source| imports(&source.text))
            .collect();
        for name in allowed {
            assert!(used.contains(*name), "{module} does not import {name} any more");
        }
    }
}

#[test]
fn an_offender_is_named() {
    let planted = [
        Source::planted("src/tasks/claim.rs", "use crate::{error::Error, mcp::auth};"),
        Source::planted("src/web/board.rs", "let limits = crate::mcp::limits::Limits::lifted();"),
        Source::planted("src/ids.rs", "use crate::access::Caller;"),
        Source::planted("src/events/since.rs", "use axum::Router;"),
        Source::planted("src/tasks/read.rs", "//! See [`crate::mcp`].\nuse crate::access::enter;"),
    ];
    assert_eq!(
        offences(&planted),
        [
            "src/tasks/claim.rs: tasks must not import mcp",
            "src/web/board.rs: web must not import mcp",
            "src/ids.rs: ids must not import access",
            "src/events/since.rs: axum has no place in events",
        ]
    );
}
