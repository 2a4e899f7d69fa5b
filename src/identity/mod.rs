//! People, how they prove who they are, and their agents' credentials.
//!
//! A secret leaves the process once, when it is issued; what is stored cannot be turned back into
//! it. There is always an administrator, from the first person on.

mod browser;
mod credential;
mod expiry;
pub mod github;
mod give_back;
mod keys;
pub mod links;
mod local_path;
pub mod people;
pub mod preferences;
mod refused;
mod seal;
mod secret;
pub mod sessions;
pub mod tokens;
pub mod users;
mod whoami;

pub use credential::{LinkSecret, MalformedSecret, SessionSecret};
pub use expiry::Expiry;
pub use github::GitHubClient;
pub use keys::SessionKeys;
pub use local_path::LocalPath;
pub use preferences::{Density, Preferences, Theme, set_preferences};
pub use refused::SignInRefused;
pub use seal::Sealable;
pub use secret::{Malformed, TokenHash, TokenSecret};
pub use sessions::SignedIn;
pub use tokens::{AuthenticatedToken, authenticate};
pub use users::{Login, Profile, User};
pub use whoami::{Membership, Whoami, whoami};
