//! Pintle: a node of the release build on a PostgreSQL of its own, durable as it comes.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::json;

use crate::load::connection::Connection;
use crate::load::stream::{Target, content, publish_body_in, publish_request};
use crate::support::http::Caller;
use crate::support::node::{Node, PASSWORD, log_in};
use crate::support::postgres::Cluster;
use crate::support::{Place, Tested};

/// The entries that are read and written.
pub(crate) const ENTRIES: usize = 1_000;
/// Entries of one namespace.
const OF_NAMESPACE: usize = 10_000;
/// PostgreSQL as it comes, and with enough connections for 64 clients beside a node.
pub(crate) const DATABASE: [&str; 3] = ["max_connections=200", "shared_buffers=128MB", "max_wal_size=1GB"];

/// A node and its database.
#[derive(Debug)]
pub(crate) struct Pintle {
    // Dropped in this order.
    pub(crate) node: Node,
    pub(crate) cluster: Cluster,
    pub(crate) caller: Caller,
}

impl Pintle {
    /// A store with so many entries of 1 KiB in `dev`, and the node that serves it.
    pub(crate) async fn start(place: &Place, name: &str, entries: usize) -> Tested<Self> {
        let mut cluster = Cluster::start_new(place, &format!("{name}-pg")).await?;
        cluster.stop(nix::sys::signal::Signal::SIGINT).await?;
        cluster.start_with(&DATABASE).await?;
        let mut node = Node::new(place, name, &cluster.url())?;
        node.start().await?;
        let caller = log_in(&node.url(), PASSWORD).await?;
        caller.put_json("/api/v1/environments/dev", json!({})).await?.expect(200)?;
        let this = Self { node, cluster, caller };
        this.fill(entries).await?;
        Ok(this)
    }

    async fn fill(&self, entries: usize) -> Tested {
        let all: Vec<usize> = (0..entries.max(1)).collect();
        for (nth, keys) in all.chunks(ENTRIES).enumerate() {
            let namespace = namespace(nth * ENTRIES);
            let path = format!("/api/v1/environments/dev/namespaces/{namespace}");
            self.caller.put_json(&path, json!({})).await?.expect(200)?;
            let put = |key: &usize| json!({"env": "dev", "namespace": namespace, "key": format!("k{key}"), "op": "put", "format": "text", "content": content(0)});
            let changes: Vec<_> = keys.iter().map(put).collect();
            let body = json!({"message": "fill", "changes": changes});
            self.caller.post_json("/api/v1/publish", &body).await?.expect(200)?;
        }
        Ok(())
    }

    pub(crate) fn pid(&self) -> Tested<i32> {
        self.node.process()?.pid()
    }

    /// The processes that a publish keeps busy.
    pub(crate) fn pids(&self) -> Tested<Vec<i32>> {
        Ok(vec![self.pid()?, self.cluster.pid()?])
    }

    pub(crate) fn target(&self) -> Target {
        Target::Pintle { port: self.node.port(), token: self.caller.token.clone() }
    }

    /// A connection that reads entries with a token.
    pub(crate) async fn reader(&self, mut key: impl FnMut() -> usize + Send + 'static) -> Tested<Connection> {
        let token = format!("Bearer {}", self.caller.token);
        Connection::http1(self.node.port(), move || {
            let key = key();
            let path = format!("/api/v1/environments/dev/namespaces/{}/entries/k{key}?raw", namespace(key));
            let request = Request::get(path).header("host", "pintle").header("authorization", &token);
            Ok(request.body(Full::new(Bytes::new()))?)
        })
        .await
    }

    /// A connection that publishes entries with a token, each a content of its own.
    pub(crate) async fn writer(
        &self,
        mut next: impl FnMut() -> (usize, String) + Send + 'static,
    ) -> Tested<Connection> {
        let token = self.caller.token.clone();
        Connection::http1(self.node.port(), move || {
            let (key, content) = next();
            publish_request(&token, publish_body_in(&namespace(key), &format!("k{key}"), &content))
        })
        .await
    }
}

/// Where the entry of a number is.
fn namespace(key: usize) -> String {
    match key / OF_NAMESPACE {
        0 => "app".to_owned(),
        nth => format!("app{nth}"),
    }
}
