//! The tool that tells an agent who it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, MOST_CHARACTERS, fit};
use super::tool::{Call, Effect, Tool};
use crate::error::Result;
use crate::identity;
use crate::tasks;

/// Who you are, your roles, and `held`: the tasks you are already holding. Call it first.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Whoami {}

impl Tool for Whoami {
    const NAME: &'static str = "whoami";
    const EFFECT: Effect = Effect::Read;

    async fn call(self, call: &mut Call) -> Result<Answer> {
        #[derive(Serialize)]
        struct Shape {
            #[serde(flatten)]
            caller: identity::Whoami,
            held: Vec<tasks::Held>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            held_truncated: bool,
        }
        let caller = identity::whoami(&mut call.db, &call.scope).await?;
        let held = tasks::held(&mut call.db, &call.scope).await?;
        let held = fit(held, MOST_CHARACTERS / 2)?;
        Answer::of(&Shape { caller, held: held.rows, held_truncated: held.cut })
    }
}
