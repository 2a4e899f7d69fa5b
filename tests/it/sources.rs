//! The text of the crate's own files, for the tests that hold rules of the house.

use std::fs;
use std::path::Path;

/// A file with its path in the repository.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// `src/tasks/claim.rs`.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) text: String,
}

impl Source {
    /// A file that exists only in a test.
    pub(crate) fn planted(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The first part of the path below `src` or `sql`: a module, or a domain's statements.
    pub(crate) fn top(&self) -> &str {
        let below = self.path.split('/').nth(1).unwrap_or_default();
        below.strip_suffix(".rs").unwrap_or(below)
    }
}

/// Every file below a folder of the repository whose name has this ending.
pub(crate) fn below(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(folder), ending, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(found.len() > 10, "{folder} has only {} files", found.len());
    found
}

fn collect(root: &Path, folder: &Path, ending: &str, found: &mut Vec<Source>) {
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            collect(root, &path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            let text = fs::read_to_string(root.join(&path)).unwrap();
            found.push(Source { path: path.to_string_lossy().into_owned(), text });
        }
    }
}
