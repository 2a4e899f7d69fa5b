//! Things of a project as callers name them: by id, or by what people call them.
//!
//! A reference is only text until it is resolved inside a scope, so one that means a thing of
//! another project finds nothing.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::access::ProjectScope;
use crate::error::{Kind, Result, quoted};
use crate::ids::{RoleId, UserId};

/// Makes a type for references of one kind: text of 1 to 100 characters.
macro_rules! reference {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most characters a reference may have.
            const MAX: usize = 100;

            /// The text as the caller wrote it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if text.is_empty() {
                    return Err("must not be empty".to_owned());
                }
                if text.chars().count() > Self::MAX || text.contains('\0') {
                    return Err(format!("at most {} characters", Self::MAX));
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string" })
            }
        }
    };
}
pub(crate) use reference;

reference!(
    /// A role, by id or key.
    RoleRef
);
reference!(
    /// A member, by id or login.
    MemberRef
);

impl RoleRef {
    /// The role that is meant, among those of the project. `field` is where the caller wrote it.
    pub async fn resolve(
        &self,
        db: &mut PgConnection,
        scope: &ProjectScope,
        field: &'static str,
    ) -> Result<RoleId> {
        sqlx::query_file_scalar!(
            "sql/projects/resolve_role.sql",
            scope.project() as _,
            Uuid::try_parse(&self.0).ok(),
            self.0,
        )
        .fetch_optional(db)
        .await?
        .map(RoleId::from)
        .ok_or_else(|| missing(Kind::Role, &self.0, field))
    }
}

impl MemberRef {
    /// The member that is meant, among those of the project. `field` is where the caller wrote it.
    pub async fn resolve(
        &self,
        db: &mut PgConnection,
        scope: &ProjectScope,
        field: &'static str,
    ) -> Result<UserId> {
        sqlx::query_file_scalar!(
            "sql/projects/resolve_member.sql",
            scope.project() as _,
            Uuid::try_parse(&self.0).ok(),
            self.0,
        )
        .fetch_optional(db)
        .await?
        .map(UserId::from)
        .ok_or_else(|| missing(Kind::Member, &self.0, field))
    }
}

/// What is named is not here; the message says which argument named it.
pub(crate) fn missing(kind: Kind, named: &str, field: &str) -> crate::error::Error {
    crate::error::Error::NotFound { kind, named: format!("{} (in {field})", quoted(named)) }
}
