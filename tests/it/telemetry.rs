//! What a node tells about itself: logs as JSON lines, traces over OTLP, settings from a file.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Node, PROGRAM, Tested};

/// The trace that the caller is in.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Takes one OTLP request after the other and hands their bodies on.
fn collector() -> Tested<(String, mpsc::Receiver<Vec<u8>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}", listener.local_addr()?);
    let (bodies, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(Some(body)) = take_request(stream) else { continue };
            if bodies.send(body).is_err() {
                return;
            }
        }
    });
    Ok((address, received))
}

fn take_request(mut stream: TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
    Ok(Some(body))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn a_request_is_a_span_in_the_callers_trace() -> Tested {
    let (endpoint, bodies) = collector()?;
    let node = Node::start_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)])?;
    let mut call = TcpStream::connect(node.address.trim_start_matches("http://"))?;
    let span = format!("traceparent: 00-{TRACE}-00f067aa0ba902b7-01");
    write!(call, "GET /readyz HTTP/1.1\r\nHost: pintle\r\n{span}\r\nConnection: close\r\n\r\n")?;
    call.read_to_end(&mut Vec::new())?;
    // What was not sent yet is sent when the node stops.
    node.stop()?;
    let trace = u128::from_str_radix(TRACE, 16)?.to_be_bytes();
    let mut seen = false;
    while let Ok(body) = bodies.recv_timeout(Duration::from_secs(5)) {
        seen |= contains(&body, &trace) && contains(&body, b"http.request");
        if seen {
            break;
        }
    }
    assert!(seen, "no span of the caller's trace arrived");
    Ok(())
}

#[test]
fn logs_are_one_json_object_a_line_with_the_request_id() -> Tested {
    let node = Node::start_with(&[("PINTLE_LOG_FORMAT", "json"), ("PINTLE_LOG", "debug")])?;
    let mut call = TcpStream::connect(node.address.trim_start_matches("http://"))?;
    write!(call, "GET /readyz HTTP/1.1\r\nHost: pintle\r\nX-Request-Id: find-me\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    call.read_to_string(&mut answer)?;
    assert!(answer.contains("x-request-id: find-me"), "{answer}");
    let log = node.stop()?;
    let lines: Vec<Value> = log.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let answered = lines.iter().find(|line| line["message"] == "answered").ok_or("no request was logged")?;
    assert_eq!(answered["span"]["request_id"], "find-me", "{answered}");
    Ok(())
}

#[test]
fn a_settings_file_gives_defaults_and_knows_only_the_flags() -> Tested {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("settings.toml");
    let run = |text: &str, flags: &[&str]| -> Tested<String> {
        fs::write(&file, text)?;
        let mut command = Command::new(PROGRAM);
        command.arg("serve").args(flags).arg("--settings").arg(&file).env_remove("DATABASE_URL");
        Ok(String::from_utf8(command.output()?.stderr)?)
    };
    let unknown = run("listne = '127.0.0.1:1'", &[])?;
    assert!(unknown.contains("unknown setting listne"), "{unknown}");
    let open = "listen = '0.0.0.0:1'\ndatabase-url = 'postgres://a/b'";
    let refused = run(open, &[])?;
    assert!(refused.contains("0.0.0.0:1 can be reached by others"), "{refused}");
    let overridden = run(open, &["--listen", "0.0.0.0:2"])?;
    assert!(overridden.contains("0.0.0.0:2 can be reached by others"), "{overridden}");
    Ok(())
}
