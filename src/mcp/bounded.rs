//! Whole numbers with bounds, which stand in the schema and hold when the argument is read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// A whole number from `LOW` to `HIGH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounded<const LOW: u16, const HIGH: u16>(u16);

impl<const LOW: u16, const HIGH: u16> Bounded<LOW, HIGH> {
    /// The number.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

impl<'de, const LOW: u16, const HIGH: u16> Deserialize<'de> for Bounded<LOW, HIGH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = i64::deserialize(deserializer)?;
        u16::try_from(given)
            .ok()
            .filter(|number| (LOW..=HIGH).contains(number))
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("expected {LOW} to {HIGH}, got {given}")))
    }
}

impl<const LOW: u16, const HIGH: u16> JsonSchema for Bounded<LOW, HIGH> {
    fn schema_name() -> Cow<'static, str> {
        format!("From{LOW}To{HIGH}").into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": LOW, "maximum": HIGH })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_its_bounds_is_refused_with_the_bounds() {
        type Limit = Bounded<1, 500>;
        let read = |text| serde_json::from_str::<Limit>(text).map(Limit::get);

        assert_eq!(read("1").unwrap(), 1);
        assert_eq!(read("500").unwrap(), 500);
        for text in ["0", "501", "-1", "70000"] {
            assert_eq!(
                read(text).unwrap_err().to_string(),
                format!("expected 1 to 500, got {text}")
            );
        }
        assert!(read("1.5").is_err());
        assert!(read("\"1\"").is_err());
    }
}
