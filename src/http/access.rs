//! `/api/v1/access`: who may do what and why, and all groups and grants at once.

use axum::extract::State;

use crate::api::access::{
    AbleView, AccessBody, AccessDocument, AppliedView, AuthenticatedBy, CallerView, EffectiveView, ExplainBody,
    ExplainView, ReasonView, ServerView, ShownTokenView, WhoCanBody, WhoCanView,
};
use crate::api::grants::GrantBody;
use crate::api::problem::{Code, FieldProblem, Problem};
use crate::domain::access::{Allowance, Effective, SubjectName};
use crate::domain::names::GroupName;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, parsed};
use crate::http::{App, Shared, grants, groups, users, views};
use crate::service::apply::{Desired, Listing};
use crate::service::explain::{Asked, Method, Reason};
use crate::service::grants::HeldGrant;

/// Who the caller is, what it holds, and what it may do with the token it shows.
#[utoipa::path(get, path = "/api/v1/access/me", operation_id = "get_caller", tag = "access", responses(
    (status = 200, body = CallerView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn me(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<CallerView>, ApiError> {
    let found = app.service.identify(&caller)?;
    let all = |held: Vec<HeldGrant>| held.iter().map(grants::view).collect();
    let effective = |part: Effective| EffectiveView {
        actions: part.actions,
        environment: part.environment,
        namespace: part.namespace,
        key_prefix: part.key_prefix,
    };
    Ok(axum::Json(CallerView {
        user: caller.user.name.to_string(),
        kind: caller.user.kind,
        authenticated_by: match found.method {
            Method::Session => AuthenticatedBy::Session,
            Method::Token => AuthenticatedBy::Token,
            Method::ShortLived => AuthenticatedBy::Jwt,
            Method::Issuer => AuthenticatedBy::Issuer,
        },
        token: found.token.map(|token| ShownTokenView { id: token.id, name: token.name }),
        issuer: caller.credential.issuer.as_deref().map(str::to_owned),
        expires_at: found.expires_at,
        groups: found.memberships.into_iter().map(users::membership).collect(),
        grants: all(found.grants),
        scope: found.scope.map(all),
        effective: found.effective.into_iter().map(effective).collect(),
        server: server(&app),
    }))
}

fn server(app: &App) -> ServerView {
    let limits = &app.service.limits;
    ServerView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        master_key: app.service.keyring.has_master(),
        entry_bytes: limits.entry_bytes,
        change_set_bytes: limits.change_set_bytes,
        change_set_entries: limits.change_set_entries as u64,
        message_bytes: limits.message_bytes as u64,
    }
}

fn asked(environment: Option<&str>, namespace: Option<&str>, key: Option<&str>) -> Result<Asked, ApiError> {
    let (environment, namespace) = (parsed("environment", environment)?, parsed("namespace", namespace)?);
    let asked = Asked::parse(environment, namespace, parsed("key", key)?);
    asked.map_err(|field| ApiError::fields(Code::Invalid, views::fields(vec![field])))
}

/// Whether somebody may do something, by which grant, or what is missing and who could give it.
#[utoipa::path(post, path = "/api/v1/access/explain", operation_id = "explain_access", tag = "access", request_body = ExplainBody, responses(
    (status = 200, body = ExplainView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn explain(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<ExplainBody>,
) -> Result<axum::Json<ExplainView>, ApiError> {
    let subject: Option<SubjectName> = parsed("subject", body.subject.as_deref())?;
    let asked = asked(body.environment.as_deref(), body.namespace.as_deref(), body.key.as_deref())?;
    let found = app.service.explain(&caller, subject.as_ref(), body.action, &asked)?;
    Ok(axum::Json(ExplainView {
        subject: found.subject,
        allowed: found.reason == Reason::Granted,
        reason: match found.reason {
            Reason::Granted => ReasonView::Granted,
            Reason::OutOfScope => ReasonView::OutOfScope,
            Reason::NoGrant => ReasonView::NoGrant,
            Reason::Disabled => ReasonView::Disabled,
        },
        action: body.action,
        target: asked.whole().to_string(),
        grant: found.grant.as_ref().map(grants::view),
        partly: found.partly.as_ref().map(grants::view),
        who_can_grant: found.who_can_grant.into_iter().map(String::from).collect(),
    }))
}

/// Who may do something, each with the grant by which it may.
#[utoipa::path(post, path = "/api/v1/access/who-can", operation_id = "who_can", tag = "access", request_body = WhoCanBody, responses(
    (status = 200, body = WhoCanView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn who_can(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<WhoCanBody>,
) -> Result<axum::Json<WhoCanView>, ApiError> {
    let asked = asked(body.environment.as_deref(), body.namespace.as_deref(), body.key.as_deref())?;
    let (able, more) = app.service.who_can(&caller, body.action, &asked)?;
    let users = able.into_iter().map(|able| AbleView {
        user: able.name.to_string(),
        kind: able.kind,
        grant: grants::view(&able.grant),
    });
    Ok(axum::Json(WhoCanView { action: body.action, target: asked.whole().to_string(), users: users.collect(), more }))
}

fn document(listing: Listing) -> AccessDocument {
    let body = |held: &HeldGrant| match held.grant.allowance {
        Allowance::Role(role) => Some(GrantBody {
            subject: held.subject.clone(),
            role,
            environment: held.grant.place.environment.to_string(),
            namespace: held.grant.place.namespace.to_string(),
            key_prefix: held.grant.place.key_prefix.clone(),
        }),
        Allowance::Actions(_) => None,
    };
    AccessDocument {
        groups: listing
            .groups
            .into_iter()
            .map(|(name, members)| (name.into(), members.into_iter().collect()))
            .collect(),
        grants: listing.grants.iter().filter_map(body).collect(),
    }
}

/// All groups and grants of the store, as `PUT` takes them.
#[utoipa::path(get, path = "/api/v1/access", operation_id = "export_access", tag = "access", responses(
    (status = 200, body = AccessDocument), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn export(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<AccessDocument>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    Ok(axum::Json(document(app.service.export_access(&permit)?)))
}

fn desired(body: &AccessBody) -> Result<Desired, Vec<FieldProblem>> {
    let mut desired = Desired { prune: body.prune, dry_run: body.dry_run, ..Desired::default() };
    let mut bad = Vec::new();
    for (name, members) in &body.groups {
        let path = format!("groups.{name}");
        match (GroupName::parse(name), groups::members(&path, members)) {
            (Ok(group), Ok(members)) => drop(desired.groups.insert(group, members)),
            (group, members) => {
                bad.extend(group.err().map(|error| FieldProblem::new(path, error.to_string())));
                bad.extend(members.err().into_iter().flatten());
            }
        }
    }
    for (number, grant) in body.grants.iter().enumerate() {
        match grants::wanted(&format!("grants[{number}]."), grant) {
            Ok(wanted) => desired.grants.push(wanted),
            Err(fields) => bad.extend(views::fields(fields)),
        }
    }
    if bad.is_empty() { Ok(desired) } else { Err(bad) }
}

/// Make groups and grants what they shall be, all of it or nothing. What is not named stays, unless `prune` ends it.
#[utoipa::path(put, path = "/api/v1/access", operation_id = "apply_access", tag = "access", request_body = AccessBody, responses(
    (status = 200, body = AppliedView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn apply(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<AccessBody>,
) -> Result<axum::Json<AppliedView>, ApiError> {
    let desired = desired(&body).map_err(|fields| ApiError::fields(Code::Invalid, fields))?;
    let applied = app.service.apply_access(&caller, &desired).await?;
    Ok(axum::Json(AppliedView {
        added: document(applied.added),
        removed: document(applied.removed),
        unchanged: applied.unchanged as u64,
        dry_run: body.dry_run,
    }))
}
