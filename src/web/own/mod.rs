//! A person's own pages: who it is here, how pages look, where it is signed in, its tokens.
//!
//! Every one is about the person of the session and nobody else; no address names a person.

mod appearance;
mod profile;
mod sessions;
mod tokens;

use super::routes::Routes;

pub(super) fn routes() -> Routes {
    profile::routes().and(appearance::routes()).and(sessions::routes()).and(tokens::routes())
}
