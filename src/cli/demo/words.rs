//! What the simulated agents say of their pretended work.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

/// What an agent reports while it is at something longer.
const NOTES: [&str; 10] = [
    "reading the code around it",
    "reproduced it in a test",
    "the first test is red, as it should be",
    "half of it works",
    "the happy path works, the refusals are next",
    "measuring before changing anything",
    "waiting for the build",
    "cleaning up before the last test",
    "one test left",
    "writing down what I found",
];

/// What an agent writes at the end, by the role that the task asked for.
const BACKEND: [&str; 6] = [
    "Done, with tests for the refused cases too. The migration takes 40 ms on a copy of production.",
    "Works. The slow part was one query without an index; its plan is in the commit.",
    "Implemented as described. One decision on the way: a repeat answers what the first call answered.",
    "Done. I left the old column in place for one release, so that a rollback stays possible.",
    "Finished. p95 went from 480 ms to 35 ms on the staging data.",
    "Done, behind the existing permission. No new setting was needed.",
];
const FRONTEND: [&str; 6] = [
    "Done. Works with the keyboard alone, and without script it is an ordinary form.",
    "Built with the existing components; nothing new to load.",
    "Done. The page keeps its place when one goes back, which it did not before.",
    "Works in the three browsers we support, and on a phone in landscape.",
    "Finished. 4 kB less script than before.",
    "Done. The empty state says what to do next.",
];
const QA: [&str; 5] = [
    "All cases pass. Two of them were not described before and are now.",
    "Automated; runs in 12 s. It failed once on purpose, to see that it can.",
    "Checked as listed. One remark is a new task, the rest is fine.",
    "Passes. The numbers are in the table next to the script.",
    "Done on three devices. No difference between them.",
];
const DESIGN: [&str; 5] = [
    "Settled. The states that are easy to forget (empty, loading, refused) have a drawing too.",
    "Two variants tried with four people; the plainer one won.",
    "Done. Contrast is at least 4.5:1 everywhere, on light and dark.",
    "Drawn with existing components, so there is nothing new to build.",
    "Done, and checked at 320 pixels.",
];
const ANYBODY: [&str; 5] = [
    "Done as described.",
    "Done. What I found on the way is in the handbook.",
    "Finished; took less than expected, because half of it was there already.",
    "Done, and the checklist has one line more now.",
    "Done. Nothing else depends on it.",
];

/// Why an agent gives something back.
const REASONS: [&str; 4] = [
    "The description leaves open what happens to existing data; giving it back until that is clear.",
    "My environment cannot reach the staging database. Somebody else can do this at once.",
    "This touches code that is being changed in another task right now; better afterwards.",
    "Ran into a failing build that is not mine. Giving it back rather than sitting on it.",
];

/// What an agent finds while it does something else.
const FINDINGS: [&str; 6] = [
    "Wrong plural when exactly one is left",
    "Error message names the wrong field",
    "Focus is lost after saving",
    "Times are shown in the server's zone",
    "Double click submits twice",
    "Long names push the buttons out of view",
];

/// A progress note.
pub(super) fn note() -> &'static str {
    any(&NOTES)
}

/// What is written at the end of a task that asked for this role.
pub(super) fn closing(role: Option<&str>) -> &'static str {
    match role {
        Some("backend") => any(&BACKEND),
        Some("frontend") => any(&FRONTEND),
        Some("qa") => any(&QA),
        Some("design") => any(&DESIGN),
        _ => any(&ANYBODY),
    }
}

/// Why a task is given back.
pub(super) fn reason() -> &'static str {
    any(&REASONS)
}

/// A bug that was found on the way.
pub(super) fn finding() -> &'static str {
    any(&FINDINGS)
}

/// What a feature without children is broken down into: title and role.
pub(super) const BREAKDOWN: [(&str, &str); 3] = [
    ("Sketch the first half hour", "design"),
    ("Build what the sketch needs", "backend"),
    ("Try it with three people who have never seen it", "qa"),
];

/// The hash of a commit that was never made.
pub(super) fn sha() -> String {
    let bits: [u64; 3] = rand::random();
    format!("{:016x}{:016x}{:08x}", bits[0], bits[1], bits[2] & 0xffff_ffff)
}

/// True once in `many` times.
pub(super) fn once_in(many: u32) -> bool {
    rand::rng().random_ratio(1, many)
}

fn any(of: &[&'static str]) -> &'static str {
    of.choose(&mut rand::rng()).copied().unwrap_or_default()
}
