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

/// A body without an end, which tells when nobody wants more of it.
struct Endless(Option<tokio::sync::oneshot::Sender<()>>);

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

#[tokio::test]
async fn a_tls_connection_whose_client_does_not_read_is_cut_from_outside() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(&files.cert, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();

    let (told, mut ended) = tokio::sync::oneshot::channel();
    let (given, taken) = tokio::sync::oneshot::channel();
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
    let bounds = Bounds { connections: 10, head: Duration::from_secs(10) };
    let door = Door::new(Some(Certificate::load(files).unwrap().config().unwrap()), bounds, String::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::task::spawn(serve(listener, router, Arc::new(door), stop.clone()));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");

    // From here on nothing is read. The stream waits for its reader, until it is cut.
    let connection = taken.await.unwrap();
    assert!((connection.tls, connection.open, connection.crowded) == (true, false, false));
    assert!(ended.try_recv().is_err());
    connection.cut();
    tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap().unwrap();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), serving).await.unwrap().unwrap();
    drop(stream);
}
