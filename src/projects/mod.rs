//! Projects: the tenant, with its members, roles and named priorities.
//!
//! A project is made whole in one transaction: from its first moment it has an owner who is a
//! member, roles, one default bucket and one open cycle.

mod buckets;
mod create;
mod get;
mod locks;
mod members;
mod naming;
mod reference;
mod roles;

pub use buckets::{Bucket, bucket_value, default_priority, list_buckets};
pub use create::{NewProject, create};
pub use get::{Listed, Project, Stats, get, list, resolve};
pub use locks::{lock_links, lock_links_shared};
pub use members::{Member, add_member, list_members, remove_member};
pub use naming::{ProjectKey, Slug};
pub use reference::{MemberRef, RoleRef};
pub(crate) use reference::{missing, reference};
pub use roles::{Role, list_roles};
