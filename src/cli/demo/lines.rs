//! A demo whose output is read by a program or kept in a file: one plain line for each happening.

use chrono::Local;

use super::text::harmless;
use super::watch::Happening;

/// One happening as a line, without escape codes.
pub(super) fn line(happening: &Happening) -> String {
    let Happening { at, who, verb, key, text, .. } = happening;
    let time = at.with_timezone(&Local).format("%H:%M:%S");
    harmless(&format!("{time} {who} {verb} {key} {text}"))
}
