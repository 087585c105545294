//! A TCP proxy in front of PostgreSQL that freezes, or cuts a connection at a chosen moment of a chosen request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Tested;

/// When to cut the connection that carries a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before any of it went on.
    Before,
    /// In the middle of it.
    Within,
    /// After all of it went on; the answer is never passed back, and the connection ends once there is one.
    AfterAnswer,
    /// After all of it went on, at once.
    AfterRequest,
    /// Never: the answer and everything after it on this connection just does not come.
    Silence,
}

/// Cuts one request that carries a text.
#[derive(Debug, Clone)]
struct Trap {
    needle: Vec<u8>,
    moment: Moment,
}

#[derive(Debug, Default)]
struct Shared {
    trap: Mutex<Option<Trap>>,
}

/// The proxy; dropping it ends all its connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    frozen: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn start(upstream: u16) -> Tested<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let upstream = SocketAddr::from(([127, 0, 0, 1], upstream));
        let (shared, frozen) = (Arc::new(Shared::default()), watch::Sender::new(false));
        let mut tasks = JoinSet::new();
        let (seen, ice) = (Arc::clone(&shared), frozen.subscribe());
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (shared, ice) = (Arc::clone(&seen), ice.clone());
                connections.spawn(async move {
                    if let Ok(server) = TcpStream::connect(upstream).await {
                        carry(client, server, &shared, ice).await;
                    }
                });
            }
        });
        Ok(Self { port, shared, frozen, _tasks: tasks })
    }

    /// Passes nothing on any more, in either direction, or again.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// Cuts the next request that carries this text, once.
    pub(crate) fn trap(&self, needle: &str, moment: Moment) {
        let trap = Trap { needle: needle.as_bytes().to_vec(), moment };
        *self.shared.trap.lock().unwrap_or_else(PoisonError::into_inner) = Some(trap);
    }

    /// Whether the trap has caught its request.
    pub(crate) fn sprung(&self) -> bool {
        self.shared.trap.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl Shared {
    fn caught(&self, bytes: &[u8]) -> Option<Moment> {
        let mut trap = self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        let caught = trap.as_ref().is_some_and(|trap| bytes.windows(trap.needle.len()).any(|seen| seen == trap.needle));
        if caught { trap.take().map(|trap| trap.moment) } else { None }
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, shared: &Shared, mut ice: watch::Receiver<bool>) {
    let (mut out, mut back) = (vec![0; 256 * 1024], vec![0; 256 * 1024]);
    loop {
        if ice.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        tokio::select! {
            _ = ice.changed() => {}
            read = client.read(&mut out) => {
                let Some(bytes) = read.ok().filter(|size| *size > 0).and_then(|size| out.get(..size)) else { return };
                match shared.caught(bytes) {
                    None => if server.write_all(bytes).await.is_err() { return },
                    Some(Moment::Before) => return,
                    Some(Moment::Within) => {
                        let _ = server.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default()).await;
                        return;
                    }
                    Some(Moment::AfterRequest) => {
                        let _ = server.write_all(bytes).await;
                        return;
                    }
                    Some(Moment::AfterAnswer) => {
                        let _ = server.write_all(bytes).await;
                        let _ = server.read(&mut back).await;
                        return;
                    }
                    Some(Moment::Silence) => {
                        let _ = server.write_all(bytes).await;
                        std::future::pending::<()>().await;
                    }
                }
            }
            read = server.read(&mut back) => {
                let Some(bytes) = read.ok().filter(|size| *size > 0).and_then(|size| back.get(..size)) else { return };
                if client.write_all(bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}
