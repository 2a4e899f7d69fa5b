//! What a demo remembers beside its database: the projects it has made, and its tokens.
//!
//! A project that is not in here is somebody's, and the demo does not touch it. The database keeps
//! only hashes of tokens, and the reader's agent shall go on working after a restart; so the secrets
//! are kept here, in a file that only its owner reads.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::ids::ProjectId;

/// The notebook, as it was read or last written.
#[derive(Debug)]
pub(super) struct Notebook {
    path: PathBuf,
    projects: BTreeMap<ProjectId, Project>,
}

/// What is known of one project.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Project {
    /// Secrets by the names of the tokens.
    tokens: BTreeMap<String, String>,
}

impl Notebook {
    /// Reads the notebook of a data directory; where there is none it is empty.
    pub(super) fn read(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join("demo.json");
        let projects = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, projects })
    }

    /// Whether the demo has made this project.
    pub(super) fn knows(&self, project: ProjectId) -> bool {
        self.projects.contains_key(&project)
    }

    /// Notes a project that the demo is making.
    pub(super) fn note_project(&mut self, project: ProjectId) -> io::Result<()> {
        self.projects.entry(project).or_default();
        self.write()
    }

    /// Forgets a project that is gone.
    pub(super) fn forget(&mut self, project: ProjectId) {
        self.projects.remove(&project);
    }

    /// The secret of a token, if it is known.
    pub(super) fn secret(&self, project: ProjectId, token: &str) -> Option<&str> {
        Some(self.projects.get(&project)?.tokens.get(token)?.as_str())
    }

    /// Notes a token's secret; [`write`](Self::write) keeps it.
    pub(super) fn note_secret(&mut self, project: ProjectId, token: &str, secret: &str) {
        let project = self.projects.entry(project).or_default();
        project.tokens.insert(token.to_owned(), secret.to_owned());
    }

    /// Keeps the notebook: written aside and renamed, so that it is never half there.
    pub(super) fn write(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let draft = self.path.with_extension(format!("json.{}", std::process::id()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&serde_json::to_vec_pretty(&self.projects)?)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)
    }
}
