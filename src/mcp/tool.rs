//! What a tool is: typed arguments, a few facts about it, and one function.
//!
//! A tool enters nothing, commits nothing and answers no protocol: it is given a connection and a
//! scope, calls a domain, and answers a shape. Everything that all tools share happens around it,
//! in [`dispatch`](super::dispatch).

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::arguments;
use super::auth::Agent;
use crate::access::ProjectScope;
use crate::error::Result;
use crate::events::Feed;
use crate::ids::TaskId;

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing; the transaction it is given cannot write.
    Read,
    /// It changes something.
    Write {
        /// A repeat with the same arguments changes nothing more.
        idempotent: bool,
        /// It can undo or hide what was there, and does not only add.
        destructive: bool,
    },
}

impl Effect {
    /// Adds something; a repeat adds another.
    pub const ADDS: Self = Self::Write { idempotent: false, destructive: false };
    /// Adds or sets something; a repeat changes nothing more.
    pub const SETS: Self = Self::Write { idempotent: true, destructive: false };
    /// Replaces or removes what was there; a repeat changes nothing more.
    pub const REPLACES: Self = Self::Write { idempotent: true, destructive: true };
}

/// The connection of one call.
pub enum Connection {
    /// In a transaction, which is committed after the tool, and only when the tool succeeded.
    Together(Transaction<'static, Postgres>),
    /// Each statement commits by itself.
    Singly(PoolConnection<Postgres>),
}

impl Connection {
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Together(transaction) => Ok(transaction.commit().await?),
            Self::Singly(_) => Ok(()),
        }
    }
}

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        match self {
            Self::Together(transaction) => transaction,
            Self::Singly(connection) => connection,
        }
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        match self {
            Self::Together(transaction) => transaction,
            Self::Singly(connection) => connection,
        }
    }
}

/// One call being carried out.
pub struct Call {
    /// Where the tool does its work.
    pub db: Connection,
    /// The caller inside the token's project.
    pub scope: ProjectScope,
    /// The token and the person behind it.
    pub agent: Agent,
    /// Whether full objects were asked for.
    pub verbose: bool,
    /// A task that the caller has named in a read. Should the caller hold it, that is a sign of
    /// life, and its lease is renewed once the read is over.
    pub seen: Option<TaskId>,
}

/// A tool: its fields are its arguments, its doc comment is its description for the model.
pub trait Tool: DeserializeOwned + JsonSchema + Send + 'static {
    /// Its name in our words, `tasks.claim_next`.
    const NAME: &'static str;
    /// What it does to the world.
    const EFFECT: Effect;
    /// Whether it has a slim form, and so takes `verbose`.
    const VERBOSE: bool = false;
    /// Whether its listed arguments include `idempotency_key`, which every mutation takes.
    const LISTS_KEY: bool = false;
    /// Whether its listed arguments include `project_id`, which every tool takes.
    const LISTS_PROJECT: bool = false;

    /// Whether a call with these arguments writes with one statement at most, and only reads
    /// besides: then it needs no transaction, unless its answer is kept under a key.
    fn writes_once(&self) -> bool {
        false
    }

    /// Carries the call out.
    fn call(self, call: &mut Call) -> impl Future<Output = Result<Answer>> + Send;
}

/// A call that waits: it is given the pool, because nobody may hold a connection while waiting.
pub struct Waiting {
    /// For the looks before and after the wait.
    pub pool: PgPool,
    /// Where events are heard of.
    pub feed: Feed,
    /// The caller inside the token's project, as it was when the call began.
    pub scope: ProjectScope,
    /// The token and the person behind it.
    pub agent: Agent,
    /// Cancelled when the server stops: answer with what there is.
    pub stopping: CancellationToken,
}

/// A tool that reads, and may wait for something to read.
pub trait WaitingTool: DeserializeOwned + JsonSchema + Send + 'static {
    /// Its name in our words, `events.wait`.
    const NAME: &'static str;

    /// Waits and answers. It is dropped when the caller goes away.
    fn wait(self, call: Waiting) -> impl Future<Output = Result<Answer>> + Send;
}

pub(super) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer>> + Send + 'a>>;

/// A tool with its arguments read, ready to run.
pub(super) enum Prepared {
    /// Runs inside a transaction.
    Call(Box<dyn Runs>),
    /// Waits outside of one.
    Wait(Box<dyn Waits>),
}

pub(super) trait Runs: Send {
    fn writes_once(&self) -> bool;
    fn run(self: Box<Self>, call: &mut Call) -> Answering<'_>;
}

impl<T: Tool> Runs for T {
    fn writes_once(&self) -> bool {
        T::writes_once(self)
    }

    fn run(self: Box<Self>, call: &mut Call) -> Answering<'_> {
        Box::pin(T::call(*self, call))
    }
}

pub(super) trait Waits: Send {
    fn run(self: Box<Self>, call: Waiting) -> Answering<'static>;
}

impl<T: WaitingTool> Waits for T {
    fn run(self: Box<Self>, call: Waiting) -> Answering<'static> {
        Box::pin(T::wait(*self, call))
    }
}

pub(super) type Prepare = fn(JsonObject, &[String]) -> Result<Prepared>;

pub(super) fn prepare_call<T: Tool>(arguments: JsonObject, known: &[String]) -> Result<Prepared> {
    Ok(Prepared::Call(Box::new(arguments::parse::<T>(arguments, known)?)))
}

pub(super) fn prepare_wait<T: WaitingTool>(
    arguments: JsonObject,
    known: &[String],
) -> Result<Prepared> {
    Ok(Prepared::Wait(Box::new(arguments::parse::<T>(arguments, known)?)))
}
