//! Who takes part in a demo, and the tokens by which they do.
//!
//! The same name has the same token in every run, as a real agent's does: one that was cut off
//! finds its own work again.

use chrono::Utc;
use sqlx::PgConnection;

use super::notebook::Notebook;
use super::story::{READER, TEAM};
use crate::access::{self, InstanceScope, ProjectScope};
use crate::error::{Error, Result};
use crate::identity::tokens::{self, NewToken};
use crate::identity::{TokenSecret, authenticate, users};
use crate::ids::ProjectId;
use crate::text::Line;

/// The token for the reader's own agent.
const READERS_TOKEN: &str = "yours";
/// The agent that plans new work when the backlog has run dry.
const PLANNER: &str = "planner";
/// What the agents are called, in turn.
const KINDS: [&str; 4] = ["claude", "codex", "cursor", "gemini"];

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The token's name.
    pub(super) name: String,
    /// The login of the person for whom it acts.
    pub(super) person: &'static str,
    /// The token.
    pub(super) secret: TokenSecret,
}

/// Everybody with a token.
#[derive(Clone, Debug)]
pub(super) struct Crew {
    /// The reader's own agent, which is not simulated.
    pub(super) reader: Member,
    /// The agent that plans.
    pub(super) planner: Member,
    /// The agents that race for tasks.
    pub(super) agents: Vec<Member>,
}

impl Crew {
    /// Gives everybody a token that works: the one in the notebook, or a fresh one.
    pub(super) async fn muster(
        db: &mut PgConnection,
        notebook: &mut Notebook,
        project: ProjectId,
        agents: usize,
    ) -> Result<Self> {
        let scope = access::enter_as_system(db, project).await?;
        let mut muster = Muster { scope, notebook };
        let reader = muster.member(db, READERS_TOKEN.to_owned(), READER.login).await?;
        let planner = muster.member(db, PLANNER.to_owned(), READER.login).await?;
        let mut racing = Vec::with_capacity(agents);
        for number in 0..agents {
            let name = format!("{}-{}", KINDS[number % KINDS.len()], number + 1);
            racing.push(muster.member(db, name, TEAM[number % TEAM.len()].login).await?);
        }
        Ok(Self { reader, planner, agents: racing })
    }
}

struct Muster<'a> {
    scope: ProjectScope,
    notebook: &'a mut Notebook,
}

impl Muster<'_> {
    async fn member(
        &mut self,
        db: &mut PgConnection,
        name: String,
        person: &'static str,
    ) -> Result<Member> {
        let secret = match self.known_secret(db, &name).await? {
            Some(secret) => secret,
            None => self.fresh_secret(db, &name, person).await?,
        };
        Ok(Member { name, person, secret })
    }

    /// The secret in the notebook, if it still opens the project.
    async fn known_secret(&self, db: &mut PgConnection, name: &str) -> Result<Option<TokenSecret>> {
        let project = self.scope.project();
        let secret = self.notebook.secret(project, name).map(TokenSecret::parse);
        let Some(Ok(secret)) = secret else { return Ok(None) };
        let token = authenticate(db, &secret, Utc::now()).await?;
        Ok(token.filter(|token| token.project == project).map(|_| secret))
    }

    async fn fresh_secret(
        &mut self,
        db: &mut PgConnection,
        name: &str,
        login: &str,
    ) -> Result<TokenSecret> {
        // A live one whose secret is lost is in the way of its successor.
        for token in tokens::list(db, &self.scope).await? {
            if token.name.as_deref() == Some(name) {
                tokens::revoke(db, &self.scope, token.id).await?;
            }
        }
        let person = users::find(db, InstanceScope::operator(), login).await?;
        let new = NewToken {
            user: person.id,
            name: Line::parse(name).map_err(Error::internal)?,
            default_role: None,
            expires_at: None,
        };
        let issued = tokens::issue(db, &self.scope, &new, Utc::now()).await?;
        self.notebook.note_secret(self.scope.project(), name, issued.secret.expose());
        Ok(issued.secret)
    }
}
