//! Work made up from believable parts, so that the backlog never runs dry.
//!
//! An idea is an initiative for one part of the product. The sequence is fixed: the same number
//! gives the same idea, neighbours differ in both halves, and nothing repeats before all are used.

use super::draft::{Draft, FeatureDraft, feature, task};
use crate::tasks::TaskType;

/// The parts of the product.
const PARTS: [&str; 13] = [
    "the dispatch board",
    "the driver app",
    "the tracking page",
    "route planning",
    "the monthly invoices",
    "the customer import",
    "the depot overview",
    "the parcel search",
    "the shift planner",
    "the fleet report",
    "the delivery photographs",
    "the customer mails",
    "the partner API",
];

/// What can be done for a part; `{}` is the part.
struct Initiative {
    title: &'static str,
    description: &'static str,
    bucket: &'static str,
    steps: &'static [Step],
}

/// One piece of an initiative.
struct Step {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    kind: TaskType,
    role: Option<&'static str>,
    needs: &'static [&'static str],
}

const fn step(
    name: &'static str,
    role: &'static str,
    needs: &'static [&'static str],
    title: &'static str,
    description: &'static str,
) -> Step {
    Step { name, title, description, kind: TaskType::Task, role: Some(role), needs }
}

/// A step that anybody can take.
const fn chore(
    name: &'static str,
    needs: &'static [&'static str],
    title: &'static str,
    description: &'static str,
) -> Step {
    Step { name, title, description, kind: TaskType::Chore, role: None, needs }
}

const fn spike(
    name: &'static str,
    role: &'static str,
    title: &'static str,
    description: &'static str,
) -> Step {
    Step { name, title, description, kind: TaskType::Spike, role: Some(role), needs: &[] }
}

const INITIATIVES: [Initiative; 8] = [
    Initiative {
        title: "Ten times the data in {}",
        description: "The largest customer grows by the factor ten next year. Everything that \
                      people wait for in {} stays under a second.",
        bucket: "high",
        steps: &[
            spike(
                "measure",
                "qa",
                "Measure {} with ten times the data",
                "A script that fills staging, and a table with p50 and p95 of every action.",
            ),
            step(
                "queries",
                "backend",
                &["measure"],
                "Speed up the three slowest queries of {}",
                "Plans before and after go into the task.",
            ),
            step(
                "pages",
                "frontend",
                &["measure"],
                "Load {} in pages",
                "The place in the list survives going back.",
            ),
            step(
                "again",
                "qa",
                &["queries", "pages"],
                "Repeat the measurement of {}",
                "Same script, same machine. Anything over a second becomes a bug.",
            ),
        ],
    },
    Initiative {
        title: "Who changed what in {}",
        description: "Support spends hours on finding out who changed something in {}. Everybody \
                      with access can see it in place.",
        bucket: "medium",
        steps: &[
            step(
                "design",
                "design",
                &[],
                "Design the history of {}",
                "Who, what, when; the latest three without a click.",
            ),
            step(
                "record",
                "backend",
                &[],
                "Record changes of {}",
                "Values before and after, written in the transaction of the change.",
            ),
            step(
                "show",
                "frontend",
                &["design", "record"],
                "Show the history of {}",
                "Loaded when it is opened, not before.",
            ),
            step(
                "complete",
                "qa",
                &["show"],
                "Check that the history of {} is complete",
                "Every way to change something, the import and the API included.",
            ),
        ],
    },
    Initiative {
        title: "Undo in {}",
        description: "A slip in {} costs a phone call today. The last steps can be taken back, by \
                      the person who made them.",
        bucket: "medium",
        steps: &[
            spike(
                "list",
                "backend",
                "List what can be undone in {}",
                "And what cannot, with the reason. Somebody else's later change wins.",
            ),
            step(
                "steps",
                "backend",
                &["list"],
                "Keep the last ten steps of {}",
                "For an hour. A step that no longer fits says why.",
            ),
            step(
                "button",
                "frontend",
                &["steps"],
                "Offer undo in {}",
                "Where the change was made, and with Ctrl-Z.",
            ),
            step(
                "race",
                "qa",
                &["button"],
                "Undo in {} while somebody else is editing",
                "Nothing of the other person's work is lost.",
            ),
        ],
    },
    Initiative {
        title: "Use {} without a mouse",
        description: "Two dispatchers cannot use a mouse, and the tender asks for it. All of {} is \
                      reachable and understandable with the keyboard alone.",
        bucket: "high",
        steps: &[
            step(
                "order",
                "design",
                &[],
                "Settle the order of focus in {}",
                "As people read it. The focus is visible on every background.",
            ),
            step(
                "keys",
                "frontend",
                &["order"],
                "Reach every action of {} with the keyboard",
                "No trap, no dead end, and Escape always goes back one step.",
            ),
            step(
                "names",
                "frontend",
                &["order"],
                "Name every control of {}",
                "What a screen reader says is what a person would call it.",
            ),
            step(
                "reader",
                "qa",
                &["keys", "names"],
                "Walk through {} with a screen reader",
                "The five most frequent tasks, timed.",
            ),
        ],
    },
    Initiative {
        title: "Spreadsheets from {}",
        description: "Accounting copies {} by hand into a spreadsheet. One click gives the same \
                      numbers, and always in the same columns.",
        bucket: "low",
        steps: &[
            step(
                "columns",
                "backend",
                &[],
                "Write the figures of {} as CSV",
                "Streamed, with a header; numbers without separators, dates as ISO 8601.",
            ),
            step(
                "click",
                "frontend",
                &["columns"],
                "Offer the spreadsheet in {}",
                "With the filters that are set. The file's name says which.",
            ),
            step(
                "same",
                "qa",
                &["click"],
                "Compare the spreadsheet with {}",
                "A month of production data, to the cent.",
            ),
            chore(
                "explain",
                &["columns"],
                "Describe the columns of the spreadsheet from {}",
                "In the handbook, with where each number comes from.",
            ),
        ],
    },
    Initiative {
        title: "Polish and Portuguese for {}",
        description: "The new depots work in Polish and Portuguese. {} speaks both, including its \
                      mails and error messages.",
        bucket: "medium",
        steps: &[
            chore(
                "extract",
                &[],
                "Take the texts out of the code of {}",
                "With a comment for translators wherever a word alone is ambiguous.",
            ),
            step(
                "room",
                "design",
                &[],
                "Make room for longer words in {}",
                "A third more. Nothing is cut off on a small phone.",
            ),
            step(
                "plural",
                "frontend",
                &["extract"],
                "Get plurals right in {}",
                "Polish has three. No sentence is put together from pieces.",
            ),
            step(
                "native",
                "qa",
                &["plural", "room"],
                "Have native speakers walk through {}",
                "Two for each language, with their remarks as bugs.",
            ),
        ],
    },
    Initiative {
        title: "A failing network in {}",
        description: "When a provider is slow, {} hangs until people reload. It fails fast, says \
                      so, and goes on by itself.",
        bucket: "critical",
        steps: &[
            spike(
                "calls",
                "backend",
                "Find every outgoing call behind {}",
                "With its time limit, and what happens when it fails. Most have none.",
            ),
            step(
                "limits",
                "backend",
                &["calls"],
                "Give every call behind {} a time limit",
                "And a retry with back-off where a repeat is harmless.",
            ),
            step(
                "say",
                "frontend",
                &["calls"],
                "Say in {} what is not working",
                "What is affected, since when, and what still works.",
            ),
            step(
                "pull",
                "qa",
                &["limits", "say"],
                "Pull the cable while using {}",
                "Each provider in turn, for ten seconds and for ten minutes.",
            ),
        ],
    },
    Initiative {
        title: "Retire the old version of {}",
        description: "The old version of {} costs a day each month. Whoever still uses it is told, \
                      moved, and then it goes.",
        bucket: "low",
        steps: &[
            step(
                "count",
                "backend",
                &[],
                "Count who still uses the old version of {}",
                "By customer and week. Robots count apart.",
            ),
            chore(
                "tell",
                &["count"],
                "Tell the remaining customers of the old version of {}",
                "By name, with what changes for them and by when.",
            ),
            step(
                "lead",
                "frontend",
                &["tell"],
                "Lead people from the old version of {} to the new one",
                "Bookmarks keep working and open the same thing.",
            ),
            step(
                "delete",
                "backend",
                &["lead"],
                "Delete the old version of {}",
                "Code, tests, tables, alerts. The numbers of lines removed into the task.",
            ),
        ],
    },
];

/// Apart from each other, so that neighbours differ; without a common factor with their number, so
/// that none is left out.
const STRIDE: usize = 37;

/// The idea with this number. Behind the last one they come again, as the next round.
#[must_use]
pub(super) fn idea(number: usize) -> FeatureDraft {
    let all = PARTS.len() * INITIATIVES.len();
    let place = (number % all) * STRIDE % all;
    let part = PARTS[place % PARTS.len()];
    let initiative = &INITIATIVES[place / PARTS.len()];
    let round = number / all + 1;

    let tasks = initiative.steps.iter().map(|step| step.draft(part, initiative.bucket)).collect();
    let title = fill(initiative.title, part);
    let title = if round == 1 { title } else { format!("{title}, round {round}") };
    let description = fill(initiative.description, part);
    feature(task("feature", title, description).bucket(initiative.bucket), tasks)
}

impl Step {
    fn draft(&self, part: &str, bucket: &'static str) -> Draft {
        let draft = task(self.name, fill(self.title, part), fill(self.description, part))
            .kind(self.kind)
            .bucket(bucket)
            .after(self.needs);
        Draft { role: self.role, ..draft }
    }
}

/// Puts the part into a text, with a capital where a sentence begins.
fn fill(text: &str, part: &str) -> String {
    let filled = text.replace("{}", part);
    let mut characters = filled.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => filled,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::text::Title;

    #[test]
    fn no_idea_comes_twice_before_all_have_been_had() {
        let all = PARTS.len() * INITIATIVES.len();
        let titles: HashSet<_> =
            (0..all * 2).map(|number| idea(number).feature.title.into_owned()).collect();
        assert_eq!(titles.len(), all * 2);
    }

    #[test]
    fn every_idea_can_be_planned() {
        for number in 0..PARTS.len() * INITIATIVES.len() {
            let FeatureDraft { feature, tasks } = idea(number);
            let mut known = HashSet::new();
            for draft in tasks.iter().chain([&feature]) {
                assert!(Title::parse(&draft.title).is_ok(), "{}", draft.title);
                assert!(!draft.title.contains("{}") && !draft.description.contains("{}"));
                assert!(draft.needs.iter().all(|need| known.contains(need)), "{}", draft.title);
                assert!(known.insert(draft.name), "{}", draft.title);
            }
        }
    }
}
