//! The parameters of a list of instances.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::instances::{Condition, Presence};
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{moment, page, parse_query, parsed, whole};
use crate::service::instances::{InstanceFilter, InstanceQuery};

/// Most labels to select by.
const LABELS_MAX: usize = 16;

/// Which instances.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ListParams {
    /// That run on this namespace.
    namespace: Option<String>,
    /// That run this revision.
    #[param(minimum = 0)]
    revision: Option<u64>,
    /// That are `live`, `late` or `gone`, or stand `in_sync`, `behind`, `rejected`, `held` or `unknown`.
    state: Option<String>,
    /// With this label, as `name=value`. May come up to 16 times.
    #[serde(skip)]
    #[param(value_type = Option<Vec<String>>)]
    label: Vec<String>,
    /// Of this service.
    service: Option<String>,
    /// What they ran right after a revision, or at an RFC 3339 instant, by their receipts. Whether they are there is told
    /// of now.
    at: Option<String>,
    /// With a greater id; `next` of the page before.
    cursor: Option<String>,
    /// Instances on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// The same, understood.
pub(in crate::http) struct ListQuery {
    pub(super) query: InstanceQuery,
    pub(super) limit: usize,
}

impl FromRequestParts<Shared> for ListQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        // Of all parameters only this one may come more than once.
        let is_label = |part: &&str| part.split('=').next() == Some("label");
        let (labels, rest): (Vec<&str>, Vec<&str>) = text.split('&').partition(|part| is_label(part));
        let mut params: ListParams = parse_query(&rest.join("&"))?;
        params.label =
            form_urlencoded::parse(labels.join("&").as_bytes()).map(|(_, value)| value.into_owned()).collect();
        params.understand()
    }
}

impl ListParams {
    fn understand(self) -> Result<ListQuery, ApiError> {
        let (mut presence, mut condition) = (None, None);
        if let Some(word) = self.state.as_deref() {
            (presence, condition) = (Presence::find(word), Condition::find(word));
            if presence.is_none() && condition.is_none() {
                let presences = Presence::ALL.into_iter().map(Presence::as_str);
                let all: Vec<&str> = presences.chain(Condition::ALL.into_iter().map(Condition::as_str)).collect();
                return Err(ApiError::invalid("state", format!("must be one of {}", all.join(", "))));
            }
        }
        let filter = InstanceFilter {
            namespace: parsed("namespace", self.namespace.as_deref())?,
            service: self.service,
            labels: labels(&self.label)?,
            after: parsed("cursor", self.cursor.as_deref())?,
            at: None,
        };
        let revision = self.revision.map(|revision| whole("revision", revision)).transpose()?;
        let at = moment("at", self.at.as_deref())?;
        let query = InstanceQuery { filter, presence, condition, revision, at };
        Ok(ListQuery { query, limit: page(self.limit)? })
    }
}

fn labels(all: &[String]) -> Result<BTreeMap<String, String>, ApiError> {
    if all.len() > LABELS_MAX {
        return Err(ApiError::invalid("label", format!("may come {LABELS_MAX} times, this has {}", all.len())));
    }
    if all.iter().any(|label| label.contains('\0')) {
        return Err(ApiError::invalid("label", "must not contain NUL"));
    }
    let mut labels = BTreeMap::new();
    for label in all {
        let (name, value) = label
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| ApiError::invalid("label", format!("must be a name, '=' and a value, not {label:?}")))?;
        if labels.insert(name.to_owned(), value.to_owned()).is_some_and(|other| other != value) {
            return Err(ApiError::invalid("label", format!("{name} cannot have two values")));
        }
    }
    Ok(labels)
}
