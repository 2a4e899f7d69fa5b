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
mod swatch;
mod switcher;

pub use buckets::{
    Bucket, BucketEdit, MOST_BUCKETS, UsedBucket, bucket_tasks, bucket_value, create_bucket,
    default_priority, delete_bucket, edit_bucket, list_buckets, set_default_bucket, used_buckets,
};
pub use create::{NewProject, create};
pub use get::{Listed, Project, Stats, get, list, resolve};
pub use lifecycle::{Deleted, archive, delete, unarchive};
pub(crate) use locks::take_time;
pub use locks::{lock_links, lock_links_shared};
pub use members::{
    Member, MemberCard, add_member, add_member_by_login, change_owner, leave, list_members,
    member_cards, remove_member, set_member_roles,
};
pub use naming::{ProjectKey, ShortName, Slug};
pub use overview::{Overview, ProjectCard, list_for};
pub use reference::{MemberRef, RoleRef};
pub(crate) use reference::{missing, reference};
pub use roles::{
    Direction, MOST_ROLES, NewRole, Role, RoleEdit, RoleUse, UsedRole, create_role, delete_role,
    edit_role, list_roles, move_role, reorder_roles, role_use, used_roles,
};
pub use settings::{DefaultView, Settings, SettingsEdit, edit_settings, settings};
pub use swatch::Swatch;
pub use switcher::{Destination, switcher};
