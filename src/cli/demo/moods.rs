//! What agents say of themselves while they hold nothing, for the screen.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Shared by all agents and the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Moods(Arc<Mutex<HashMap<String, String>>>);

impl Moods {
    /// Notes what an agent is waiting for.
    pub(super) fn set(&self, agent: &str, text: &str) {
        let mut moods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moods.insert(agent.to_owned(), text.to_owned());
    }

    /// What an agent said last.
    pub(super) fn of(&self, agent: &str) -> String {
        let moods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        moods.get(agent).cloned().unwrap_or_default()
    }
}
