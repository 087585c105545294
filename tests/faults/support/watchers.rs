//! Watchers of `dev`: plain clients that parse the bytes themselves, and the client library. Each keeps a record of all it saw.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pintle::client::watch::{Event, Mirror, Subscription, Watcher};
use pintle::client::{Client, Server, Token};
use pintle::domain::contents::ContentHash;
use pintle::domain::names::{EnvironmentName, NamespaceName};
use pintle::domain::revisions::Cursor;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::seen::{Contents, Edits, Record, Seen};
use super::{Dice, Failure, Tested, ensure};

/// Without a byte for so long a plain client comes back: three checkpoints.
const SILENCE: Duration = Duration::from_secs(45);

/// Watchers at work, until they are dropped.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    records: Vec<Arc<Mutex<Record>>>,
    tasks: JoinSet<()>,
}

impl Watchers {
    fn enlist(&mut self, kind: &str, namespaces: &[&str]) -> Arc<Mutex<Record>> {
        let name = format!("{kind}-{}", self.records.len());
        let namespaces = namespaces.iter().map(|&name| name.to_owned()).collect();
        let record = Arc::new(Mutex::new(Record { name, namespaces, ..Record::default() }));
        self.records.push(Arc::clone(&record));
        record
    }

    /// Adds one that reads the bytes itself.
    pub(crate) fn add_plain(&mut self, ports: &[u16], token: &str, namespaces: &[&str], mut dice: Dice) {
        let record = self.enlist("plain", namespaces);
        let (ports, token) = (ports.to_vec(), token.to_owned());
        self.tasks.spawn(async move {
            loop {
                let at = usize::try_from(dice.below(ports.len() as u64)).unwrap_or(0);
                let port = ports.get(at).copied().unwrap_or(0);
                // Every outage is the same for it: it comes back. What is against the contract is kept.
                let _ = stream(port, &token, &record).await;
                if look(&record).fault.is_some() {
                    return;
                }
                tokio::time::sleep(dice.between(Duration::from_millis(20), Duration::from_millis(500))).await;
            }
        });
    }

    /// Adds one of the client library.
    pub(crate) fn add_library(&mut self, ports: &[u16], token: &str, namespaces: &[&str]) -> Tested {
        let record = self.enlist("library", namespaces);
        let token = Token::parse(token)?;
        let clients = ports.iter().map(|port| {
            let server = Server::parse(&format!("http://127.0.0.1:{port}"))?;
            Ok(Client::new(server, Some(&token))?)
        });
        let namespaces = namespaces.iter().map(|name| Ok(NamespaceName::parse(name)?));
        let subscription = Subscription {
            environment: EnvironmentName::parse("dev")?,
            namespaces: namespaces.collect::<Tested<_>>()?,
            instance: None,
            reveal: false,
        };
        let clients = clients.collect::<Tested<Vec<_>>>()?;
        let mut watcher = Watcher::new(clients, subscription.clone(), None, BTreeMap::new())?;
        self.tasks.spawn(async move {
            let mut mirror = Mirror::new(subscription);
            loop {
                let next = watcher.next().await;
                let mut record = look(&record);
                match next {
                    Ok(event) => {
                        mirror.apply(&event);
                        take_event(&mut record, event, &mirror);
                    }
                    Err(error) => record.fault = Some(error.to_string()),
                }
                if record.fault.is_some() {
                    return;
                }
            }
        });
        Ok(())
    }

    /// Looks at each record.
    pub(crate) fn each(&self, mut view: impl FnMut(&Record) -> Tested) -> Tested {
        self.records.iter().try_for_each(|record| view(&look(record)))
    }

    /// Everything that was seen, once nobody watches any more.
    pub(crate) fn finish(mut self) -> Vec<Record> {
        self.tasks.abort_all();
        self.records.drain(..).map(|record| std::mem::take(&mut *look(&record))).collect()
    }

    pub(crate) fn resumes(&self) -> u64 {
        self.records.iter().map(|record| look(record).resumes).sum()
    }

    /// Whether all have been told everything up to a revision. Fails when one met what must not be.
    pub(crate) fn are_at(&self, revision: u64) -> Tested<Option<()>> {
        let mut behind = 0;
        self.each(|record| {
            behind += usize::from(record.cursor.is_none_or(|cursor| cursor.revision.0 < revision));
            match &record.fault {
                Some(fault) => Err(format!("{}: {fault}", record.name).into()),
                None => Ok(()),
            }
        })?;
        ensure(behind == 0, || format!("{behind} watchers are behind {revision}"))?;
        Ok(Some(()))
    }
}

fn look(record: &Mutex<Record>) -> std::sync::MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take_event(record: &mut Record, event: Event, mirror: &Mirror) {
    let name = |(namespace, key): &(_, _)| format!("{namespace}/{key}");
    let held = || mirror.entries().iter().map(|(place, held)| (name(place), held.hash.to_string())).collect();
    match event {
        Event::Connected { .. } => {
            record.streams += 1;
            record.resumes += u64::from(record.cursor.is_some());
        }
        Event::Reset(reason) => record.take(Seen::Reset(format!("{reason:?}").to_lowercase())),
        Event::Snapshot(snapshot) => {
            // One that was told against what is there already is whole by it.
            let entries = snapshot.entries.iter().map(|entry| (name(&entry.place), entry.version.hash.to_string()));
            let contents = if snapshot.partial { held() } else { entries.collect() };
            record.take(Seen::Snapshot(snapshot.cursor, contents));
        }
        Event::Change(change) => {
            let hash = |edit: &pintle::client::watch::Edit| edit.version.as_ref().map(|it| it.hash.to_string());
            let edits = change.edits.iter().map(|edit| (name(&edit.place), hash(edit))).collect();
            record.take(Seen::Change(change.cursor, edits));
        }
        Event::Checkpoint(cursor) => record.take(Seen::Checkpoint(cursor)),
        Event::Lost { .. } | _ => return,
    }
    // The mirror is what a user has, so it is what is compared.
    record.holds = held();
}

/// The request of a watch, in HTTP/1.0: the answer then ends with the connection, and its bytes are the events.
pub(crate) fn request(token: &str, namespaces: &[String], after: Option<Cursor>) -> String {
    let namespaces = namespaces.join("&namespace=");
    let after = after.map(|cursor| format!("last-event-id: {cursor}\r\n")).unwrap_or_default();
    format!(
        "GET /api/v1/watch?env=dev&namespace={namespaces} HTTP/1.0\r\nhost: pintle\r\nauthorization: Bearer {token}\r\n{after}\r\n"
    )
}

/// One stream, until it breaks.
async fn stream(port: u16, token: &str, record: &Mutex<Record>) -> Tested {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await?;
    let (request, returning) = {
        let record = look(record);
        (request(token, &record.namespaces, record.cursor), record.cursor.is_some())
    };
    socket.write_all(request.as_bytes()).await?;
    let (mut bytes, mut chunk, mut parts) = (Vec::new(), vec![0; 16 * 1024], Parts::default());
    let mut in_body = false;
    loop {
        let read = tokio::time::timeout(SILENCE, socket.read(&mut chunk)).await??;
        ensure(read > 0, || "the stream ended".to_owned())?;
        bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if !in_body {
            let Some(end) = find(&bytes, b"\r\n\r\n") else { continue };
            let head: Vec<u8> = bytes.drain(..end + 4).collect();
            let ok = head.get(8..).is_some_and(|rest| rest.starts_with(b" 200"));
            ensure(ok, || String::from_utf8_lossy(&head).into_owned())?;
            in_body = true;
            let mut record = look(record);
            record.streams += 1;
            record.resumes += u64::from(returning);
        }
        while let Some(end) = find(&bytes, b"\n\n") {
            let block: Vec<u8> = bytes.drain(..end + 2).collect();
            let mut record = look(record);
            match parts.read(&block) {
                Ok(Some(seen)) => record.take(seen),
                Ok(None) => {}
                Err(error) => {
                    record.fault = Some(format!("{error}: {}", String::from_utf8_lossy(&block)));
                    return Err(error);
                }
            }
        }
    }
}

pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Parts of a snapshot or change that came so far.
#[derive(Debug, Default)]
struct Parts {
    entries: Contents,
    edits: Edits,
}

impl Parts {
    /// Takes one event in; none when nothing is whole by it.
    fn read(&mut self, block: &[u8]) -> Tested<Option<Seen>> {
        let (mut id, mut name, mut data) = (None, "message", None);
        for line in std::str::from_utf8(block)?.lines() {
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.parse::<Cursor>()?),
                Some(("event", value)) => name = value,
                Some(("data", value)) => data = Some(serde_json::from_str::<Value>(value)?),
                _ => {}
            }
        }
        let Some(data) = data else { return Ok(None) };
        let at = || -> Tested<Cursor> {
            let at = id.ok_or("no id")?;
            ensure(data.get("revision").and_then(Value::as_u64) == Some(at.revision.0), || {
                "the id is of another revision".to_owned()
            })?;
            Ok(at)
        };
        let items = |list: &str| data.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
        let last = data.get("last").and_then(Value::as_bool).unwrap_or(true);
        Ok(match name {
            "snapshot" => {
                for item in items("entries") {
                    let (place, hash) = read_item(&item)?;
                    let twice = self.entries.insert(place, hash.ok_or("no hash")?);
                    ensure(twice.is_none(), || "an entry is there twice".to_owned())?;
                }
                last.then(at).transpose()?.map(|at| Seen::Snapshot(at, std::mem::take(&mut self.entries)))
            }
            "change" => {
                for item in items("changes") {
                    let (place, hash) = read_item(&item)?;
                    let twice = self.edits.insert(place, hash);
                    ensure(twice.is_none(), || "an entry is there twice".to_owned())?;
                }
                last.then(at).transpose()?.map(|at| Seen::Change(at, std::mem::take(&mut self.edits)))
            }
            "checkpoint" => Some(Seen::Checkpoint(at()?)),
            "reset" => Some(Seen::Reset(data.get("reason").and_then(Value::as_str).ok_or("no reason")?.to_owned())),
            "bye" => None,
            _ => return Err("an unknown event".into()),
        })
    }
}

/// The place of an entry, and its hash unless it was deleted. The content must be what the hash says.
fn read_item(item: &Value) -> Tested<(String, Option<String>)> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).ok_or_else(|| Failure::from(format!("no {name}")));
    let place = format!("{}/{}", text("namespace")?, text("key")?);
    if item.get("op").is_some_and(|op| op == "delete") {
        return Ok((place, None));
    }
    let hash = text("hash")?;
    ensure(ContentHash::of(text("content")?.as_bytes()).to_string() == hash, || "not the hash".to_owned())?;
    Ok((place, Some(hash.to_owned())))
}
