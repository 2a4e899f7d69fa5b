//! The templates: part of the binary in a release, read from disk in a development build.
//!
//! A name that a template uses and its page does not give is an error, never an empty place.

use chrono::{DateTime, TimeDelta, Utc};
use minijinja::syntax::SyntaxConfig;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    escape_formatter,
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "templates"]
struct Files;

/// The environment in which templates are rendered.
#[derive(Debug)]
pub(super) struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // Lines that only have a tag leave no empty line. Refused are odd delimiters, and ours are usual.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_loader(load);
        environment.set_formatter(write);
        environment.add_filter("ago", |time: &str| Ok::<_, Error>(ago(parse(time)?, Utc::now())));
        environment.add_filter("date", |time: &str| format(time, "%-d %b %Y"));
        environment.add_filter("moment", |time: &str| format(time, "%-d %b %Y, %H:%M UTC"));
        environment.add_filter("initials", initials);
        environment.add_filter("counted", counted);
        environment.add_filter("bytes", bytes);
        Self { environment }
    }

    /// Renders a template.
    pub(super) fn render(&self, name: &str, context: minijinja::Value) -> Result<String, Error> {
        // A development build forgets what it read, so that the next page shows what was saved.
        if cfg!(debug_assertions) {
            return Self::new().environment.get_template(name)?.render(context);
        }
        self.environment.get_template(name)?.render(context)
    }

    /// Every template's name.
    #[cfg(test)]
    fn names() -> impl Iterator<Item = String> {
        Files::iter().map(std::borrow::Cow::into_owned)
    }
}

/// Writes a value into a page, escaped like minijinja does it but for `/`: that is harmless in an
/// element and in a quoted attribute, which are the only places there are, and every address has it.
fn write(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let text = match (state.auto_escape(), value.as_str()) {
        (AutoEscape::Html, Some(text)) if !value.is_safe() => text,
        _ => return escape_formatter(out, state, value),
    };
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    Ok(out.write_str(rest)?)
}

fn load(name: &str) -> Result<Option<String>, Error> {
    let Some(file) = Files::get(name) else { return Ok(None) };
    String::from_utf8(file.data.into_owned()).map(Some).map_err(|source| {
        Error::new(ErrorKind::BadSerialization, "a template is not UTF-8").with_source(source)
    })
}

fn parse(time: &str) -> Result<DateTime<Utc>, Error> {
    time.parse().map_err(|source| {
        Error::new(ErrorKind::InvalidOperation, "not a moment in time").with_source(source)
    })
}

fn format(time: &str, pattern: &str) -> Result<String, Error> {
    Ok(parse(time)?.format(pattern).to_string())
}

/// How long ago something was, in the one unit that matters; also how long until it will be.
fn ago(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = now - time;
    let (distance, is_past) =
        if distance < TimeDelta::zero() { (-distance, false) } else { (distance, true) };
    let (minutes, hours, days) =
        (distance.num_minutes(), distance.num_hours(), distance.num_days());
    let amount = match (minutes, hours, days) {
        (0, ..) if is_past => return "just now".to_owned(),
        (0, ..) => "less than a minute".to_owned(),
        (_, 0, _) => format!("{minutes} min"),
        (_, _, 0) => format!("{hours} h"),
        (_, _, 1) => "1 day".to_owned(),
        (_, _, 2..=60) => format!("{days} days"),
        (_, _, 61..=730) => format!("{} months", days / 30),
        _ => format!("{} years", days / 365),
    };
    if is_past { format!("{amount} ago") } else { format!("in {amount}") }
}

/// The first letters of at most two words, for where a picture is missing.
fn initials(name: &str) -> String {
    name.split([' ', '-', '_', '.'])
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

/// `1 task`, `3 tasks`: a number with its noun.
fn counted(count: i64, one: &str, many: Option<&str>) -> String {
    match (count, many) {
        (1, _) => format!("1 {one}"),
        (_, Some(many)) => format!("{count} {many}"),
        (_, None) => format!("{count} {one}s"),
    }
}

/// A size in the unit that fits, as disks are sold and `df -H` tells them.
fn bytes(size: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let (mut tenths, mut unit) = (size / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    let (whole, tenth, unit) = (tenths / 10, tenths % 10, UNITS[unit]);
    if whole < 100 { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        let templates = Templates::new();
        for name in Templates::names() {
            if let Err(error) = templates.environment.get_template(&name) {
                panic!("{name}: {error:#}");
            }
        }
    }

    #[test]
    fn what_people_wrote_is_text_wherever_it_stands() {
        let environment = Templates::new().environment;
        let template =
            environment.template_from_named_str("x.html", "<a title=\"{{ t }}\">{{ t }}</a>");
        let written = "é/<b onx='1'>&amp;\"</a>";
        let page = template.unwrap().render(minijinja::context! { t => written }).unwrap();
        let escaped = "é/&lt;b onx=&#39;1&#39;&gt;&amp;amp;&quot;&lt;/a&gt;";
        assert_eq!(page, format!("<a title=\"{escaped}\">{escaped}</a>"));
    }

    #[test]
    fn a_distance_is_told_in_one_unit() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let told = |time: &str| ago(time.parse().unwrap(), now);
        assert_eq!(told("2026-11-22T11:59:40Z"), "just now");
        assert_eq!(told("2026-11-22T11:48:00Z"), "12 min ago");
        assert_eq!(told("2026-11-22T09:00:00Z"), "3 h ago");
        assert_eq!(told("2026-11-21T11:00:00Z"), "1 day ago");
        assert_eq!(told("2026-08-01T11:00:00Z"), "3 months ago");
        assert_eq!(told("2023-08-01T11:00:00Z"), "3 years ago");
        assert_eq!(told("2026-11-22T12:15:00Z"), "in 15 min");
    }

    #[test]
    fn a_size_is_told_in_the_unit_that_fits() {
        let told = |size| bytes(size);
        assert_eq!([told(0), told(999)], ["0 B", "999 B"]);
        assert_eq!([told(1000), told(12_345), told(999_999)], ["1.0 kB", "12.3 kB", "999 kB"]);
        assert_eq!([told(1_000_000), told(53_687_091_200)], ["1.0 MB", "53.6 GB"]);
        assert_eq!(told(u64::MAX), "18446744 TB");
    }

    #[test]
    fn initials_are_letters_of_words() {
        assert_eq!(initials("Ana Lopez de la Vega"), "AL");
        assert_eq!(initials("octo-cat"), "OC");
        assert_eq!(initials("…"), "");
        assert_eq!(initials("ßeta"), "SS");
    }

    #[test]
    fn a_number_agrees_with_its_noun() {
        assert_eq!(counted(1, "task", None), "1 task");
        assert_eq!(counted(0, "task", None), "0 tasks");
        assert_eq!(counted(2, "person", Some("people")), "2 people");
    }
}
