//! How callers reach a node: over TLS, through proxies, and within limits.

mod authority;
mod headers;
mod limits;
mod paths;
mod proxies;
mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// Nothing that a test waits for takes longer on a machine that is not stuck.
pub(crate) const PROMPT: Duration = Duration::from_secs(20);

/// Tries until it is so.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !so().await {
        assert!(begun.elapsed() < PROMPT, "{what} took too long");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Opens a connection and sends these bytes.
pub(crate) async fn begin(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Everything until the other end closes.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has ended, too.
    let _ = tokio::time::timeout(PROMPT, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is answered to these bytes, when the connection is closed after it.
pub(crate) async fn raw(address: SocketAddr, request: &str) -> String {
    rest(&mut begin(address, request.as_bytes()).await).await
}
