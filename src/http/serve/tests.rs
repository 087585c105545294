//! The accept loop and its connections, over real sockets.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::task::Context;

use axum::body::Bytes;
use axum::routing::get;
use axum::{Extension, Router};
use http_body::Frame;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
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
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 * 1024])))))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.take().map(|told| told.send(()));
    }
}

/// When answers begin here.
const BEGAN: OffsetDateTime = datetime!(2026-11-02 03:04:05 UTC);

/// A node that gives an endless answer, the connection of its first caller, and when nobody wants more of it.
struct Serving {
    address: SocketAddr,
    connection: oneshot::Receiver<Connection>,
    ended: oneshot::Receiver<()>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// `lasts`: whether the answer leaves hyper.
async fn serve_endlessly(lasts: bool, tls: Option<Arc<rustls::ServerConfig>>, write: Duration) -> Serving {
    let (told, ended) = oneshot::channel();
    let (given, connection) = oneshot::channel();
    let once = Arc::new(Mutex::new(Some((told, given))));
    let router = Router::new().route(
        "/",
        get(async move |Extension(connection): Extension<Connection>| {
            let (told, given) = once.lock().unwrap().take().unwrap();
            connection.bound_send_buffer();
            given.send(connection).unwrap();
            let body = Body::new(Endless(Some(told)));
            if lasts { lasting(body, BEGAN) } else { Response::new(body) }
        }),
    );
    let (address, stop, task) = listen(router, tls, write).await;
    Serving { address, connection, ended, stop, task }
}

async fn listen(
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    write: Duration,
) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let bounds = Bounds { connections: 10, head: BOUND, write };
    let door = Door::new(tls, bounds, String::new(), Gauge::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    #[expect(clippy::disallowed_methods, reason = "the lifecycle stands above this module")]
    let task = tokio::spawn(serve(listener, router.into(), Arc::new(door), stop.clone()));
    (address, stop, task)
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
    let served = Certificate::load(files).unwrap().config().unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    for lasts in [false, true] {
        let mut serving = serve_endlessly(lasts, Some(Arc::clone(&served)), 10 * BOUND).await;
        let stream = TcpStream::connect(serving.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        ask(&mut stream).await;

        let connection = (&mut serving.connection).await.unwrap();
        assert!((connection.tls, connection.open, connection.crowded) == (true, false, false));
        assert!(serving.ended.try_recv().is_err());
        connection.cut();
        serving.ends().await;
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_ends_by_itself() {
    for lasts in [false, true] {
        let serving = serve_endlessly(lasts, None, Duration::from_millis(200)).await;
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        ask(&mut stream).await;
        serving.ends().await;
    }
}

/// A body that gives what it is sent.
struct Sent(mpsc::UnboundedReceiver<&'static str>);

impl http_body::Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|given| given.map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
    }
}

/// Bytes of an answer that no socket takes at once.
const LARGE: usize = 16 * 1024 * 1024;

/// A node that gives what it is sent at `/`, and a large answer that does not last at `/large`.
async fn serve_what_is_sent() -> (mpsc::UnboundedSender<&'static str>, SocketAddr, CancellationToken, JoinHandle<()>) {
    let (given, taken) = mpsc::unbounded_channel();
    let once = Arc::new(Mutex::new(Some(taken)));
    let last = async move || lasting(Body::new(Sent(once.lock().unwrap().take().unwrap())), BEGAN);
    let large = async || Bytes::from(vec![b'x'; LARGE]);
    let router = Router::new().route("/", get(last)).route("/large", get(large));
    let (address, stop, task) = listen(router, None, BOUND).await;
    (given, address, stop, task)
}

/// Reads up to what a text ends with, and no further.
async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.push(tokio::time::timeout(BOUND, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn an_answer_that_lasts_comes_in_chunks_and_ends_with_its_connection() {
    let (given, address, stop, task) = serve_what_is_sent().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let head = read_to(&mut stream, "\r\n\r\n").await;
    assert_eq!(
        head,
        "HTTP/1.1 200 OK\r\ndate: Mon, 02 Nov 2026 03:04:05 GMT\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    // An empty one would be the last, and what its client says has no meaning any more.
    stream.write_all(&[b'z'; 1000]).await.unwrap();
    for (text, chunk) in [("what is said first", "12\r\nwhat is said first\r\n"), ("", ""), ("then", "4\r\nthen\r\n")] {
        given.send(text).unwrap();
        assert_eq!(read_to(&mut stream, chunk).await, chunk);
    }
    // A node that stops waits for it.
    stop.cancel();
    given.send("bye").unwrap();
    drop(given);
    assert_eq!(read_to(&mut stream, "0\r\n\r\n").await, "3\r\nbye\r\n0\r\n\r\n");
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    tokio::time::timeout(BOUND, task).await.unwrap().unwrap();
}

#[tokio::test]
async fn an_answer_that_lasts_ends_when_its_client_goes() {
    let (given, address, _stop, _task) = serve_what_is_sent().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    read_to(&mut stream, "\r\n\r\n").await;
    drop(stream);
    tokio::time::timeout(BOUND, given.closed()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_lasts_loses_nothing_of_one_before_it_that_is_still_being_sent() {
    let (given, address, _stop, _task) = serve_what_is_sent().await;
    given.send("then").unwrap();
    drop(given);
    let mut stream = TcpStream::connect(address).await.unwrap();
    let both = b"GET /large HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(both).await.unwrap();
    read_to(&mut stream, "\r\n\r\n").await;
    let mut rest = Vec::new();
    tokio::time::timeout(BOUND, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    let then = String::from_utf8_lossy(&rest[LARGE..]);
    assert!(then.starts_with("HTTP/1.1 200 OK\r\n") && then.ends_with("\r\n\r\n4\r\nthen\r\n0\r\n\r\n"), "{then}");
}

#[tokio::test]
async fn who_wants_no_chunks_gets_none() {
    for (request, end) in [("HEAD / HTTP/1.1", "\r\n\r\n"), ("GET / HTTP/1.0", "\r\n\r\nthen")] {
        let (given, address, _stop, _task) = serve_what_is_sent().await;
        given.send("then").unwrap();
        drop(given);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{request}\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut all = String::new();
        tokio::time::timeout(BOUND, stream.read_to_string(&mut all)).await.unwrap().unwrap();
        assert!(all.ends_with(end) && !all.ends_with("0\r\n\r\n"), "{request}: {all}");
    }
}
