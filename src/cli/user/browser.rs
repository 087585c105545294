//! `login` by the browser: a page of the server asks the person there, and hands a code over that only this command can use.
//!
//! With a browser on this machine the code comes to a port of it; else the page shows it, and the person copies it.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::timeout;

use crate::api::accounts::{CodeBody, SessionView};
use crate::cli::user::context::Context;
use crate::cli::user::exit::Stop;
use crate::client::Client;
use crate::runtime::ambient::SystemAmbient;
use crate::service::ambient::Ambient as _;

/// How long the person may take.
const PATIENCE: Duration = Duration::from_mins(10);
/// How long a browser may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(5);
/// Bytes of what a browser says.
const HEAD: usize = 16 * 1024;
/// How long a program that opens a browser may take to fail.
const OPENING: Duration = Duration::from_secs(3);

/// How the browser is to be used.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    /// Where to log in, when there are several places.
    pub(super) provider: Option<String>,
    /// There is none on this machine.
    pub(super) no_browser: bool,
}

/// Logs in by a browser, here or elsewhere.
pub(super) async fn log_in(context: &Context<'_>, client: &Client, ways: &Ways) -> Result<SessionView> {
    let secret = || URL_SAFE_NO_PAD.encode(SystemAmbient.secret());
    let (verifier, state) = (secret(), secret());
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let page = |port: Option<u16>| {
        let mut url = client.server().resource(["cli"]);
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("challenge", &challenge).append_pair("state", &state);
            if let Some(port) = port {
                query.append_pair("port", &port.to_string());
            }
            if let Some(provider) = &ways.provider {
                query.append_pair("provider", provider);
            }
        }
        url
    };
    let code = if ways.no_browser {
        copied(context, &page(None))?
    } else {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot listen for the browser")?;
        let url = page(Some(listener.local_addr()?.port()));
        if open(context.surroundings.browser.as_deref(), &url).await {
            context.out.note(format_args!(
                "Go on in the browser. If none opened, open this address on this machine:\n\n    {url}\n"
            ));
            let waited = timeout(PATIENCE, handed_over(&listener, &state)).await;
            waited.map_err(|_| Stop::failed("nobody logged in at the browser in time"))??
        } else {
            copied(context, &page(None))?
        }
    };
    Ok(client.log_in_with_code(&CodeBody { code, verifier }).await?)
}

/// Asks for the code that the page shows.
fn copied(context: &Context<'_>, url: &Url) -> Result<String> {
    context.out.note(format_args!("Open this address in a browser, on any machine:\n\n    {url}\n"));
    let code = context.out.ask("Code from the page:")?.filter(|code| !code.is_empty());
    code.ok_or_else(|| Stop::usage("no code was given").into())
}

/// Opens the person's browser; says whether it seems so.
async fn open(program: Option<&OsStr>, url: &Url) -> bool {
    let Some(program) = program else { return false };
    let silent = || Stdio::null();
    let started = Command::new(program).arg(url.as_str()).stdin(silent()).stdout(silent()).stderr(silent()).spawn();
    let Ok(mut child) = started else { return false };
    // One that is still running after a while is the browser itself.
    timeout(OPENING, child.wait()).await.map_or(true, |ended| ended.is_ok_and(|status| status.success()))
}

/// Waits until the browser brings the code; whatever else comes to the port is answered and forgotten.
async fn handed_over(listener: &TcpListener, state: &str) -> Result<String> {
    loop {
        let (mut stream, _) = listener.accept().await.context("cannot listen for the browser")?;
        let Ok(Ok(head)) = timeout(REQUEST, head(&mut stream)).await else { continue };
        let code = code_in(&head, state);
        let (status, text) = match code {
            Some(_) => ("200 OK", "You are logged in. You can close this page and go on in the terminal."),
            None => ("404 Not Found", "This is not what pintle login waits for."),
        };
        let length = text.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\n\
             x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\ncache-control: no-store\r\n\
             connection: close\r\n\r\n{text}"
        );
        // The code counts, whether or not the browser hears that it does.
        let _ = timeout(REQUEST, stream.write_all(answer.as_bytes())).await;
        if let Some(code) = code {
            return Ok(code);
        }
    }
}

/// The head of a request.
async fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") && bytes.len() < HEAD {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The code in a request to `/callback` that names this login.
fn code_in(head: &str, state: &str) -> Option<String> {
    let target = head.lines().next()?.strip_prefix("GET ")?.split(' ').next()?;
    let url = Url::parse("http://127.0.0.1").ok()?.join(target).ok()?;
    let value = |name: &str| {
        let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        values.next().filter(|_| values.next().is_none())
    };
    (url.path() == "/callback" && value("state").as_deref() == Some(state)).then(|| value("code"))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_to_this_login_brings_a_code() {
        let get = |target: &str| code_in(&format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n"), "s-1");
        assert_eq!(get("/callback?code=a-b&state=s-1"), Some("a-b".to_owned()));
        for other in [
            "/callback?code=a&state=s-2",
            "/callback?code=a",
            "/callback?state=s-1",
            "/callback?code=a&state=s-1&code=b",
            "/callback?code=a&state=s-2&state=s-1",
            "/other?code=a&state=s-1",
            "/favicon.ico",
        ] {
            assert_eq!(get(other), None, "{other}");
        }
        assert_eq!(code_in("POST /callback?code=a&state=s-1 HTTP/1.1\r\n\r\n", "s-1"), None);
        assert_eq!(code_in("", "s-1"), None);
    }

    #[tokio::test]
    async fn what_comes_before_the_code_does_not_end_the_wait() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let browser = async {
            let mut answers = Vec::new();
            for target in ["/favicon.ico", "/callback?code=no&state=other", "/callback?code=yes&state=s-1"] {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).await.unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.unwrap();
                answers.push(answer.split(' ').nth(1).unwrap().to_owned());
            }
            answers
        };
        let (code, answers) = tokio::join!(handed_over(&listener, "s-1"), browser);
        assert_eq!(
            (code.unwrap().as_str(), answers),
            ("yes", vec!["404".to_owned(), "404".to_owned(), "200".to_owned()])
        );
    }
}
