//! Tells the program what it was built from, and the compiler when to look again.

use std::process::Command;
use std::time::SystemTime;

fn main() {
    // `sqlx::migrate!` embeds the folder; cargo would not notice a new file in it.
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=NOTTARIO_COMMIT");
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");

    println!("cargo::rustc-env=NOTTARIO_COMMIT={}", commit());
    println!("cargo::rustc-env=NOTTARIO_BUILT_AT={}", built_at());
}

/// The commit: given by the image build, or asked from git. A development build does not follow
/// it, because then every commit would compile everything again.
fn commit() -> String {
    if let Ok(commit) = std::env::var("NOTTARIO_COMMIT") {
        return commit;
    }
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return "development".to_owned();
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo::rerun-if-changed={log}");
    }
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

/// Seconds since 1970.
fn built_at() -> String {
    if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
        return epoch;
    }
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or_else(|_| "0".to_owned(), |since| since.as_secs().to_string())
}
