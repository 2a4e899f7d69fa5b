//! People and their agents' credentials.
//!
//! A secret leaves the process once, when it is issued; what is stored cannot be turned back into
//! it. There is always an administrator, from the first person on.

mod expiry;
mod give_back;
pub mod people;
mod secret;
pub mod tokens;
pub mod users;
mod whoami;

pub use expiry::Expiry;
pub use secret::{Malformed, TokenHash, TokenSecret};
pub use tokens::{AuthenticatedToken, authenticate};
pub use users::{Login, User};
pub use whoami::{Membership, Whoami, whoami};
