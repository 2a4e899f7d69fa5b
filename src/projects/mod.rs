//! Projects: the tenant, with its members, roles and named priorities.
//!
//! A project is made whole in one transaction: from its first moment it has an owner who is a
//! member, roles, one default bucket and one open cycle. What changes it as a whole afterwards holds
//! the lock of its row, so that such changes follow each other.

mod buckets;
mod changes;
mod create;
mod get;
mod lifecycle;
mod locks;
mod members;
mod naming;
mod overview;
mod reference;
mod roles;
mod settings;

pub use buckets::{Bucket, bucket_value, default_priority, list_buckets};
pub use create::{NewProject, create};
pub use get::{Listed, Project, Stats, get, list, resolve};
pub use lifecycle::{Deleted, archive, delete, unarchive};
pub use locks::{lock_links, lock_links_shared};
pub use members::{Member, add_member, list_members, remove_member};
pub use naming::{ProjectKey, Slug};
pub use overview::{Overview, ProjectCard, list_for};
pub use reference::{MemberRef, RoleRef};
pub(crate) use reference::{missing, reference};
pub use roles::{Role, list_roles};
pub use settings::{DefaultView, Settings, SettingsEdit, edit_settings, settings};
