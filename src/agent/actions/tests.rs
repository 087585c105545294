//! Reloads and probes against real processes and listeners.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::reload::reload;
use super::*;

fn reloading(text: &str) -> ReloadSettings {
    serde_saphyr::from_str(text).unwrap()
}

fn probing(text: &str) -> ProbeSettings {
    serde_saphyr::from_str(text).unwrap()
}

/// Answers one call after the other with these statuses, and gives the first line of each.
async fn answering(listener: &TcpListener, statuses: &[u16]) -> Vec<String> {
    let mut lines = Vec::new();
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..read]).into_owned();
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody");
        stream.write_all(answer.as_bytes()).await.unwrap();
        lines.push(request);
    }
    lines
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[tokio::test]
async fn a_signal_goes_to_the_process_that_the_file_names() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let settings = reloading(&format!("signal: USR1\npid_file: {}", file.display()));
    let error = reload(&settings, &Circumstances::default()).await.unwrap_err();
    assert!(matches!(error, ReloadError::Unreachable(_)), "{error:?}");
    let script = "trap 'echo heard; exit 7' USR1; echo ready; while :; do sleep 0.01; done";
    let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
    writeln!(std::fs::File::create(&file).unwrap(), "{}", child.id()).unwrap();
    assert_eq!(reload(&settings, &Circumstances::default()).await, Ok(()));
    assert_eq!(child.wait().unwrap().code(), Some(7));
    let error = reload(&settings, &Circumstances::default()).await.unwrap_err();
    assert!(matches!(error, ReloadError::Unreachable(_)), "{error:?}");
    for bad in ["", "-1", "0", "nginx"] {
        std::fs::write(&file, bad).unwrap();
        assert!(reload(&settings, &Circumstances::default()).await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn an_http_reload_tells_what_the_service_answered() {
    let (listener, address) = listener().await;
    let settings = reloading(&format!("http: {{url: 'http://{address}/refresh', headers: {{x-key: secret}}}}"));
    let about = Circumstances::default();
    let (answers, lines) = tokio::join!(
        async { (reload(&settings, &about).await, reload(&settings, &about).await) },
        answering(&listener, &[204, 500])
    );
    assert_eq!(answers.0, Ok(()));
    let error = answers.1.unwrap_err();
    assert_eq!((error.output(), error.to_string().ends_with("answered 500, not 2xx")), (Some("body"), true), "{error}");
    assert!(lines[0].starts_with("POST /refresh ") && lines[0].contains("x-key: secret"), "{}", lines[0]);
    drop(listener);
    let error = reload(&settings, &about).await.unwrap_err();
    assert!(matches!(error, ReloadError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_probe_needs_good_answers_in_a_row_for_a_while() {
    let (listener, address) = listener().await;
    let settings = probing(&format!("http: {{url: 'http://{address}/healthz'}}\ninterval: 1ms\nfor: 20s\nsteady: 0s"));
    let about = Circumstances::default();
    let (well, lines) =
        tokio::join!(probe::until_well(&settings, &about), answering(&listener, &[503, 200, 503, 200, 200]));
    assert_eq!((well, lines.len()), (Ok(()), 5));
    // The old process answers for a moment more.
    let steady = ProbeSettings { steady: Duration::from_millis(200), within: Duration::ZERO, ..settings.clone() };
    let asked = async {
        for status in [200, 200, 503] {
            answering(&listener, &[status]).await;
        }
    };
    let (well, ()) = tokio::join!(probe::until_well(&steady, &about), asked);
    assert!(well.unwrap_err().reason.ends_with("answered 503, not 2xx"));
    let (unwell, _) = tokio::join!(probe::is_unwell(&settings, &about), answering(&listener, &[503, 200]));
    assert_eq!(unwell, None);
    let (unwell, _) = tokio::join!(probe::is_unwell(&settings, &about), answering(&listener, &[503, 503]));
    assert!(unwell.unwrap().reason.ends_with("answered 503, not 2xx"));
}

#[tokio::test]
async fn a_probe_ends_with_the_last_bad_answer() {
    let (listener, address) = listener().await;
    let about = Circumstances::default();
    let tcp = probing(&format!("tcp: '{address}'\ninterval: 1ms\nfor: 50ms\nsteady: 10ms"));
    assert_eq!(probe::until_well(&tcp, &about).await, Ok(()));
    drop(listener);
    let unwell = probe::until_well(&tcp, &about).await.unwrap_err();
    assert!(unwell.reason.starts_with(&format!("cannot connect to {address}")), "{unwell}");
    let command = probing("command: 'echo no; exit 1'\ninterval: 1ms\nfor: 10ms");
    let unwell = probe::until_well(&command, &about).await.unwrap_err();
    assert_eq!(unwell.output.as_deref(), Some("no"));
}

#[tokio::test]
async fn a_silent_service_is_not_waited_for() {
    let (_listener, address) = listener().await;
    let settings = probing(&format!("http: {{url: 'http://{address}/'}}\ntimeout: 50ms\ninterval: 1ms\nfor: 10ms"));
    let started = tokio::time::Instant::now();
    let unwell = probe::until_well(&settings, &Circumstances::default()).await.unwrap_err();
    assert_eq!(unwell.reason, "no answer within 50ms");
    assert!(started.elapsed() < Duration::from_secs(10));
}
