//! TLS: what a node serves with, when that changes, and whom a client believes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use pintle::cli::node;
use pintle::client::ClientError;
use pintle::runtime::lifecycle::Lifecycle;
use pintle::store::StoreSettings;
use reqwest::Version;
use serde_json::json;
use time::Duration;
use tokio::net::TcpStream;

use super::authority::Authority;
use super::{PROMPT, begin, rest, until};
use crate::harness::actors::entry;
use crate::harness::{App, Running};
use crate::program::{self, Tested};

async fn serving(app: &App, authority: &Authority, more: &[&str]) -> Running {
    let flags = authority.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Running::start(&app.database, &flags).await
}

#[tokio::test]
async fn https_is_read_and_watched_over_both_versions_of_http() {
    let (app, authority) = (App::start().await, Authority::of_this_machine("ours"));
    let node = serving(&app, &authority, &[]).await;
    let url = node.node.url();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    app.admin().create("dev/orders").await;
    node.refresh().await;
    app.admin().write("dev/orders/a", "one").await.expect(200);
    node.refresh().await;
    for (number, (http, version)) in
        [(authority.http(), Version::HTTP_2), (authority.http().http1_only(), Version::HTTP_11)].into_iter().enumerate()
    {
        let caller = app.admin().over(&url, http.build().unwrap());
        let path = format!("{url}{}?raw", entry("dev/orders/a"));
        let read = caller.http().get(path).bearer_auth(&caller.token).send().await.unwrap();
        assert_eq!((read.status().as_u16(), read.version()), (200, version));
        assert_eq!(read.headers()["strict-transport-security"], "max-age=31536000");
        let mut stream = caller.watch("env=dev&namespace=orders").await;
        stream.expect("snapshot").await;
        app.admin().write("dev/orders/b", format!("{number}")).await.expect(200);
        assert_eq!(stream.change().await.keys(), ["orders/b"]);
    }
    assert!(app.admin().get("/readyz").await.expect(200).header("strict-transport-security").is_empty());
    node.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn a_renewed_certificate_serves_new_connections_while_a_stream_goes_on() {
    let (app, old, new) = (App::start().await, Authority::of_this_machine("old"), Authority::new("new"));
    let node = serving(&app, &old, &[]).await;
    let url = node.node.url();
    app.admin().create("dev/orders").await;
    node.refresh().await;
    let mut stream = old.actor(app.admin(), &url).watch("env=dev&namespace=orders").await;
    stream.expect("snapshot").await;
    let ends = async || {
        let metrics = app.admin().over(&url, both(&old, &new)).get("/metrics").await.expect(200).text();
        let line = metrics.lines().find(|line| line.starts_with("pintle_tls_certificate_expiry_seconds{"));
        let (_, seconds) = line.unwrap().rsplit_once(' ').unwrap();
        time::OffsetDateTime::from_unix_timestamp(seconds.parse().unwrap()).unwrap() - time::OffsetDateTime::now_utc()
    };
    assert!((Duration::days(89)..Duration::days(91)).contains(&ends().await));

    new.certify(&old, &["127.0.0.1"], Duration::days(30));
    let reaches = async |authority: &Authority| {
        app.admin().over(&url, authority.http().build().unwrap()).attempt(reqwest::Method::GET, "/readyz", |r| r).await
    };
    until("the new certificate", async || reaches(&new).await.is_ok()).await;
    assert!(reaches(&old).await.unwrap_err().is_connect(), "the old one is not given out any more");
    assert!((Duration::days(29)..Duration::days(31)).contains(&ends().await));
    app.admin().write("dev/orders/a", "1").await.expect(200);
    assert_eq!(stream.change().await.keys(), ["orders/a"]);
    node.finish().await;
    app.finish().await;
}

fn both(one: &Authority, other: &Authority) -> reqwest::Client {
    let read = |authority: &Authority| reqwest::Certificate::from_pem(&fs::read(authority.ca()).unwrap()).unwrap();
    one.http().tls_certs_only([read(one), read(other)]).build().unwrap()
}

#[tokio::test]
async fn a_broken_pair_keeps_the_old_certificate_and_is_told_once() {
    let (app, authority) = (App::start().await, Authority::of_this_machine("ours"));
    let node = serving(&app, &authority, &[]).await;
    let caller = || authority.actor(app.admin(), &node.node.url());
    let good = fs::read(authority.cert()).unwrap();
    let foreign = Authority::of_this_machine("foreign");
    for (cert, named) in [
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(), "cert.pem"),
        (fs::read(foreign.cert()).unwrap(), "is not the key of the certificate"),
    ] {
        fs::write(authority.cert(), cert).unwrap();
        let mut told = Vec::new();
        until("the error", async || {
            told.extend(app.take_errors());
            !told.is_empty()
        })
        .await;
        assert!(told[0].contains(named) && told[0].contains("the old one stays"), "{told:?}");
        caller().get("/readyz").await.expect(200);
        assert_eq!(told.len(), 1, "{told:?}");
    }
    fs::write(authority.cert(), good).unwrap();
    fs::remove_file(authority.key()).unwrap();
    let mut told = Vec::new();
    until("the missing key", async || {
        told.extend(app.take_errors());
        !told.is_empty()
    })
    .await;
    assert!(told[0].contains("cannot read") && told[0].contains("key.pem"), "{told:?}");
    caller().get("/readyz").await.expect(200);
    node.finish().await;
    app.finish().await;
}

#[tokio::test]
async fn a_certificate_of_another_name_an_ended_one_and_a_foreign_authority_are_refused_by_the_client() {
    let (app, authority, foreign) = (App::start().await, Authority::new("ours"), Authority::new("foreign"));
    for (issuer, names, ends, problem) in [
        (&authority, &["127.0.0.1"][..], Duration::days(1), ""),
        (&authority, &["pintle.example.com", "127.0.0.2"], Duration::days(1), "not valid for name"),
        (&authority, &["127.0.0.1"], -Duration::hours(1), "expired"),
        (&foreign, &["127.0.0.1"], Duration::days(1), "UnknownIssuer"),
    ] {
        issuer.certify(&authority, names, ends);
        let node = serving(&app, &authority, &[]).await;
        let called = authority.client(app.admin(), &node.node.url()).list_environments().await;
        match (called, problem) {
            (Ok(_), "") => {}
            (Err(ClientError::Unreachable { cause, .. }), problem) if !problem.is_empty() => {
                assert!(cause.contains(problem), "{problem}: {cause}");
            }
            (called, problem) => panic!("{problem:?}: {called:?}"),
        }
        node.finish().await;
    }
    app.finish().await;
}

#[tokio::test]
async fn a_node_does_not_start_with_half_a_certificate_or_a_wrong_one() {
    let (authority, foreign) = (Authority::of_this_machine("ours"), Authority::of_this_machine("foreign"));
    let (cert, key) = (authority.cert().display().to_string(), authority.key().display().to_string());
    let other = foreign.key().display().to_string();
    for (flags, problem) in [
        (vec!["--tls-cert", &cert], "--tls-cert needs --tls-key".to_owned()),
        (vec!["--tls-key", &key], "--tls-key needs --tls-cert".to_owned()),
        (vec!["--tls-cert", "/nowhere.pem", "--tls-key", &key], "cannot read /nowhere.pem".to_owned()),
        (vec!["--tls-cert", &key, "--tls-key", &key], format!("{key}: holds no PEM certificate")),
        (vec!["--tls-cert", &cert, "--tls-key", &cert], format!("{cert}: holds no PEM private key")),
        (vec!["--tls-cert", &cert, "--tls-key", &other], format!("{other} is not the key of the certificate {cert}")),
    ] {
        let at = StoreSettings { url: "postgres://nobody@localhost/none".to_owned(), listen_url: None, connections: 4 };
        let settings = crate::harness::app::settings(&flags);
        let error = node::start(&settings, &at, true, &Lifecycle::default()).await.unwrap_err();
        assert!(format!("{error:#}").contains(&problem), "{problem}: {error:#}");
    }
}

#[tokio::test]
async fn those_who_do_not_speak_tls_hold_nobody_up_and_are_let_go() {
    let (app, authority) = (App::start().await, Authority::of_this_machine("ours"));
    let node = serving(&app, &authority, &[]).await;
    let address = node.node.address;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut plain = begin(address, b"GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let begun = Instant::now();
    authority.actor(app.admin(), &node.node.url()).get("/readyz").await.expect(200);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(!rest(&mut plain).await.contains("HTTP/1.1"), "nothing is served in the clear");
    for stream in &mut silent {
        assert_eq!(rest(stream).await, "", "closed without a word, within {PROMPT:?}");
    }
    node.finish().await;
    app.finish().await;
}

#[test]
fn the_program_serves_https_and_its_commands_and_agent_believe_a_ca_file() -> Tested {
    let authority = Authority::of_this_machine("ours");
    let (cert, key, ca) = (authority.cert(), authority.key(), authority.ca());
    let [cert, key, ca] = [&cert, &key, &ca].map(|path| path.to_str().unwrap());
    let node = program::Node::start_with(&[("PINTLE_TLS_CERT", cert), ("PINTLE_TLS_KEY", key)])?;
    assert!(node.address.starts_with("https://"), "{}", node.address);
    let ann = node.actor()?;
    let login = ["login", "--user", "admin", "--password-stdin"];
    ann.run(&login, program::PASSWORD)?.ends_with(6).complains("UnknownIssuer");
    ann.run(&[&["--ca-file", key][..], &login].concat(), program::PASSWORD)?.ends_with(1).complains(key);
    let done = ann.run(&[&["--ca-file", ca][..], &login].concat(), program::PASSWORD)?.ends_with(0);
    assert!(!done.err.contains("not encrypted"), "{done:?}");
    let mut whoami = ann.command(&["whoami"]);
    whoami.env("PINTLE_CA_FILE", ca);
    program::ran(whoami, "")?.ends_with(0).says(&node.address);

    let with = |arguments: &[&str]| ann.run(&[&["--ca-file", ca], arguments].concat(), "hello");
    with(&["put", "dev/hello/motd"])?.ends_with(0);
    let token = with(&["token", "create", "agent"])?.ends_with(0).out;
    let home = ann.home.path();
    program::write(home, "token", &token)?;
    let settings = json!({
        "server": node.address, "token_file": home.join("token"), "state_dir": home.join("state"),
        "services": [{"name": "web", "environment": "dev", "namespaces": ["hello"],
            "files": [{"path": home.join("motd"), "key": "motd"}]}],
    });
    let agent = |settings: &serde_json::Value| -> Tested<program::Ran> {
        program::write(home, "agent.yaml", &settings.to_string())?;
        let file = home.join("agent.yaml");
        ann.run(&["agent", "-c", file.to_str().ok_or("no path")?, "--once", "--timeout", "5s"], "")
    };
    agent(&settings)?.complains("UnknownIssuer");
    let mut trusting = settings;
    trusting["ca_file"] = ca.into();
    agent(&trusting)?.ends_with(0);
    assert_eq!(fs::read_to_string(home.join("motd"))?, "hello");
    trusting["ca_file"] = "ca.pem".into();
    agent(&trusting)?.complains("ca_file: must be an absolute path");
    Ok(())
}

#[test]
fn a_key_that_others_can_read_and_a_certificate_that_ends_soon_are_told_at_the_start() -> Tested {
    let authority = Authority::new("ours");
    let log = |ends: Duration, mode: u32| -> Tested<String> {
        authority.certify(&authority, &["127.0.0.1"], ends);
        fs::set_permissions(authority.key(), fs::Permissions::from_mode(mode))?;
        let settings = format!(
            "tls-cert = {:?}\ntls-key = {:?}\nbehind-proxy = \"192.0.2.0/24, 2001:db8::/32\"\n",
            authority.cert(),
            authority.key()
        );
        program::write(authority.folder(), "pintle.toml", &settings)?;
        let settings = authority.folder().join("pintle.toml").display().to_string();
        program::Node::start_with(&[("PINTLE_SETTINGS", &settings)])?.stop()
    };
    let quiet = log(Duration::days(20), 0o640)?;
    assert!(quiet.contains("serving with a certificate") && quiet.contains("cert.pem"), "{quiet}");
    assert!(!quiet.contains("ends soon") && !quiet.contains("others can read"), "{quiet}");
    let loud = log(Duration::days(13), 0o644)?;
    assert!(loud.contains("the certificate ends soon") && loud.contains("others can read the private key"), "{loud}");
    assert!(log(-Duration::days(1), 0o600)?.contains("the certificate has ended"));
    Ok(())
}

#[test]
fn commands_warn_of_a_server_that_others_can_listen_to() -> Tested {
    let folder = tempfile::tempdir()?;
    let ann = program::Actor { home: folder, server: "http://192.0.2.1:1".to_owned() };
    // The address is one for documents: nobody is there.
    let ran = ann.run(&["--token", "x", "status"], "")?.ends_with(6);
    assert_eq!(ran.err.matches("http://192.0.2.1:1 is not encrypted").count(), 1, "{ran:?}");
    Ok(())
}
