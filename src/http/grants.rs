//! `/api/v1/grants`.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::accounts::GrantView;
use crate::api::grants::{GrantBody, GrantList, HeldGrantView};
use crate::api::problem::{Code, Problem};
use crate::domain::access::{Grant, Role, SubjectName};
use crate::domain::patterns::Pattern;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query, parsed};
use crate::http::{Shared, paging, views};
use crate::service::Field;
use crate::service::grants::{GrantFilter, HeldGrant, Wanted, parse_place};

/// What a grant allows, and where.
pub(super) fn plain(grant: &Grant) -> GrantView {
    GrantView {
        role: grant.allowance.to_string(),
        environment: grant.place.environment.to_string(),
        namespace: grant.place.namespace.to_string(),
        key_prefix: grant.place.key_prefix.clone(),
    }
}

pub(super) fn view(held: &HeldGrant) -> HeldGrantView {
    HeldGrantView { id: held.grant.id, subject: held.subject.clone(), grant: plain(&held.grant) }
}

/// A role to be given; `path` leads to the body.
pub(super) fn wanted(path: &str, body: &GrantBody) -> Result<Wanted, Vec<Field>> {
    let subject: Result<SubjectName, _> = body.subject.parse();
    let subject = subject.map_err(|problem| Field::new(format!("{path}subject"), problem));
    let place = parse_place(path, &body.environment, &body.namespace, &body.key_prefix);
    match (subject, place) {
        (Ok(subject), Ok(place)) => Ok(Wanted { subject, role: body.role, place }),
        (subject, place) => Err(subject.err().into_iter().chain(place.err().into_iter().flatten()).collect()),
    }
}

/// Which grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Held by `user:NAME`, `group:NAME` or `token:ID` itself.
    subject: Option<String>,
    /// Covering something of this environment; a glob is taken as well.
    environment: Option<String>,
    /// Covering something of this namespace; a glob is taken as well.
    namespace: Option<String>,
    /// Of this role.
    #[param(value_type = Option<Role>)]
    role: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Grants on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

fn pattern(field: &str, text: Option<&str>) -> Result<Option<Pattern>, ApiError> {
    text.map(Pattern::parse).transpose().map_err(|error| ApiError::invalid(field, error.to_string()))
}

/// List the grants that the caller may see: its own, and those on parts of the store where it may give rights.
#[utoipa::path(get, path = "/api/v1/grants", operation_id = "list_grants", tag = "access", params(ListParams), responses(
    (status = 200, body = GrantList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<ListParams>,
) -> Result<axum::Json<GrantList>, ApiError> {
    let role = params.role.as_deref().map(|role| {
        Role::find(role).ok_or_else(|| {
            let all: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
            ApiError::invalid("role", format!("must be one of {}", all.join(", ")))
        })
    });
    let filter = GrantFilter {
        subject: parsed("subject", params.subject.as_deref())?,
        environment: pattern("environment", params.environment.as_deref())?,
        namespace: pattern("namespace", params.namespace.as_deref())?,
        role: role.transpose()?,
    };
    let found = app.service.list_grants(&caller, &filter)?;
    let key = |held: &HeldGrant| {
        let GrantView { role, environment, namespace, key_prefix } = plain(&held.grant);
        [&held.subject, &environment, &namespace, &key_prefix, &role, &held.grant.id.to_string()]
            .map(String::as_str)
            .join("\0")
    };
    let (grants, next) = paging::cut(found, key, params.after.as_deref(), params.limit)?;
    Ok(axum::Json(GrantList { grants: grants.iter().map(view).collect(), next }))
}

/// Give a role to a user, a group or the scope of a token. Needs the right to grant on all of the place. An equal grant
/// that is held already is answered with 200, and nothing changes.
#[utoipa::path(post, path = "/api/v1/grants", operation_id = "create_grant", tag = "access", request_body = GrantBody, responses(
    (status = 201, body = HeldGrantView), (status = 200, body = HeldGrantView, description = "Held already"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<GrantBody>,
) -> Result<(StatusCode, axum::Json<HeldGrantView>), ApiError> {
    let wanted = wanted("", &body).map_err(|fields| ApiError::fields(Code::Invalid, views::fields(fields)))?;
    let (held, new) = app.service.give_grant(&caller, &wanted).await?;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(view(&held))))
}

/// Take a grant away. Streams that it carried lose what it covered at once.
#[utoipa::path(delete, path = "/api/v1/grants/{id}", operation_id = "revoke_grant", tag = "access",
    params(("id" = uuid::Uuid, Path, description = "Grant")),
    responses((status = 204, description = "Taken away"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    app.service.take_grant(&caller, place.id()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
