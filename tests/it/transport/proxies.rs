//! Proxies: what they may say, what others may not, and a base path that is taken off or not.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use pintle::cli::node;
use pintle::client::watch::{Event, Subscription, Watcher};
use pintle::client::{Client, Server, Token};
use pintle::domain::names::{EnvironmentName, NamespaceName};
use pintle::runtime::lifecycle::Lifecycle;
use pintle::store::StoreSettings;
use tempfile::TempDir;

use super::authority::Authority;
use super::until;
use crate::harness::{App, Running};
use crate::program::{self, Tested};

#[tokio::test]
async fn an_open_listener_wants_tls_a_proxy_or_an_explicit_word() {
    let authority = Authority::of_this_machine("ours");
    let flags = authority.flags();
    let tls: Vec<&str> = flags.iter().map(String::as_str).collect();
    // The database is not even looked for: an error names it, where the listener is good.
    let at = StoreSettings { url: "nonsense".to_owned(), listen_url: None, connections: 4 };
    for (listen, metrics) in [("0.0.0.0:0", None), ("[::]:0", None), ("127.0.0.1:0", Some("0.0.0.0:0"))] {
        let refused = async |flags: &[&str]| {
            let mut settings = crate::harness::app::settings(flags);
            settings.listen = listen.parse().unwrap();
            settings.metrics_listen = metrics.map(|metrics| metrics.parse().unwrap());
            let error = node::start(&settings, &at, true, &Lifecycle::default()).await.unwrap_err();
            format!("{error:#}")
        };
        let error = refused(&[]).await;
        for way in ["can be reached by others", "--tls-cert", "--behind-proxy", "--insecure"] {
            assert!(error.contains(way), "{way}: {error}");
        }
        for way in [&tls[..], &["--behind-proxy", "10.0.0.0/8"], &["--insecure"]] {
            let error = refused(way).await;
            assert!(!error.contains("can be reached by others"), "{way:?}: {error}");
        }
    }
    for (flags, problem) in [
        (["--behind-proxy", "10.0.0.1/8"], "10.0.0.0/8 is meant"),
        (["--behind-proxy", "0.0.0.0/0"], "is everybody"),
        (["--behind-proxy", "10.0.0.0/8,nonsense"], "must be a network"),
        (["--public-url", "example.com"], "--public-url"),
    ] {
        let error = node::start(&crate::harness::app::settings(&flags), &at, true, &Lifecycle::default()).await;
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains(problem), "{problem}: {error}");
    }
}

/// A node on all addresses, and its address on this machine.
async fn open_node(app: &App, networks: &str) -> (Running, String) {
    let node = Running::listening(&app.database, "0.0.0.0:0", &["--behind-proxy", networks]).await;
    let url = format!("http://127.0.0.1:{}", node.node.address.port());
    (node, url)
}

#[tokio::test]
async fn who_does_not_come_through_the_proxy_is_refused_whatever_is_claimed() {
    let app = App::start().await;
    let (node, url) = open_node(&app, "203.0.113.0/24,fd00::/8").await;
    let direct = app.admin().at(&url);
    for path in ["/api/v1/environments", "/metrics", "/api/openapi.json", "/", "/nowhere", "/healthz/x"] {
        direct.get(path).await.problem(403, "not_through_proxy");
    }
    for header in ["x-forwarded-for", "x-real-ip", "forwarded", "via"] {
        let claimed = direct.call(reqwest::Method::GET, "/api/v1/environments", |request| {
            request.header(header, "203.0.113.7").header("x-forwarded-proto", "https")
        });
        let answer = claimed.await.expect(403);
        assert!(answer.header("strict-transport-security").is_empty(), "nobody said that it was https");
    }
    for probe in ["/healthz", "/readyz"] {
        direct.get(probe).await.expect(200);
    }
    node.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn what_a_proxy_says_of_scheme_and_prefix_counts_and_nobody_elses_word() {
    let app = App::start().await;
    let (trusting, url) = open_node(&app, "127.0.0.1").await;
    let claims = |request: reqwest::RequestBuilder| {
        request.header("x-forwarded-proto", "https").header("x-forwarded-prefix", "/pintle/")
    };
    let ask = async |url: &str| app.anonymous().at(url).call(reqwest::Method::GET, "/", claims).await.expect(200);
    let believed = ask(&url).await;
    assert_eq!(believed.header("strict-transport-security"), "max-age=31536000");
    assert!(believed.text().contains(" /pintle/api/openapi.json"), "{}", believed.text());
    // The first node knows of no proxy.
    let ignored = ask(&app.admin().url).await;
    assert!(ignored.header("strict-transport-security").is_empty());
    assert!(!ignored.text().contains("/pintle/"), "{}", ignored.text());
    trusting.finish().await;
    app.finish().await;
}

#[test]
fn the_log_names_the_client_that_a_proxy_names_and_nobody_else() -> Tested {
    let variables = [("PINTLE_LOG", "pintle=debug"), ("PINTLE_LOG_FORMAT", "json")];
    let log_of = |networks: &str| -> Tested<String> {
        let node = program::Node::start_with(&[&variables[..], &[("PINTLE_BEHIND_PROXY", networks)]].concat())?;
        let mut call = std::net::TcpStream::connect(node.address.trim_start_matches("http://"))?;
        let claims = "X-Forwarded-For: 198.51.100.9, 203.0.113.7\r\nX-Request-Id: the-call\r\n";
        write!(call, "GET /healthz HTTP/1.1\r\nHost: x\r\n{claims}Connection: close\r\n\r\n")?;
        call.read_to_end(&mut Vec::new())?;
        let log = node.stop()?;
        let line = log.lines().find(|line| line.contains("the-call") && line.contains("answered"));
        Ok(line.ok_or("the call is not logged")?.to_owned())
    };
    let believed = log_of("127.0.0.1/32")?;
    assert!(believed.contains(r#""client":"203.0.113.7""#), "{believed}");
    let ignored = log_of("192.0.2.0/24")?;
    assert!(ignored.contains(r#""client":"127.0.0.1""#), "{ignored}");
    Ok(())
}

/// An nginx in front of a node.
struct Nginx {
    process: Child,
    _folder: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts nginx with TLS, which leads `/pintle/` to a node: without the path at the first port, and with it at the second.
fn nginx(authority: &Authority, node: SocketAddr, ports: [u16; 2]) -> Tested<Nginx> {
    let folder = tempfile::Builder::new().prefix("pintle-nginx-").tempdir()?;
    let dir = folder.path().display();
    let (cert, key) = (authority.cert(), authority.key());
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {dir}/{kind};"))
        .concat();
    let server = |port: u16, target: &str, prefix: &str| {
        format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};
               location /pintle/ {{ proxy_pass http://{node}{target}; proxy_http_version 1.1;
                 proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                 proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Prefix \"{prefix}\"; }} }}",
            cert.display(),
            key.display()
        )
    };
    let text = format!(
        "worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log; daemon off; master_process off;
         events {{}}
         http {{ {temporary} access_log off; {} {} }}",
        server(ports[0], "/", "/pintle"),
        server(ports[1], "", ""),
    );
    fs::write(folder.path().join("nginx.conf"), text)?;
    let config = folder.path().join("nginx.conf");
    let process = Command::new("nginx").arg("-c").arg(config).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(Nginx { process, _folder: folder })
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn a_server_under_a_path_works_whether_its_proxy_takes_the_path_off_or_not() {
    let (app, authority) = (App::start().await, Authority::of_this_machine("ours"));
    let ports = [free_port(), free_port()];
    let public = format!("https://127.0.0.1:{}/pintle", ports[0]);
    let node = Running::start(&app.database, &["--public-url", &public, "--behind-proxy", "127.0.0.1"]).await;
    assert_eq!(node.node.app.entrance.public_url.to_string(), public);
    let _nginx = nginx(&authority, node.node.address, ports).unwrap();
    let admin = app.admin();
    admin.create("dev/orders").await;
    // Too large for the event: the client follows its link.
    let large = "x".repeat(200 * 1024);
    admin.write("dev/orders/large", large.clone()).await.expect(200);
    node.refresh().await;
    for port in ports {
        let url = format!("https://127.0.0.1:{port}/pintle");
        let caller = authority.actor(admin, &url);
        until("nginx", async || caller.attempt(reqwest::Method::GET, "/readyz", |r| r).await.is_ok()).await;
        let answer = caller.get("/api/v1/environments/dev").await.expect(200);
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1);
        follows(authority.client(admin, &url), &large).await;
    }
    // Without a proxy the node answers under both paths as well.
    for base in ["", "/pintle"] {
        let url = format!("{}{base}", node.node.url());
        let client = Client::new(Server::parse(&url).unwrap(), Some(&Token::parse(&admin.token).unwrap())).unwrap();
        follows(client, &large).await;
    }
    node.finish().await;
    app.finish().await;
}

/// Watches until the content is there, which comes by a link.
async fn follows(client: Client, large: &str) {
    assert!(client.list_environments().await.unwrap().environments.iter().any(|environment| environment.name == "dev"));
    let environment = EnvironmentName::parse("dev").unwrap();
    let namespaces = vec![NamespaceName::parse("orders").unwrap()];
    let subscription = Subscription { environment, namespaces, instance: None, reveal: false };
    let mut watcher = Watcher::new(vec![client], subscription, None, BTreeMap::new()).unwrap();
    let snapshot = loop {
        let event = tokio::time::timeout(super::PROMPT, watcher.next()).await.unwrap().unwrap();
        assert!(!matches!(event, Event::Lost { .. } | Event::Reset(_)), "{event:?}");
        if let Event::Snapshot(snapshot) = event {
            break snapshot;
        }
    };
    let [entry] = &snapshot.entries[..] else { panic!("{snapshot:?}") };
    assert_eq!(entry.version.bytes, large.as_bytes());
}
