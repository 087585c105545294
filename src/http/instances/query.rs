//! The parameters of a list of instances.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::instances::Selector;
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
    /// That applied this revision last.
    #[param(minimum = 0)]
    revision: Option<u64>,
    /// That run this change: their `runs`, which the list of revisions counts as `running`.
    #[param(minimum = 0)]
    runs: Option<u64>,
    /// That are `live`, `late` or `gone`, or stand `in_sync`, `behind`, `rejected`, `held` or `unknown`; that are `broken` after a
    /// rejection, `unhealthy`, or keep files of `missing` entries; or that have `drifted`: are there, and not in sync or with
    /// missing entries.
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
    /// Say as well what all pages come to.
    summary: Option<bool>,
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
    pub(super) summary: bool,
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
        let selector = self.state.as_deref().map(|word| {
            let known = || Selector::words().collect::<Vec<_>>().join(", ");
            Selector::find(word).ok_or_else(|| ApiError::invalid("state", format!("must be one of {}", known())))
        });
        let filter = InstanceFilter {
            namespace: parsed("namespace", self.namespace.as_deref())?,
            service: self.service,
            labels: labels(&self.label)?,
            after: parsed("cursor", self.cursor.as_deref())?,
            at: None,
        };
        let revision = self.revision.map(|revision| whole("revision", revision)).transpose()?;
        let at = moment("at", self.at.as_deref())?;
        let runs = self.runs.map(|revision| whole("runs", revision)).transpose()?;
        let query = InstanceQuery { filter, selector: selector.transpose()?, revision, runs, at };
        Ok(ListQuery { query, limit: page(self.limit)?, summary: self.summary.unwrap_or(false) })
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
