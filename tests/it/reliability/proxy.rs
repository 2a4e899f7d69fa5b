//! A way to the database on which the n-th statement from now on goes wrong.
//!
//! It speaks just enough of PostgreSQL's protocol to see where a statement begins. Refused, a
//! statement reaches the server as one that fails there; cut off, it takes its connection along.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};

use crate::cluster::TestDatabase;
use crate::world::PATIENCE;

/// How a statement goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The server answers it with an error.
    Refused,
    /// The connection ends before it has got to the server.
    CutOff,
}

/// The proxy; its folder is gone with it.
pub(super) struct Proxy {
    options: PgConnectOptions,
    fuse: Arc<Fuse>,
    _folder: TempDir,
}

/// How many statements are still let through before the one that goes wrong.
struct Fuse(Mutex<Option<(u32, Fault)>>);

impl Fuse {
    fn set(&self, charge: Option<(u32, Fault)>) -> Option<(u32, Fault)> {
        std::mem::replace(&mut *self.0.lock().unwrap(), charge)
    }

    /// Counts one statement; how it goes wrong, if it does.
    fn burn(&self) -> Option<Fault> {
        let mut charge = self.0.lock().unwrap();
        let (left, fault) = (*charge)?;
        *charge = (left > 1).then_some((left - 1, fault));
        (left == 1).then_some(fault)
    }
}

impl Proxy {
    pub(super) fn start(database: &TestDatabase) -> Proxy {
        let real = &database.connect_options;
        let name = format!(".s.PGSQL.{}", real.get_port());
        let server = real.get_socket().unwrap().join(&name);
        let folder = tempfile::Builder::new().prefix("nottario-").tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(&name)).unwrap();
        let fuse = Arc::new(Fuse(Mutex::new(None)));
        tokio::spawn(accept(listener, server, Arc::clone(&fuse)));
        Proxy { options: real.clone().socket(folder.path()), fuse, _folder: folder }
    }

    /// A pool whose every connection leads through here.
    pub(super) fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(PATIENCE)
            .connect_lazy_with(self.options.clone())
    }

    /// Lets the n-th statement from now on go wrong, counted from one; only that one.
    pub(super) fn arm(&self, nth: u32, fault: Fault) {
        self.fuse.set(Some((nth, fault)));
    }

    /// Lets everything through again; answers whether a statement went wrong.
    pub(super) fn disarm(&self) -> bool {
        self.fuse.set(None).is_none()
    }
}

async fn accept(listener: UnixListener, server: PathBuf, fuse: Arc<Fuse>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = UnixStream::connect(&server).await.unwrap();
        let (mut answers, requests) = server.into_split();
        let (asks, mut hears) = client.into_split();
        let fuse = Arc::clone(&fuse);
        tokio::spawn(async move {
            // Whichever side ends first takes the other along.
            tokio::select! {
                _ = copy(&mut answers, &mut hears) => {}
                _ = pass(asks, requests, &fuse) => {}
            }
        });
    }
}

/// Passes messages on to the server, until the one that cuts the connection off.
async fn pass(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    fuse: &Fuse,
) -> std::io::Result<()> {
    // The first message has no kind: it is the length and the parameters of the connection.
    let length = client.read_u32().await?;
    let mut parameters = vec![0; length as usize - 4];
    client.read_exact(&mut parameters).await?;
    server.write_all(&[&length.to_be_bytes()[..], &parameters].concat()).await?;
    loop {
        let kind = client.read_u8().await?;
        let length = client.read_u32().await?;
        let mut message = vec![0; length as usize - 4];
        client.read_exact(&mut message).await?;
        if begins_a_statement(kind, &message) {
            match fuse.burn() {
                None => {}
                Some(Fault::CutOff) => return Ok(()),
                Some(Fault::Refused) => message = failing(kind),
            }
        }
        let length = u32::try_from(message.len() + 4).unwrap();
        server.write_all(&[&[kind], &length.to_be_bytes()[..], &message].concat()).await?;
    }
}

const QUERY: u8 = b'Q';
const EXECUTE: u8 = b'E';

fn begins_a_statement(kind: u8, message: &[u8]) -> bool {
    // A rollback is what follows a failure, and cannot fail itself.
    kind == EXECUTE || (kind == QUERY && !message.starts_with(b"ROLLBACK"))
}

/// A message of the same kind that the server answers with an error.
fn failing(kind: u8) -> Vec<u8> {
    match kind {
        QUERY => b"select 1 / 0\0".to_vec(),
        _ => b"no-such-portal\0\0\0\0\0".to_vec(),
    }
}
