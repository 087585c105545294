//! etcd: one member, on its own folder, durable as it comes.

use std::process::Command;

use bytes::Bytes;
use http_body_util::Full;
use tokio::task::JoinSet;

use super::program;
use crate::load::connection::Connection;
use crate::load::etcd::{PutRequest, RangeRequest, RangeResponse, framed, next_message, request};
use crate::load::stream::content;
use crate::support::node::Process;
use crate::support::postgres::free_port;
use crate::support::{BOUND, Place, Tested, ensure, eventually};

/// Never reached here, and more than its default of 2 GiB so that no quota is met.
const QUOTA: u64 = 8 * 1024 * 1024 * 1024;

/// How many writers fill a store.
const FILLING: usize = 32;

#[derive(Debug)]
pub(crate) struct Etcd {
    name: String,
    process: Process,
    pub(crate) port: u16,
    peers: u16,
}

impl Etcd {
    pub(crate) async fn start(place: &Place, name: &str) -> Tested<Self> {
        let (port, peers) = (free_port()?, free_port()?);
        let this = Self { name: name.to_owned(), process: launch(place, name, port, peers)?, port, peers };
        this.ready().await?;
        Ok(this)
    }

    /// Kills it, as `kill -9` does.
    pub(crate) fn kill(&mut self) -> Tested {
        self.process.kill()
    }

    /// Starts it again on what it has.
    pub(crate) async fn start_again(&mut self, place: &Place) -> Tested {
        self.process = launch(place, &self.name, self.port, self.peers)?;
        self.ready().await
    }

    pub(crate) fn pid(&self) -> Tested<i32> {
        self.process.pid()
    }

    async fn ready(&self) -> Tested {
        eventually("etcd answers", BOUND, async || {
            let mut connection = self.reader(|| "nothing".to_owned()).await?;
            connection.call().await.map(Some)
        })
        .await
    }

    /// A connection that reads keys from this member's own memory, as reads of Pintle are.
    pub(crate) async fn reader(&self, mut key: impl FnMut() -> String + Send + 'static) -> Tested<Connection> {
        let port = self.port;
        Connection::grpc(port, move || {
            let range = RangeRequest { key: key().into(), serializable: true };
            request(port, "KV/Range", Full::new(framed(&range)?))
        })
        .await
    }

    /// A connection that puts keys, each with a content of its own.
    pub(crate) async fn writer(
        &self,
        mut next: impl FnMut() -> (String, String) + Send + 'static,
    ) -> Tested<Connection> {
        let port = self.port;
        Connection::grpc(port, move || {
            let (key, value) = next();
            let put = PutRequest { key: key.into(), value: value.into() };
            request(port, "KV/Put", Full::new(framed(&put)?))
        })
        .await
    }

    /// Puts `k0` and so on, by several writers.
    pub(crate) async fn fill(&self, keys: usize) -> Tested {
        let mut all = JoinSet::new();
        for first in 0..FILLING {
            let mut key = first;
            let put = move || {
                let this = key;
                key += FILLING;
                (format!("k{this}"), content(0))
            };
            let mut writer = self.writer(put).await?;
            all.spawn(async move {
                for _ in (first..keys).step_by(FILLING) {
                    writer.call().await?;
                }
                Tested::Ok(())
            });
        }
        while let Some(done) = all.join_next().await {
            done??;
        }
        Ok(())
    }

    /// Fails unless a key has this value.
    pub(crate) async fn expect(&self, key: &'static str, value: &str) -> Tested {
        let answer = self.reader(move || key.to_owned()).await?.answer().await?;
        let range: RangeResponse = next_message(&mut answer.into())?.ok_or("no answer")?;
        let found = range.kvs.first().map(|found| found.value.clone());
        ensure(found == Some(Bytes::copy_from_slice(value.as_bytes())), || format!("{key} is {found:?}"))
    }
}

fn launch(place: &Place, name: &str, port: u16, peers: u16) -> Tested<Process> {
    let (clients, peers) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peers}"));
    let mut command = Command::new(program("etcd")?);
    command.arg("--data-dir").arg(place.join(name)).args(["--name", name, "--log-level", "error"]);
    command.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
    command.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
    command.args(["--initial-cluster", &format!("{name}={peers}"), "--quota-backend-bytes", &QUOTA.to_string()]);
    Process::spawn(command, place.join(&format!("{name}.out")))
}
