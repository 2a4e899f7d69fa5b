//! The tool that tells an agent who it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::tool::{Call, Effect, Tool};
use crate::error::Result;
use crate::identity;

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
        }
        let caller = identity::whoami(&mut call.db, &call.scope).await?;
        Answer::of(&Shape { caller })
    }
}
