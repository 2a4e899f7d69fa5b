//! The colours that a role may have: ten by name, each with the contrast that text needs in light
//! and in dark. There is no free colour.

use std::str::FromStr;

use serde::Serialize;

macro_rules! swatches {
    ($($name:ident = $text:literal),* $(,)?) => {
        /// A role's colour.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, sqlx::Type)]
        #[serde(rename_all = "snake_case")]
        #[sqlx(type_name = "text", rename_all = "snake_case")]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Swatch {
            #[default]
            $($name),*
        }

        impl Swatch {
            /// Every swatch, in the order in which a form offers them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stored name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text),*
                }
            }
        }
    };
}

swatches! {
    Slate = "slate",
    Blue = "blue",
    Teal = "teal",
    Green = "green",
    Olive = "olive",
    Amber = "amber",
    Orange = "orange",
    Red = "red",
    Pink = "pink",
    Violet = "violet",
}

impl FromStr for Swatch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|swatch| swatch.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|swatch| swatch.as_str()).collect();
            format!("one of {}", known.join(", "))
        })
    }
}

impl std::fmt::Display for Swatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
