//! A watch as a plain client sees it: bytes that become events.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::actors::{Actor, Answer};

/// No event takes longer on a machine that is not stuck.
const PROMPT: Duration = Duration::from_secs(20);

/// One event as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

impl Event {
    /// The keys of its changes or entries, as `namespace/key`.
    pub(crate) fn keys(&self) -> Vec<String> {
        let all = self.data["changes"].as_array().or(self.data["entries"].as_array());
        let key = |one: &Value| format!("{}/{}", one["namespace"].as_str().unwrap(), one["key"].as_str().unwrap());
        all.into_iter().flatten().map(key).collect()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.data["revision"].as_u64().unwrap()
    }
}

/// An open watch.
#[derive(Debug)]
pub(crate) struct Stream {
    response: Response,
    text: String,
    ready: VecDeque<Event>,
    /// The last id that came.
    pub(crate) last: Option<String>,
}

impl Actor {
    /// Opens a watch, with whatever `with` adds to the request.
    pub(crate) async fn watch_with(&self, query: &str, with: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Stream {
        let request = self.http().get(format!("{}/api/v1/watch?{query}", self.url)).bearer_auth(&self.token);
        let response = with(request).send().await.unwrap();
        assert_eq!(response.status(), 200, "{query}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { response, text: String::new(), ready: VecDeque::new(), last: None }
    }

    /// Opens a watch.
    pub(crate) async fn watch(&self, query: &str) -> Stream {
        self.watch_with(query, |request| request).await
    }

    /// Comes back to a watch with the last id.
    pub(crate) async fn resume(&self, query: &str, last: &str) -> Stream {
        self.watch_with(query, |request| request.header("last-event-id", last)).await
    }

    /// A watch that is refused.
    pub(crate) async fn cannot_watch(&self, query: &str) -> Answer {
        self.get(&format!("/api/v1/watch?{query}")).await
    }
}

impl Stream {
    /// The next event, or none when the stream ended.
    pub(crate) async fn find(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.last = event.id.clone().or(self.last.take());
                return Some(event);
            }
            let chunk = tokio::time::timeout(PROMPT, self.response.chunk()).await.expect("an event in time");
            let Ok(Some(chunk)) = chunk else { return None };
            self.text.push_str(std::str::from_utf8(&chunk).expect("whole characters in each slice"));
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                self.ready.extend(parse(event));
                self.text = rest.to_owned();
            }
        }
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Event {
        self.find().await.expect("the stream goes on")
    }

    /// The next event, which must be of this name.
    pub(crate) async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await;
        assert_eq!(event.name, name, "{event:?}");
        event
    }

    /// The next change, whatever checkpoints come before.
    pub(crate) async fn change(&mut self) -> Event {
        loop {
            let event = self.next().await;
            if event.name != "checkpoint" {
                assert_eq!(event.name, "change", "{event:?}");
                return event;
            }
        }
    }
}

/// One event; none for a block without data.
fn parse(block: &str) -> Option<Event> {
    let mut fields = BTreeMap::new();
    for line in block.lines() {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        assert!(fields.insert(name, value).is_none(), "one line a field: {block}");
    }
    let data = serde_json::from_str(fields.get("data")?).unwrap_or_else(|error| panic!("{error}: {block}"));
    let name = fields.get("event").copied().unwrap_or("message").to_owned();
    Some(Event { id: fields.get("id").map(|id| (*id).to_owned()), name, data })
}
