//! The settings as they are in force, for whoever runs the instance. A secret is never among them:
//! all that is told of one is whether it is set.

use serde::Serialize;

use super::{Config, HttpAddr, LogFormat, SETTINGS, ToolNames};

/// A setting, and what it is at this moment.
#[derive(Clone, Debug, Serialize)]
pub struct InForce {
    /// The variable.
    pub name: &'static str,
    /// What it is for, in one line.
    pub purpose: &'static str,
    /// Its value in words.
    pub value: String,
}

impl Config {
    /// Every setting, in the order of the documentation.
    #[must_use]
    pub fn in_force(&self) -> Vec<InForce> {
        let told = |setting: &super::Setting| InForce {
            name: setting.name,
            purpose: setting.purpose,
            value: self.value_of(setting.name).unwrap_or_default(),
        };
        SETTINGS.iter().map(told).collect()
    }

    fn value_of(&self, name: &str) -> Option<String> {
        let github = self.github.as_ref();
        let backups = self.backups.as_ref();
        let value = match name {
            "PUBLIC_URL" => self.public_url.to_string(),
            "HTTP_ADDR" => listened_on(self.http_addr),
            "DATABASE_URL" => masked(self.database_url.is_some(), "embedded database"),
            "DATABASE_URL_DIRECT" => masked(self.database_url_direct.is_some(), "DATABASE_URL"),
            "NOTTARIO_DATA_DIR" => self.data_dir.display().to_string(),
            "NOTTARIO_POSTGRES_BIN_DIR" => self
                .postgres_bin_dir
                .as_ref()
                .map_or_else(|| "found".to_owned(), |dir| dir.display().to_string()),
            "GITHUB_OAUTH_CLIENT_ID" => or_off(github.map(|github| github.client_id.clone())),
            "GITHUB_OAUTH_CLIENT_SECRET" => masked(github.is_some(), "off"),
            "GITHUB_OAUTH_ORG" => or_off(github.and_then(|github| github.org.clone())),
            "GITHUB_URL" => or_off(github.map(|github| github.url.clone())),
            "GITHUB_API_URL" => or_off(github.map(|github| github.api_url.clone())),
            "SESSION_KEY" => {
                masked(self.configured_session_key.is_some(), "generated in the data directory")
            }
            "NOTTARIO_BACKUP_DIR" => {
                or_off(backups.map(|backups| backups.dir.display().to_string()))
            }
            "NOTTARIO_BACKUP_AT" => {
                or_off(backups.map(|backups| backups.at.format("%H:%M").to_string()))
            }
            "NOTTARIO_BACKUP_KEEP_DAYS" => {
                or_off(backups.map(|backups| backups.keep_days.to_string()))
            }
            "NOTTARIO_ARCH_IDLE_SECONDS" => self.arch_idle.as_secs().to_string(),
            "NOTTARIO_TRUSTED_PROXIES" => {
                let ranges: Vec<_> = self.trusted_proxies.iter().map(ToString::to_string).collect();
                if ranges.is_empty() { "nobody".to_owned() } else { ranges.join(", ") }
            }
            "NOTTARIO_MCP_TOOL_NAMES" => match self.mcp_tool_names {
                ToolNames::Underscore => "underscore".to_owned(),
                ToolNames::Dotted => "dotted".to_owned(),
            },
            "NOTIFICATIONS_ENABLED" => self.notifications_enabled.to_string(),
            "SELF_UPDATE_CHECK_ENABLED" => self.self_update_check_enabled.to_string(),
            "LOG_FORMAT" => match self.log_format {
                LogFormat::Text => "text".to_owned(),
                LogFormat::Json => "json".to_owned(),
            },
            "RUST_LOG" => self.log_filter.clone().unwrap_or_else(|| "info".to_owned()),
            "OTEL_EXPORTER_OTLP_ENDPOINT" => or_off(self.otel_endpoint.clone()),
            "NOTTARIO_METRICS_ADDR" => or_off(self.metrics_addr.map(listened_on)),
            _ => return None,
        };
        Some(value)
    }
}

fn masked(is_set: bool, otherwise: &str) -> String {
    if is_set { "set, not shown".to_owned() } else { otherwise.to_owned() }
}

fn or_off(value: Option<String>) -> String {
    value.unwrap_or_else(|| "off".to_owned())
}

fn listened_on(address: HttpAddr) -> String {
    match address {
        HttpAddr::AllInterfaces(port) => format!("every interface, port {port}"),
        HttpAddr::Loopback(port) => format!("this machine only, port {port}"),
        HttpAddr::Exact(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Config {
        Config::read(&|name| {
            let found = settings.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
        .unwrap()
    }

    #[test]
    fn every_setting_has_a_value_in_words() {
        let config = read(&[("NOTTARIO_DATA_DIR", "/var/lib/nottario")]);
        for setting in &SETTINGS {
            let value = config.value_of(setting.name).unwrap_or_else(|| panic!("{}", setting.name));
            assert!(!value.is_empty(), "{}", setting.name);
        }
        assert_eq!(config.value_of("DATABASE_URL").as_deref(), Some("embedded database"));
        assert_eq!(config.value_of("SOMETHING_ELSE"), None);
    }

    #[test]
    fn secrets_are_not_among_them() {
        let key = STANDARD.encode([7; 32]);
        let config = read(&[
            ("DATABASE_URL", "postgres://ana:marker-password@db/nottario"),
            ("DATABASE_URL_DIRECT", "postgres://ana:marker-direct@db/nottario"),
            ("NOTTARIO_DATA_DIR", "/var/lib/nottario"),
            ("PUBLIC_URL", "https://tasks.example.org"),
            ("GITHUB_OAUTH_CLIENT_ID", "Iv1.shown"),
            ("GITHUB_OAUTH_CLIENT_SECRET", "marker-client"),
            ("SESSION_KEY", &key),
        ]);
        let told = format!("{:?}", config.in_force());
        assert!(told.contains("Iv1.shown") && told.contains("https://tasks.example.org"), "{told}");
        assert!(!told.contains("marker") && !told.contains(&key), "{told}");
    }
}
