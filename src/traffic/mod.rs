//! Who sends requests, and how many: what the surfaces that face strangers share.

mod address;
mod limiter;

pub use address::client_address;
pub use limiter::Limiter;
