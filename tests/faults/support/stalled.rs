//! Readers that never read, and what they cost: the server's own memory, and the kernel's for it.

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use super::Tested;
use super::http::Caller;
use super::watchers::request;

/// What such a reader's own kernel takes for it, in bytes: as little as it lets us, so that the rest stays with the server.
const RECEIVE_BUFFER: u32 = 4 * 1024;

/// Opens a watch of a namespace of `dev`, of which nothing will ever be read.
pub(crate) async fn open(node: &Caller, namespace: &str) -> Tested<TcpStream> {
    let address = node.url.trim_start_matches("http://").parse()?;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    let mut stream = socket.connect(address).await?;
    stream.write_all(request(&node.token, &[namespace.to_owned()], None).as_bytes()).await?;
    Ok(stream)
}

/// The memory of a process that is not shared with files, in bytes.
pub(crate) fn memory_of(pid: i32) -> Tested<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("RssAnon:")?.trim().strip_suffix(" kB"));
    Ok(kilobytes.ok_or("no RssAnon")?.trim().parse::<u64>()? * 1024)
}

/// What the kernel holds unsent or unread at the sockets of a port of this machine, in bytes.
pub(crate) fn queued_at(port: u16) -> Tested<u64> {
    let mut sum = 0;
    for line in std::fs::read_to_string("/proc/net/tcp")?.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, _, _, queues, ..] = fields.as_slice() else { continue };
        if local.ends_with(&format!(":{port:04X}")) {
            let (unsent, unread) = queues.split_once(':').ok_or("odd queues")?;
            sum += u64::from_str_radix(unsent, 16)? + u64::from_str_radix(unread, 16)?;
        }
    }
    Ok(sum)
}

/// What the kernel holds for all TCP sockets of this machine, its own bookkeeping of buffers included, in bytes.
pub(crate) fn kernel_memory() -> Tested<u64> {
    let all = std::fs::read_to_string("/proc/net/sockstat")?;
    let line = all.lines().find(|line| line.starts_with("TCP:")).ok_or("no TCP")?;
    let pages = line.split_whitespace().last().ok_or("no pages")?.parse::<u64>()?;
    Ok(pages * 4096)
}
