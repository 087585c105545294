//! The accept loop and its connections, over real sockets.

use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use axum::Extension;
use axum::body::Bytes;
use axum::routing::get;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use super::*;
use crate::http::serve::tls::{Certificate, Files};

#[test]
fn a_base_path_is_taken_off_where_it_stands_in_front() {
    for (base, uri, stripped) in [
        ("/pintle", "/pintle/api/v1/x?a=b", "/api/v1/x?a=b"),
        ("/pintle", "/pintle", "/"),
        ("/pintle", "/pintle/", "/"),
        ("/pintle", "/pintle?a", "/?a"),
        ("/pintle", "/api/v1/x", "/api/v1/x"),
        ("/pintle", "/pintles/api", "/pintles/api"),
        ("/pintle", "/pintle/pintle/api", "/pintle/api"),
        ("/pintle", "https://example.com/pintle/api?a", "https://example.com/api?a"),
        ("", "//api", "//api"),
    ] {
        let mut request = Request::builder().uri(uri).body(Body::empty()).unwrap();
        strip(&mut request, base);
        assert_eq!(request.uri().to_string(), stripped, "{base} {uri}");
    }
}

/// Nothing here takes longer on a machine that is not stuck.
const BOUND: Duration = Duration::from_secs(20);

/// A body without an end, which tells when nobody wants more of it.
struct Endless(Option<oneshot::Sender<()>>);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::convert::Infallible>>> {
        Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.take().map(|told| told.send(()));
    }
}

/// A node that gives an endless answer, the connection of its first caller, and when nobody wants more of it.
struct Serving {
    address: std::net::SocketAddr,
    connection: oneshot::Receiver<Connection>,
    ended: oneshot::Receiver<()>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn serve_endlessly(tls: Option<Arc<rustls::ServerConfig>>, write: Duration) -> Serving {
    let (told, ended) = oneshot::channel();
    let (given, connection) = oneshot::channel();
    let once = Arc::new(Mutex::new(Some((told, given))));
    let router = Router::new().route(
        "/",
        get(async move |Extension(connection): Extension<Connection>| {
            let (told, given) = once.lock().unwrap().take().unwrap();
            connection.bound_send_buffer();
            given.send(connection).unwrap();
            Body::new(Endless(Some(told)))
        }),
    );
    let bounds = Bounds { connections: 10, head: BOUND, write };
    let door = Door::new(tls, bounds, String::new(), Gauge::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    #[expect(clippy::disallowed_methods, reason = "the lifecycle stands above this module")]
    let task = tokio::spawn(serve(listener, router, Arc::new(door), stop.clone()));
    Serving { address, connection, ended, stop, task }
}

impl Serving {
    /// Asserts that the answer ends soon, and that nothing is left of its connection.
    async fn ends(self) {
        tokio::time::timeout(BOUND, self.ended).await.unwrap().unwrap();
        self.stop.cancel();
        tokio::time::timeout(BOUND, self.task).await.unwrap().unwrap();
    }
}

/// Asks, and reads no more than that there is an answer.
async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_tls_connection_whose_client_does_not_read_is_cut_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(&files.cert, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    let mut serving = serve_endlessly(Some(Certificate::load(files).unwrap().config().unwrap()), 10 * BOUND).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(serving.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    ask(&mut stream).await;

    let connection = (&mut serving.connection).await.unwrap();
    assert!((connection.tls, connection.open, connection.crowded) == (true, false, false));
    assert!(serving.ended.try_recv().is_err());
    connection.cut();
    serving.ends().await;
}

#[tokio::test]
async fn an_answer_that_is_not_read_ends_by_itself() {
    let serving = serve_endlessly(None, Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    ask(&mut stream).await;
    serving.ends().await;
}
