//! Logging in and out, and the open sessions.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::api::accounts::{LoginBody, OpenSessionView, SessionList, SessionView};
use crate::api::problem::Problem;
use crate::domain::access::{Peer, User};
use crate::domain::names::UserName;
use crate::http::cookies::Cookie;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query, parsed};
use crate::http::{App, Shared, cross_site};
use crate::service::accounts::NewToken;
use crate::service::logins::{Login, Opening};
use crate::service::sessions::OpenSession;

/// How a login came, before its body is read.
pub(super) struct Arrived {
    peer: Peer,
    pub(super) agent: Option<String>,
    /// The session that the browser has.
    pub(super) previous: Option<Uuid>,
    /// What speaks against giving it a cookie.
    foreign: Option<ApiError>,
}

impl FromRequestParts<Shared> for Arrived {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let cookie = Cookie::session(&app.entrance.public_url);
        let previous = cookie.values(&parts.headers).find_map(|text| app.service.find_console(text));
        Ok(Self {
            peer: parts.extensions.get::<Peer>().cloned().unwrap_or_default(),
            agent: text(header::USER_AGENT),
            previous,
            foreign: cross_site::refuse(&app.entrance, parts).err(),
        })
    }
}

impl Arrived {
    /// How the session is opened; for a cookie the request must be one of our own pages.
    pub(super) fn opening(self, console: bool) -> Result<(Opening, Peer), ApiError> {
        match self.foreign {
            Some(error) if console => Err(error),
            _ => {
                let previous = self.previous.filter(|_| console);
                Ok((Opening { console, agent: self.agent, previous }, self.peer))
            }
        }
    }
}

/// Answers a login: with the token, or with the cookie that holds it.
pub(super) fn opened(app: &App, console: bool, user: &User, new: &NewToken) -> Response {
    let expires_at = new.token.expires_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (user, text) = (user.name.to_string(), new.text.reveal());
    if !console {
        return axum::Json(SessionView { user, token: Some(text), expires_at }).into_response();
    }
    let mut response = axum::Json(SessionView { user, token: None, expires_at }).into_response();
    let cookie = Cookie::session(&app.entrance.public_url).set(&text, None);
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// Log in. A one-time password must come with a new one. Programs get a token; with `cookie` a browser gets a cookie instead, and
/// the session that it had before ends.
#[utoipa::path(post, path = "/api/v1/session", operation_id = "log_in", tag = "access", request_body = LoginBody, security(()), responses(
    (status = 200, body = SessionView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn log_in(
    State(app): State<Shared>,
    arrived: Arrived,
    Json(body, _): Json<LoginBody>,
) -> Result<Response, ApiError> {
    let console = body.cookie;
    let (opening, peer) = arrived.opening(console)?;
    let LoginBody { name, password, new_password, .. } = body;
    let (user, new) = app.service.log_in(Login { name, password, new_password, opening }, &peer).await?;
    Ok(opened(&app, console, &user, &new))
}

/// End the session, or the token, that this call carries.
#[utoipa::path(delete, path = "/api/v1/session", operation_id = "log_out", tag = "access", responses(
    (status = 204, description = "Ended"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn log_out(
    State(app): State<Shared>,
    headers: HeaderMap,
    Authenticated(caller): Authenticated,
) -> Result<Response, ApiError> {
    app.service.log_out(&caller).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if !headers.contains_key(header::AUTHORIZATION) {
        let cookie = Cookie::session(&app.entrance.public_url).clear();
        response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    }
    Ok(response)
}

/// Whose sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SessionsParams {
    /// Another user than the caller, for those who operate the store.
    user: Option<String>,
}

impl SessionsParams {
    fn user(&self) -> Result<Option<UserName>, ApiError> {
        parsed("user", self.user.as_deref())
    }
}

/// List the open sessions, the newest first.
#[utoipa::path(get, path = "/api/v1/sessions", operation_id = "list_sessions", tag = "access", params(SessionsParams), responses(
    (status = 200, body = SessionList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<SessionsParams>,
) -> Result<axum::Json<SessionList>, ApiError> {
    let sessions = app.service.list_sessions(&caller, params.user()?.as_ref())?;
    Ok(axum::Json(SessionList { sessions: sessions.into_iter().map(view).collect() }))
}

fn view(session: OpenSession) -> OpenSessionView {
    let OpenSession { token, last_used_at, current } = session;
    OpenSessionView {
        id: token.id,
        browser: token.is_console(),
        created_at: token.created_at,
        last_used_at,
        expires_at: token.expires_at,
        address: token.address,
        agent: token.agent,
        current,
    }
}

/// End a session: one's own, or anybody's for those who operate the store.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", operation_id = "end_session", tag = "access",
    params(("id" = uuid::Uuid, Path, description = "Session")),
    responses((status = 204, description = "Ended"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn end(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    app.service.end_session(&caller, place.id()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all sessions but the one that this call carries; or all of another user, for those who operate the store.
#[utoipa::path(delete, path = "/api/v1/sessions", operation_id = "end_sessions", tag = "access", params(SessionsParams), responses(
    (status = 204, description = "Ended"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn end_all(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<SessionsParams>,
) -> Result<StatusCode, ApiError> {
    app.service.end_sessions(&caller, params.user()?.as_ref()).await?;
    Ok(StatusCode::NO_CONTENT)
}
