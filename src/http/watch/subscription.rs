//! What a client asks to watch, from a query or a body.

use std::collections::BTreeMap;

use axum::http::HeaderMap;

use crate::api::problem::{Code, FieldProblem};
use crate::api::watch::{HAVE_MAX, LAST_EVENT_ID_HEADER, NAMESPACES_MAX, WatchBody};
use crate::domain::access::Caller;
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, InstanceId, NamespaceName};
use crate::domain::revisions::Cursor;
use crate::feed::reader::Request;
use crate::http::error::ApiError;

/// What a client asks to watch.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) request: Request,
    pub(super) topics: Topics,
    /// The instance that the stream is the presence of.
    pub(super) instance: Option<InstanceId>,
}

/// What a stream tells of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Topics {
    pub(super) entries: bool,
    pub(super) instances: bool,
}

impl Topics {
    fn parse(names: &[String]) -> Result<Self, ApiError> {
        let mut this = Self { entries: names.is_empty(), instances: false };
        for name in names {
            match name.as_str() {
                "entries" => this.entries = true,
                "instances" => this.instances = true,
                _ => return Err(ApiError::invalid("topic", "must be entries or instances")),
            }
        }
        Ok(this)
    }
}

/// Reads the query by hand, since some parameters may come many times.
pub(super) fn parse_query(text: &str) -> Result<WatchBody, ApiError> {
    let mut body = WatchBody::default();
    let (mut env, mut reveal) = (None, None);
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let value = value.into_owned();
        if value.contains('\0') {
            return Err(ApiError::bad(&name, "must not contain NUL"));
        }
        let once = match &*name {
            "namespace" => {
                body.namespaces.push(value);
                continue;
            }
            "have" => {
                body.have.push(value);
                continue;
            }
            "env" => &mut env,
            "after" => &mut body.after,
            "instance" => &mut body.instance,
            "reveal" => &mut reveal,
            "topic" => {
                body.topics.push(value);
                continue;
            }
            _ => {
                let known = "env, namespace, topic, after, have, instance, reveal";
                return Err(ApiError::bad(&name, format!("is not a parameter of this call, which has {known}")));
            }
        };
        if once.replace(value).is_some() {
            return Err(ApiError::bad(&name, "must come once"));
        }
    }
    body.reveal = match reveal.as_deref() {
        None | Some("false") => false,
        Some("" | "true") => true,
        Some(_) => return Err(ApiError::invalid("reveal", "must be true or false")),
    };
    body.env = env.ok_or_else(|| ApiError::bad("env", "is required"))?;
    Ok(body)
}

pub(super) fn parse(caller: &Caller, headers: &HeaderMap, body: WatchBody) -> Result<Subscription, ApiError> {
    let WatchBody { env, namespaces, topics, after, have, instance, reveal } = body;
    let environment = EnvironmentName::parse(&env).map_err(|error| ApiError::invalid("env", error.to_string()))?;
    let topics = Topics::parse(&topics)?;
    if topics.entries && namespaces.is_empty() {
        return Err(ApiError::bad("namespace", "is required"));
    }
    if namespaces.len() > NAMESPACES_MAX {
        let problem = format!("may come {NAMESPACES_MAX} times, these are {}", namespaces.len());
        return Err(ApiError::invalid("namespace", problem));
    }
    if have.len() > HAVE_MAX {
        return Err(ApiError::invalid("have", format!("may come {HAVE_MAX} times, these are {}", have.len())));
    }
    let mut wrong = Vec::new();
    let mut names = Vec::with_capacity(namespaces.len());
    for name in namespaces {
        match NamespaceName::parse(&name) {
            Ok(name) => names.push(name),
            Err(error) => wrong.push(FieldProblem::new("namespace", error.to_string())),
        }
    }
    let mut known = BTreeMap::new();
    for (at, item) in have.iter().enumerate() {
        match parse_have(&environment, item) {
            Ok((address, hash)) => drop(known.insert(address, hash)),
            Err(problem) => wrong.push(FieldProblem::new(format!("have[{at}]"), problem)),
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::fields(Code::Invalid, wrong));
    }
    let last = headers.get(LAST_EVENT_ID_HEADER).map(|value| ("Last-Event-ID", value.to_str().unwrap_or("?")));
    let after = last.or(after.as_deref().map(|after| ("after", after)));
    let after = after.filter(|(_, text)| !text.is_empty());
    let after = after.map(|(field, text)| {
        text.parse::<Cursor>().map_err(|_| ApiError::bad(field, "must be epoch.revision, such as 1.42"))
    });
    let instance = instance.map(|id| InstanceId::parse(&id)).transpose();
    let instance = instance.map_err(|error| ApiError::invalid("instance", error.to_string()))?;
    if instance.is_some() && !topics.entries {
        return Err(ApiError::bad("instance", "needs the topic entries"));
    }
    let (holder, after) = (caller.holder(), after.transpose()?);
    let request = Request { holder, environment, namespaces: names, after, have: known, reveal };
    Ok(Subscription { request, topics, instance })
}

/// `namespace/key:hash`.
fn parse_have(environment: &EnvironmentName, item: &str) -> Result<(Address, ContentHash), String> {
    const SHAPE: &str = "must be namespace/key:hash, with the SHA-256 in lowercase hex";
    let (place, hash) = item.rsplit_once(':').ok_or(SHAPE)?;
    let (namespace, key) = place.split_once('/').ok_or(SHAPE)?;
    let mut bytes = [0; 32];
    let lower = !hash.bytes().any(|byte| byte.is_ascii_uppercase());
    hex::decode_to_slice(hash, &mut bytes).ok().filter(|()| lower).ok_or(SHAPE)?;
    let namespace = NamespaceName::parse(namespace).map_err(|error| error.to_string())?;
    let key = EntryKey::parse(key).map_err(|error| error.to_string())?;
    Ok((Address { environment: environment.clone(), namespace, key }, ContentHash(bytes)))
}
