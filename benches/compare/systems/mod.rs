//! What is compared: Pintle, its peers, and the floors that nothing on this machine can be below.

pub(crate) mod etcd;
pub(crate) mod floor;
pub(crate) mod nginx;
pub(crate) mod pintle;
pub(crate) mod postgres;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{BOUND, Tested, eventually};
use tokio::net::TcpStream;

/// A program, wherever it is installed.
pub(crate) fn program(name: &str) -> Tested<PathBuf> {
    let folders = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".split(':').map(Path::new);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.exists());
    found.ok_or_else(|| format!("{name} is missing: run scripts/setup.sh bench").into())
}

/// The first line of what a program says of its version.
pub(crate) fn version(program: &Path, argument: &str) -> Tested<String> {
    let said = Command::new(program).arg(argument).output()?;
    let text = [said.stdout, said.stderr].concat();
    Ok(String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned())
}

/// Waits until something accepts connections.
pub(crate) async fn listening(port: u16) -> Tested {
    eventually("a server listens", BOUND, async || Ok(Some(TcpStream::connect(("127.0.0.1", port)).await?))).await?;
    Ok(())
}
