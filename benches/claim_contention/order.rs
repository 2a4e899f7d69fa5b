//! How well the order is kept when many callers claim at once.
//!
//! A claim passed a better task over when that task was still free after the claim had ended: when
//! the claim that took it began later, or never came. Anything less may have been a fair race.

use std::collections::HashMap;
use std::time::Instant;

use crate::CALLERS;
use crate::contender::{Call, Contender};
use crate::support::table::Table;

pub(crate) fn print(contender: &Contender) {
    let mut claims: HashMap<usize, u32> = HashMap::new();
    let mut passed: HashMap<usize, u32> = HashMap::new();
    for (callers, has_passed) in judge(contender) {
        *claims.entry(callers).or_default() += 1;
        *passed.entry(callers).or_default() += u32::from(has_passed);
    }
    let mut table = Table::new(
        "claim_contention: order (a better task was free during the whole claim)",
        &["callers", "claims", "passed a better one over", "percent"],
    );
    for callers in CALLERS {
        let count = |counts: &HashMap<usize, u32>| counts.get(&callers).copied().unwrap_or(0);
        let (claims, passed) = (count(&claims), count(&passed));
        table.row(vec![
            callers.to_string(),
            claims.to_string(),
            passed.to_string(),
            format!("{:.2}", 100.0 * f64::from(passed) / f64::from(claims.max(1))),
        ]);
    }
    table.print();
}

/// For every claim, beside how many callers it was made, and whether it passed a better task over.
fn judge(contender: &Contender) -> Vec<(usize, bool)> {
    let mut calls = HashMap::new();
    for round in &contender.rounds {
        calls.extend(round.calls.iter().map(|call| (call.task, (round.callers, *call))));
    }
    let mut verdicts = Vec::with_capacity(calls.len());
    // Of all better tasks, the latest moment at which one of them was certainly free.
    let mut free_until: Option<Instant> = None;
    let mut is_one_left = false;
    for task in contender.ready.iter() {
        let Some(&(callers, Call { start, end, .. })) = calls.get(task) else {
            is_one_left = true;
            continue;
        };
        verdicts.push((callers, is_one_left || free_until.is_some_and(|until| until > end)));
        free_until = free_until.max(Some(start));
    }
    verdicts
}
