//! `/api/v1/revisions`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::problem::Problem;
use crate::api::revisions::{RevisionList, RevisionView};
use crate::domain::changes::{Item, Kind, Record, RecordHead, Version};
use crate::http::environments::ReadParams;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Place, Query, instant, page, parsed};
use crate::http::{Shared, answers, views};
use crate::service::revisions::{HistoryFilter, RevisionChanges};

/// Which revisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Touched something of this environment.
    env: Option<String>,
    /// Touched something of this namespace; with `env`.
    namespace: Option<String>,
    /// Touched this key; with `namespace`.
    key: Option<String>,
    /// By this user.
    actor: Option<String>,
    /// Of this kind.
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    /// Committed at or after this RFC 3339 instant.
    since: Option<String>,
    /// Committed at or before this RFC 3339 instant.
    until: Option<String>,
    /// Say of each revision how many instances run it now; with `namespace`. With `key`, how many run that version of it.
    running: Option<bool>,
    /// With a smaller number; `next` of the page before.
    before: Option<String>,
    /// Revisions on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    min_revision: Option<u64>,
}

/// List revisions, newest first.
#[utoipa::path(get, path = "/api/v1/revisions", operation_id = "list_revisions", tag = "history", params(ListParams), responses(
    (status = 200, body = RevisionList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<ListParams>,
) -> Result<axum::Json<RevisionList>, ApiError> {
    ReadParams { min_revision: params.min_revision }.wait(&app).await?;
    if params.namespace.is_some() && params.env.is_none() {
        return Err(ApiError::invalid("namespace", "must come together with env"));
    }
    if params.key.is_some() && params.namespace.is_none() {
        return Err(ApiError::invalid("key", "must come together with namespace"));
    }
    let running = params.running.unwrap_or(false);
    if running && params.namespace.is_none() {
        return Err(ApiError::invalid("running", "must come together with namespace"));
    }
    let kind = params.kind.as_deref().map(|kind| {
        Kind::find(kind).ok_or_else(|| {
            let all: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
            ApiError::invalid("kind", format!("must be one of {}", all.join(", ")))
        })
    });
    let filter = HistoryFilter {
        environment: parsed("env", params.env.as_deref())?,
        namespace: parsed("namespace", params.namespace.as_deref())?,
        key: parsed("key", params.key.as_deref())?,
        actor: parsed("actor", params.actor.as_deref())?,
        kind: kind.transpose()?,
        since: instant("since", params.since.as_deref())?,
        until: instant("until", params.until.as_deref())?,
        before: parsed("before", params.before.as_deref())?,
    };
    let found = app.service.list_revisions(&caller, filter, page(params.limit)?, running).await?;
    let view = |(head, changes): &(RecordHead, Vec<_>)| RevisionView {
        running: found.running.as_ref().map(|all| all.get(&head.revision).copied().unwrap_or(0)),
        ..views::listed_revision(head, changes)
    };
    let revisions = found.revisions.iter().map(view).collect();
    Ok(axum::Json(RevisionList { revisions, next: found.next.map(|revision| revision.0) }))
}

/// One revision with its changes and diffs.
#[utoipa::path(get, path = "/api/v1/revisions/{rev}", operation_id = "get_revision", tag = "history",
    params(("rev" = u64, Path, description = "Revision"), ReadParams),
    responses((status = 200, body = RevisionView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<ReadParams>,
) -> Result<axum::Json<RevisionView>, ApiError> {
    params.wait(&app).await?;
    let found = app.service.get_revision(&caller, place.revision()?).await?;
    let pin = found.pin.as_ref().map(views::pin);
    let view = match found.changes {
        RevisionChanges::Whole { record, compared } => {
            answers::off_thread(move || with_diffs(&record, &compared)).await?
        }
        RevisionChanges::Compacted(head, changes) => {
            let view = views::revision(&head, changes.len(), changes.iter().map(views::listed).collect());
            RevisionView { compacted: true, ..view }
        }
    };
    Ok(axum::Json(RevisionView { pin, ..view }))
}

fn with_diffs(record: &Record, compared: &[(Option<Version>, Option<Version>)]) -> RevisionView {
    let changes = record.items.iter().zip(compared).map(|(item, (before, after))| {
        let diff = match item {
            Item::Entry { address, .. } => {
                Some(views::entry_diff(&address.to_string(), before.as_ref(), after.as_ref()))
            }
            Item::Namespace { .. } | Item::Environment { .. } => None,
        };
        views::item(item, diff)
    });
    views::revision(&record.head, record.items.len(), changes.collect())
}
