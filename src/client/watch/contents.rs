//! The contents of an event: taken from it or fetched, and compared with their hash.

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderValue};

use crate::api::entries::{ContentView, Op};
use crate::api::watch::{WatchedChange, WatchedEntry, WatchedKey};
use crate::client::transport::Call;
use crate::client::watch::Failure;
use crate::client::watch::events::{Change, Edit, Entry, Event, Outage, Place, Secrecy, Snapshot, Version};
use crate::client::watch::joiner::Incoming;
use crate::client::{Client, ClientError, Server};
use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, NamespaceName};

/// The event with all its contents; none for one that has no meaning outside its stream.
pub(super) async fn fill(client: Client, incoming: Incoming) -> Result<Option<Event>, Failure> {
    let event = match incoming {
        Incoming::Snapshot { cursor, head, entries, absent } => {
            let mut filled = Vec::with_capacity(entries.len());
            for entry in entries {
                filled.push(fill_entry(&client, entry).await?);
            }
            let absent = absent.into_iter().map(|WatchedKey { namespace, key }| place(&namespace, &key));
            let absent = absent.collect::<Result<_, _>>()?;
            Event::Snapshot(Snapshot { cursor, held: head.held, partial: head.have, entries: filled, absent })
        }
        Incoming::Change { cursor, head, changes } => {
            let mut edits = Vec::with_capacity(changes.len());
            for change in changes {
                edits.push(fill_change(&client, change).await?);
            }
            let (at, actor, message, kind, trace) = (head.at, head.actor, head.message, head.kind, head.trace);
            Event::Change(Change { cursor, at, actor, message, kind, trace, edits })
        }
        Incoming::Checkpoint(cursor) => Event::Checkpoint(cursor),
        Incoming::Reset(reason) => Event::Reset(reason),
        Incoming::Bye(_) => return Ok(None),
    };
    Ok(Some(event))
}

async fn fill_entry(client: &Client, entry: WatchedEntry) -> Result<Entry, Failure> {
    let place = place(&entry.namespace, &entry.key)?;
    let given = Given { content: &entry.content, href: entry.href.as_deref(), sealed: entry.sealed };
    let version = version(client, &place, &entry.format, &entry.hash, given).await?;
    Ok(Entry { place, version, revision: entry.revision, actor: entry.actor, at: entry.at })
}

async fn fill_change(client: &Client, change: WatchedChange) -> Result<Edit, Failure> {
    let place = place(&change.namespace, &change.key)?;
    let version = match change.op {
        Op::Delete => None,
        Op::Put => {
            let (Some(format), Some(hash)) = (&change.format, &change.hash) else {
                return Err(Failure::astray(format!("the put of {} has no format or no hash", shown(&place))));
            };
            let given = Given { content: &change.content, href: change.href.as_deref(), sealed: change.sealed };
            Some(version(client, &place, format, hash, given).await?)
        }
    };
    Ok(Edit { place, version })
}

fn place(namespace: &str, key: &str) -> Result<Place, Failure> {
    let bad = |error| Failure::astray(format!("{namespace}/{key} is no entry: {error}"));
    Ok((NamespaceName::parse(namespace).map_err(bad)?, EntryKey::parse(key).map_err(bad)?))
}

fn shown((namespace, key): &Place) -> String {
    format!("{namespace}/{key}")
}

async fn version(
    client: &Client,
    place: &Place,
    format: &str,
    hash: &str,
    given: Given<'_>,
) -> Result<Version, Failure> {
    let format = format.parse().unwrap_or(Format::Binary);
    let bytes = match (given.content.bytes(), given.href) {
        (Some(bytes), _) => bytes,
        (None, Some(href)) => fetch(client, place, href).await?,
        (None, None) if given.sealed => {
            let hash = keyed(place, hash)?;
            return Ok(Version { format, hash, bytes: Bytes::new(), secrecy: Secrecy::Shut });
        }
        (None, None) => return Err(Failure::astray(format!("the content of {} is missing", shown(place)))),
    };
    if given.sealed {
        return Ok(Version { format, hash: keyed(place, hash)?, bytes, secrecy: Secrecy::Revealed });
    }
    let actual = ContentHash::of(&bytes);
    if actual.to_string() != hash {
        let name = shown(place);
        return Err(Failure::astray(format!("the content of {name} has the SHA-256 {actual}, {hash} was announced")));
    }
    Ok(Version { format, hash: actual, bytes, secrecy: Secrecy::Open })
}

/// How a content came.
#[derive(Clone, Copy)]
struct Given<'a> {
    content: &'a ContentView,
    href: Option<&'a str>,
    sealed: bool,
}

/// The hash of a sealed content, which cannot be compared with anything.
fn keyed(place: &Place, text: &str) -> Result<ContentHash, Failure> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash)
        .map_err(|_| Failure::astray(format!("the hash of {} is not one: {text:?}", shown(place))))?;
    Ok(ContentHash(hash))
}

async fn fetch(client: &Client, place: &Place, href: &str) -> Result<Bytes, Failure> {
    let url = below(client.server(), href)
        .ok_or_else(|| Failure::astray(format!("{} lies at {href:?}, outside the server", shown(place))))?;
    let call = Call::read(url).header(ACCEPT, HeaderValue::from_static("application/octet-stream"));
    match client.send(call).await {
        Ok(answer) => Ok(answer.body),
        Err(error) => Err(refused(&shown(place), error)),
    }
}

/// A content that cannot be had from where it shall be asks for a snapshot, unless only the network or the node failed.
fn refused(name: &str, error: ClientError) -> Failure {
    match error {
        ClientError::Problem(problem) if problem.status >= 500 => Failure::of(Outage::Refused(problem)),
        ClientError::Unreachable { .. } | ClientError::AnswerLost { .. } => {
            Failure::of(Outage::Network(format!("the content of {name} did not come: {error}")))
        }
        ClientError::Problem(_)
        | ClientError::Unexpected { .. }
        | ClientError::Server { .. }
        | ClientError::TokenFile { .. }
        | ClientError::Token
        | ClientError::Message
        | ClientError::Setup(_) => Failure::astray(format!("the content of {name} did not come: {error}")),
    }
}

/// The address that a link means, if that is below the server. A path may leave out the path that the server has behind a proxy.
fn below(server: &Server, href: &str) -> Option<Url> {
    let base = server.resource([""]);
    let whole = |text: &str| base.join(text).ok().filter(|url| server.covers(url));
    if href.starts_with('/') {
        return whole(href).or_else(|| whole(&format!("./{}", href.trim_start_matches(['/', '\\']))));
    }
    whole(href)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(server: &str, href: &str) -> Option<String> {
        below(&Server::parse(server).unwrap(), href).map(|url| url.to_string())
    }

    #[test]
    fn a_link_is_followed_below_the_server_only() {
        let plain = "http://127.0.0.1:80";
        assert_eq!(joined(plain, "/api/v1/x?at=3").as_deref(), Some("http://127.0.0.1/api/v1/x?at=3"));
        assert_eq!(joined(plain, "api/v1/x").as_deref(), Some("http://127.0.0.1/api/v1/x"));
        assert_eq!(joined(plain, "http://127.0.0.1/api").as_deref(), Some("http://127.0.0.1/api"));
        let proxied = "https://example.com/pintle/";
        for href in ["/api/v1/x", "/pintle/api/v1/x", "api/v1/x", "https://example.com/pintle/api/v1/x"] {
            assert_eq!(joined(proxied, href).as_deref(), Some("https://example.com/pintle/api/v1/x"), "{href}");
        }
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_refused() {
        let proxied = "https://example.com/pintle";
        for href in [
            "https://evil.example/pintle/api",
            "http://example.com/pintle/api",
            "https://example.com:444/pintle/api",
            "https://example.com/other",
            "https://ann@example.com/pintle/api",
            "../other",
            "data:text/plain,x",
        ] {
            assert_eq!(joined(proxied, href), None, "{href}");
        }
        // What looks like a host is taken as a path of the server.
        for href in ["//evil.example/x", "/\\evil.example/x", "\\\\evil.example/x"] {
            let url = joined(proxied, href);
            assert!(url.as_deref().is_none_or(|url| url.starts_with("https://example.com/pintle/")), "{href}: {url:?}");
        }
    }
}
