//! Every statement of a tenant's table is about one project: the one of the caller's scope.
//!
//! The compiler cannot see that a bind is the right id. So the text of every statement, and of
//! every call of one, is held to the rule; what is about the whole instance is listed by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, below};

/// Statements that are about no single project, and why.
const INSTANCE_WIDE: [(&str, &str); 51] = [
    ("sql/access/project_of_slug.sql", "finds the project before there is a scope"),
    ("sql/db/create_embedded_database.sql", "there is no table yet"),
    ("sql/db/examine.sql", "asks the server about itself"),
    ("sql/db/lock_migrations.sql", "locks a number"),
    ("sql/db/table_exists.sql", "asks the catalogue"),
    ("sql/demo/forget.sql", "empties an instance that is the demo's alone"),
    ("sql/events/headers.sql", "the listener hears for every project, ids only"),
    ("sql/events/is_outbox_empty.sql", "the relay works for every project"),
    ("sql/events/last_position.sql", "positions count over the instance"),
    ("sql/events/number_batch.sql", "the relay works for every project"),
    ("sql/events/try_lock_relay.sql", "locks a number"),
    ("sql/identity/adopt_user.sql", "people belong to the instance"),
    ("sql/identity/authenticate.sql", "a secret says which project it opens"),
    ("sql/identity/close_other_sessions.sql", "sessions belong to people"),
    ("sql/identity/close_session.sql", "sessions belong to people"),
    ("sql/identity/count_people.sql", "people belong to the instance"),
    ("sql/identity/create_user.sql", "people belong to the instance"),
    ("sql/identity/find_link.sql", "links belong to people"),
    ("sql/identity/find_session.sql", "sessions belong to people"),
    ("sql/identity/find_user.sql", "people belong to the instance"),
    ("sql/identity/free_login.sql", "people belong to the instance"),
    ("sql/identity/get_person.sql", "people belong to the instance"),
    ("sql/identity/grant_admin.sql", "people belong to the instance"),
    ("sql/identity/is_session_live.sql", "sessions belong to people"),
    ("sql/identity/issue_link.sql", "links belong to people"),
    ("sql/identity/list_sessions.sql", "sessions belong to people"),
    ("sql/identity/list_own_tokens.sql", "a person's own, in every project"),
    ("sql/identity/list_people.sql", "people belong to the instance"),
    ("sql/identity/list_users.sql", "people belong to the instance"),
    ("sql/identity/lock_people.sql", "people belong to the instance"),
    ("sql/identity/oldest_admin.sql", "people belong to the instance"),
    ("sql/identity/open_session.sql", "sessions belong to people"),
    ("sql/identity/project_of_token.sql", "the operator names a token by its id alone"),
    ("sql/identity/purge_links.sql", "links belong to people"),
    ("sql/identity/purge_sessions.sql", "sessions belong to people"),
    ("sql/identity/revoke_admin.sql", "people belong to the instance"),
    ("sql/identity/set_preferences.sql", "people belong to the instance"),
    ("sql/identity/sign_in.sql", "people belong to the instance"),
    ("sql/identity/touch_session.sql", "sessions belong to people"),
    ("sql/identity/use_link.sql", "links belong to people"),
    ("sql/jobs/", "jobs belong to the instance, and find the projects to work in"),
    ("sql/projects/list.sql", "for the operator"),
    ("sql/projects/list_for.sql", "the projects that a person may see"),
    ("sql/projects/lock_creation.sql", "locks a number"),
    ("sql/projects/resolve.sql", "for the operator, who names a project"),
    ("sql/projects/take_time.sql", "sets a limit of its own transaction"),
    ("sql/projects/switcher.sql", "the projects that a person may go to"),
    ("sql/projects/taken_keys.sql", "keys are unique over the instance"),
    ("sql/projects/taken_slugs.sql", "slugs are unique over the instance"),
    ("sql/projects/user_by_login.sql", "people belong to the instance"),
    ("sql/system/", "what operators look at"),
];

/// Tenant statements that name the project in another way than by a column, and why that is right.
const NAMED_OTHERWISE: [(&str, &str); 10] = [
    ("sql/access/membership.sql", "p.id = $1"),
    ("sql/projects/delete.sql", "delete from projects where id = $1"),
    ("sql/projects/edit.sql", "where id = $1"),
    ("sql/projects/get.sql", "p.id = $1"),
    ("sql/projects/lock.sql", "from projects where id = $1"),
    ("sql/projects/lock_links.sql", "'nottario.project:' || $1::uuid::text"),
    ("sql/projects/lock_links_shared.sql", "'nottario.project:' || $1::uuid::text"),
    ("sql/projects/set_archived.sql", "where id = $1"),
    ("sql/tasks/get.sql", "from whole_task($1, "),
    ("sql/tasks/next.sql", "from ready_heads($1, "),
];

/// Calls of tenant statements whose first bind is right without being `scope.project()`.
const BOUND_OTHERWISE: [(&str, &str, &str); 2] = [
    // `enter` makes the scope.
    ("src/access.rs", "sql/access/membership.sql", "project as _"),
    // Found by the secret, before there is a scope.
    ("src/identity/tokens.rs", "sql/identity/touch_token.sql", "token.project as _"),
];

fn is_instance_wide(path: &str) -> bool {
    INSTANCE_WIDE.iter().any(|(named, _)| {
        if named.ends_with('/') { path.starts_with(named) } else { path == *named }
    })
}

/// A statement without its comments, in one line with single spaces.
fn statement(text: &str) -> String {
    let code = text.lines().map(|line| line.split("--").next().unwrap_or_default());
    code.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn comment(text: &str) -> String {
    text.lines().take_while(|line| line.starts_with("--")).collect::<Vec<_>>().join("\n")
}

/// The binds that a text names, as numbers.
fn binds(text: &str) -> BTreeSet<u32> {
    text.split('$')
        .skip(1)
        .filter_map(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .collect()
}

/// What is wrong with a file of SQL.
fn faults(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut found = Vec::new();
    let (comment, statement) = (comment(text), statement(text));
    if !text.starts_with("-- ") || comment.lines().next().is_none_or(|first| first.len() < 12) {
        found.push(format!("{path}: begins with no comment on its purpose"));
    }
    let (named, used) = (binds(&comment), binds(&statement));
    if named != used {
        found.push(format!("{path}: its comment names the binds {named:?}, it uses {used:?}"));
    }
    if !is_instance_wide(path) && !is_of_one_project(path, &statement) {
        found.push(format!("{path}: neither has project_id = $1 nor inserts project_id first"));
    }
    found
}

fn is_of_one_project(path: &str, statement: &str) -> bool {
    let filters = statement.contains("project_id = $1 ")
        || statement.contains("project_id = $1)")
        || statement.ends_with("project_id = $1");
    let inserts = statement.contains("(project_id, ")
        && ["values ($1, ", "select $1, "].iter().any(|from| statement.contains(from));
    let otherwise =
        NAMED_OTHERWISE.iter().any(|(named, how)| *named == path && statement.contains(how));
    filters || inserts || otherwise
}

/// A call of a statement.
#[derive(Debug, PartialEq, Eq)]
struct Use {
    /// The file of SQL.
    sql: String,
    /// The first bind, as it is written; empty when there is none.
    first: String,
}

/// Every use of a statement in a file of Rust.
fn uses(text: &str) -> Vec<Use> {
    text.match_indices("query_file")
        .filter_map(|(at, _)| {
            let rest = &text[at..];
            let arguments = &rest[rest.find("!(")? + 2..];
            let quote = arguments.find('"')?;
            let rest = &arguments[quote + 1..];
            let end = rest.find('"')?;
            let binds = rest[end + 1..].trim_start_matches([',', ' ', '\n']);
            let first = binds.split([',', '\n']).next().unwrap_or_default();
            // The end of the macro's own parentheses when this is its only bind.
            let first = match first.split_once("as _") {
                Some((bind, _)) => format!("{bind}as _"),
                None => first.to_owned(),
            };
            Some(Use { sql: rest[..end].to_owned(), first })
        })
        .collect()
}

/// What is wrong with the calls of statements in a file of Rust.
fn misuses(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for Use { sql, first } in uses(&source.text) {
        let Source { path, .. } = source;
        let domain = sql.split('/').nth(1).unwrap_or_default();
        // The demo is a folder of the command line, whose doctor examines the ground.
        let is_own = source.top() == domain
            || path.contains(&format!("/{domain}/"))
            || sql == "sql/db/examine.sql";
        if !is_own {
            found.push(format!("{path}: {sql} belongs to another module"));
        }
        let is_bound = first == "scope.project() as _"
            || is_instance_wide(&sql)
            // Binds the id of the project that it makes.
            || sql == "sql/projects/create.sql"
            || BOUND_OTHERWISE.contains(&(path.as_str(), sql.as_str(), first.as_str()));
        if !is_bound {
            found.push(format!("{path}: {sql} binds {first} first, not scope.project() as _"));
        }
    }
    found
}

#[test]
fn every_statement_is_of_one_project_and_says_what_it_is_for() {
    let found: Vec<_> = below("sql", ".sql").iter().flat_map(faults).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_call_binds_the_project_of_its_scope_first() {
    let found: Vec<_> = below("src", ".rs").iter().flat_map(misuses).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_statement_is_used_and_every_exception_is_needed() {
    let sources = below("src", ".rs");
    let mut callers: BTreeMap<String, usize> =
        below("sql", ".sql").into_iter().map(|source| (source.path, 0)).collect();
    for used in sources.iter().flat_map(|source| uses(&source.text)) {
        *callers.get_mut(&used.sql).unwrap_or_else(|| panic!("there is no {}", used.sql)) += 1;
    }
    let unused: Vec<_> = callers.iter().filter(|(_, count)| **count == 0).collect();
    assert!(unused.is_empty(), "{unused:?}");

    for (path, _) in INSTANCE_WIDE.iter().filter(|(path, _)| !path.ends_with('/')) {
        let sql = below("sql", ".sql").into_iter().find(|sql| sql.path == *path);
        let sql = sql.unwrap_or_else(|| panic!("{path} is gone; take it off the list"));
        assert!(!is_of_one_project(path, &statement(&sql.text)), "{path} is of one project");
    }
}

#[test]
fn a_task_goes_back_to_the_queue_in_one_way() {
    // What a task that nobody holds any more looks like, in each statement that makes it so.
    let cleared = |path: &str| {
        let sql = below("sql", ".sql").into_iter().find(|sql| sql.path == path).unwrap();
        let text = statement(&sql.text);
        let (_, rest) = text.split_once("update tasks t set ").unwrap();
        let end = [" where ", " from "].iter().filter_map(|word| rest.find(word)).min().unwrap();
        rest[..end].to_owned()
    };
    let released = cleared("sql/tasks/release.sql");

    assert!(released.starts_with("state = 'todo', claim_id = null"), "{released}");
    for path in ["sql/tasks/expire.sql", "sql/identity/give_back.sql"] {
        assert_eq!(cleared(path), released, "{path}");
    }
}

#[test]
fn a_statement_that_forgets_the_project_is_found() {
    let told = |text: &str| faults(&Source::planted("sql/tasks/planted.sql", text));
    let forgotten =
        "sql/tasks/planted.sql: neither has project_id = $1 nor inserts project_id first";

    assert_eq!(
        told("-- Reads a task.\n--\n-- $1 project\nselect from tasks where project_id = $1"),
        [""; 0]
    );
    assert_eq!(
        told(
            "-- Makes a task.\n--\n-- $1 project   $2 id\ninsert into tasks (project_id, id)\nvalues ($1, $2)"
        ),
        [""; 0]
    );
    for text in [
        "-- Reads a task.\n--\n-- $1 task\nselect from tasks where id = $1",
        "-- Reads a task.\n--\n-- $1 task   $2 project\nselect from tasks where id = $1 and project_id = $2",
        "-- Reads tasks.\n--\n-- $1 project … $10 id\nselect $1::uuid from tasks where project_id = $10",
        "-- Makes a task.\n--\n-- $1 id   $2 project\ninsert into tasks (id, project_id) values ($1, $2)",
        "-- Reads tasks; project_id = $1 is only said.\nselect from tasks where $1",
    ] {
        assert_eq!(told(text), [forgotten], "{text}");
    }
    let silent = told("select from tasks where project_id = $1");
    assert_eq!(silent.len(), 2, "{silent:?}");
    assert!(silent[0].contains("no comment on its purpose") && silent[1].contains("binds"));
}

#[test]
fn a_call_that_binds_another_id_is_found() {
    let told = |text: &str| misuses(&Source::planted("src/tasks/planted.rs", text));

    for right in [
        r#"sqlx::query_file!("sql/tasks/get.sql", scope.project() as _, task as _)"#,
        "query_file_as!(\n    Card,\n    \"sql/tasks/get.sql\",\n    scope.project() as _,\n)",
        r#"query_file_scalar!("sql/tasks/get.sql", scope.project() as _)"#,
    ] {
        assert_eq!(told(right), [""; 0], "{right}");
    }
    assert_eq!(
        told(r#"sqlx::query_file!("sql/tasks/get.sql", task as _, scope.project() as _)"#),
        ["src/tasks/planted.rs: sql/tasks/get.sql binds task as _ first, not scope.project() as _"]
    );
    assert_eq!(
        told(r#"query_file!("sql/docs/read.sql", scope.project() as _)"#),
        ["src/tasks/planted.rs: sql/docs/read.sql belongs to another module"]
    );
}
