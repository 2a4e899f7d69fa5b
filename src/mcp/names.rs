//! How tools are named: one name in our words, two spellings on the wire.
//!
//! A tool's own name is `tasks.claim_next`. It is listed as `nottario_tasks_claim_next`, because
//! several clients refuse dots, and one of them drops the whole server for a single such name.

use crate::config::ToolNames;

/// What every listed name begins with, so that tools of several servers do not collide.
const PREFIX: &str = "nottario";

/// The most characters a listed name may have; clients add their own prefix to it.
pub const LONGEST: usize = 49;

/// The name as people write it, which is also the tool's title.
#[must_use]
pub fn title(name: &str) -> String {
    format!("{PREFIX}.{name}")
}

/// The name as `tools/list` gives it.
#[must_use]
pub fn listed(name: &str, style: ToolNames) -> String {
    match style {
        ToolNames::Underscore => title(name).replace('.', "_"),
        ToolNames::Dotted => title(name),
    }
}

/// What all spellings of a name have in common: `tasks_claim_next`.
#[must_use]
pub fn canonical(spelled: &str) -> String {
    let underscored = spelled.replace('.', "_");
    match underscored.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('_')) {
        Some(rest) => rest.to_owned(),
        None => underscored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_means_the_same_tool() {
        for spelled in [
            "nottario_tasks_claim_next",
            "nottario.tasks.claim_next",
            "tasks_claim_next",
            "tasks.claim_next",
        ] {
            assert_eq!(canonical(spelled), "tasks_claim_next", "{spelled}");
        }
        assert_ne!(canonical("tasks.claim"), canonical("tasks.claim_next"));
    }

    #[test]
    fn the_setting_chooses_the_listed_spelling() {
        assert_eq!(listed("tasks.claim_next", ToolNames::Underscore), "nottario_tasks_claim_next");
        assert_eq!(listed("tasks.claim_next", ToolNames::Dotted), "nottario.tasks.claim_next");
        assert_eq!(title("whoami"), "nottario.whoami");
    }
}
