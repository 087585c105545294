//! A TCP proxy that freezes, cuts a connection at a chosen moment of a chosen request, or harms one of its connections.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::{Dice, Tested};

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

/// What is done to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// Both sides end now.
    Cut,
    /// Half of what comes next from the server goes on, then both sides end.
    CutWithin,
    /// Nothing goes on for a while.
    Delay(Duration),
    /// The client hears that nothing more will come, while the server may still send.
    EndToClient,
    /// The server hears that nothing more will come, while the client may still send.
    EndToServer,
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
    /// One sender for each connection, those that ended included until they are next looked at.
    connections: Mutex<Vec<mpsc::UnboundedSender<Harm>>>,
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
                let harms = shared.enlist();
                connections.spawn(async move {
                    if let Ok(server) = TcpStream::connect(upstream).await {
                        carry(client, server, &shared, ice, harms).await;
                    }
                });
                while connections.try_join_next().is_some() {}
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

    /// Harms one of the connections, and says whether there was one.
    pub(crate) fn harm(&self, harm: Harm, dice: &mut Dice) -> bool {
        let mut all = self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|connection| !connection.is_closed());
        let at = usize::try_from(dice.below(all.len() as u64)).unwrap_or(0);
        all.get(at).is_some_and(|connection| connection.send(harm).is_ok())
    }

    /// Whether the trap has caught its request.
    pub(crate) fn sprung(&self) -> bool {
        self.shared.trap.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }
}

impl Shared {
    fn enlist(&self) -> mpsc::UnboundedReceiver<Harm> {
        let (sender, harms) = mpsc::unbounded_channel();
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        harms
    }

    fn caught(&self, bytes: &[u8]) -> Option<Moment> {
        let mut trap = self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        let caught = trap.as_ref().is_some_and(|trap| bytes.windows(trap.needle.len()).any(|seen| seen == trap.needle));
        if caught { trap.take().map(|trap| trap.moment) } else { None }
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    shared: &Shared,
    mut ice: watch::Receiver<bool>,
    mut harms: mpsc::UnboundedReceiver<Harm>,
) {
    let (mut out, mut back) = (vec![0; 256 * 1024], vec![0; 256 * 1024]);
    // Of the two directions, which were said to have ended; and whether the next bytes back are the last ones.
    let (mut out_ended, mut back_ended, mut within) = (false, false, false);
    loop {
        if ice.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        tokio::select! {
            _ = ice.changed() => {}
            Some(harm) = harms.recv() => match harm {
                Harm::Cut => return,
                Harm::CutWithin => within = true,
                Harm::Delay(time) => tokio::time::sleep(time).await,
                Harm::EndToClient => {
                    let _ = client.shutdown().await;
                    back_ended = true;
                }
                Harm::EndToServer => {
                    let _ = server.shutdown().await;
                    out_ended = true;
                }
            },
            read = client.read(&mut out) => {
                let Some(bytes) = read.ok().filter(|size| *size > 0).and_then(|size| out.get(..size)) else { return };
                match shared.caught(bytes) {
                    None if out_ended => {}
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
                if within {
                    let _ = client.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default()).await;
                    return;
                }
                if back_ended {
                    continue;
                }
                if client.write_all(bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}
