//! Asking the server whether it accepts connections, by opening one.
//!
//! The messages are those of the [frontend/backend protocol 3.0]: a start-up message, then answers of a type byte, a
//! length that counts itself, and a body.
//!
//! [frontend/backend protocol 3.0]: https://www.postgresql.org/docs/current/protocol-message-formats.html

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::sockets;

/// How long one question may take. A server that is there answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Protocol 3.0: major version in the high half, minor version in the low one.
const PROTOCOL: u32 = 3 << 16;

/// The names and values of the start-up message.
const PARAMETERS: &[u8] = b"user\0pintle\0database\0pintle\0application_name\0pintle start\0\0";

/// More than any message that the handshake has, in bytes.
const LONGEST: u32 = 64 * 1024;

/// SQLSTATE `cannot_connect_now`: starting, recovering or shutting down.
const NOT_NOW: &str = "57P03";
/// SQLSTATE `too_many_connections`: busy, and so alive.
const FULL: &str = "53300";

/// What the server says to a new connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It accepts connections to the database. With the process that listens on the socket, where the system tells.
    Ready { pid: Option<i32> },
    /// It will, later; and why.
    NotYet(String),
    /// It never will, and why.
    Refused(String),
    /// Nobody listens, or nobody answers.
    Silent,
}

/// Opens a connection to the database `pintle` as the user `pintle`, and closes it.
pub(super) async fn ask(socket_dir: &Path) -> Answer {
    match timeout(PATIENCE, shake_hands(&sockets::socket(socket_dir))).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Answer::Silent,
    }
}

async fn shake_hands(socket: &Path) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket).await?;
    // Zero is a process that this one cannot see, in another container.
    let pid = stream.peer_cred()?.pid().filter(|pid| *pid != 0);
    stream.write_all(&start_up()).await?;
    loop {
        let kind = stream.read_u8().await?;
        let length = stream.read_u32().await?;
        if !(4..LONGEST).contains(&length) {
            return Ok(Answer::Refused("the answer is not PostgreSQL's".to_owned()));
        }
        let mut body = vec![0; usize::try_from(length - 4).unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        match kind {
            b'R' if body != [0; 4] => return Ok(Answer::Refused("it asks for a password".to_owned())),
            b'E' => return Ok(refusal(&body, pid)),
            b'Z' => {
                stream.write_all(&[b'X', 0, 0, 0, 4]).await?;
                return Ok(Answer::Ready { pid });
            }
            _ => {}
        }
    }
}

fn start_up() -> Vec<u8> {
    let length = u32::try_from(8 + PARAMETERS.len()).unwrap_or(0);
    [&length.to_be_bytes(), &PROTOCOL.to_be_bytes(), PARAMETERS].concat()
}

/// Reads an error: fields of a type byte and a text that a zero byte ends.
fn refusal(body: &[u8], pid: Option<i32>) -> Answer {
    let mut code = String::new();
    let mut message = String::new();
    for field in body.split(|byte| *byte == 0) {
        match field.split_first() {
            Some((b'C', text)) => code = String::from_utf8_lossy(text).into_owned(),
            Some((b'M', text)) => message = String::from_utf8_lossy(text).into_owned(),
            Some(_) | None => {}
        }
    }
    match code.as_str() {
        NOT_NOW => Answer::NotYet(message),
        FULL => Answer::Ready { pid },
        _ => Answer::Refused(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_up_message_begins_with_its_own_length() {
        let message = start_up();
        assert_eq!(message.get(..4), Some(u32::try_from(message.len()).unwrap_or(0).to_be_bytes().as_slice()));
    }

    #[test]
    fn an_error_is_read_by_its_code() {
        let starting = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
        assert_eq!(refusal(starting, None), Answer::NotYet("the database system is starting up".to_owned()));
        let full = b"SFATAL\0C53300\0Msorry, too many clients already\0\0";
        assert_eq!(refusal(full, Some(7)), Answer::Ready { pid: Some(7) });
        let missing = b"SFATAL\0C3D000\0Mdatabase \"pintle\" does not exist\0\0";
        assert_eq!(refusal(missing, None), Answer::Refused("database \"pintle\" does not exist".to_owned()));
    }
}
