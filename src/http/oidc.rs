//! Logins at providers, by the browser; and the login of a program that a person lets in there.

use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::accounts::{CodeBody, CodeView, GrantCodeBody, SessionView};
use crate::api::problem::{Code, Problem};
use crate::domain::access::Peer;
use crate::http::cookies::Cookie;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, parse_query};
use crate::http::sessions::{Arrived, opened};
use crate::http::{App, Shared, html};
use crate::service::oidc::{Finished, Returned, UNDER_WAY};

/// Where to go on to after the login.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct StartParams {
    /// A path of this server; another one leads to its root.
    next: Option<String>,
}

/// Begin a login at a provider: sends the browser there.
#[utoipa::path(get, path = "/api/v1/session/oidc/{provider}", operation_id = "start_oidc", tag = "access", security(()),
    params(("provider" = String, Path, description = "Identity provider"), StartParams),
    responses((status = 303, description = "Go on at the provider"),
        (status = "default", description = "A page that says what is wrong", body = String, content_type = "text/html")))]
pub(super) async fn start(State(app): State<Shared>, place: Place, arrived: Arrived, parts: Parts) -> Response {
    let base = app.entrance.base_of(&parts);
    begin(&app, &place, arrived, &parts).await.unwrap_or_else(|error| html::failure(&parts, &base, &error))
}

async fn begin(app: &App, place: &Place, arrived: Arrived, parts: &Parts) -> Result<Response, ApiError> {
    let provider = place.provider()?;
    let params: StartParams = parse_query(parts.uri.query().unwrap_or_default())?;
    let address = app.entrance.address_of(parts).ok_or_else(|| {
        ApiError::new(Code::LoginRefused, "this address is not known as the server's: set --public-url".to_owned())
    })?;
    let base = app.entrance.base_of(parts);
    let redirect = format!("{}{base}/api/v1/session/oidc/{provider}/callback", address.origin());
    let begun = app.service.begin_oidc(&provider, params.next.as_deref(), redirect, arrived.previous).await?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let target = HeaderValue::try_from(begun.url).map_err(|_| ApiError::new(Code::ProviderFailed, None))?;
    headers.insert(header::LOCATION, target);
    let seconds = u32::try_from(UNDER_WAY.whole_seconds()).ok();
    let cookie = Cookie::login(&app.entrance.public_url).set(&begun.transaction, seconds);
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok(response)
}

/// Finish a login at a provider: where it sends the browser back to.
#[utoipa::path(get, path = "/api/v1/session/oidc/{provider}/callback", operation_id = "finish_oidc", tag = "access", security(()),
    params(("provider" = String, Path, description = "Identity provider"),
        ("code" = Option<String>, Query, description = "Of the provider"),
        ("state" = Option<String>, Query, description = "Names the login"),
        ("iss" = Option<String>, Query, description = "The issuer, after RFC 9207"),
        ("error" = Option<String>, Query, description = "What went wrong at the provider")),
    responses((status = 200, description = "A page that leads on", body = String, content_type = "text/html"),
        (status = "default", description = "A page that says what is wrong", body = String, content_type = "text/html")))]
pub(super) async fn finish(State(app): State<Shared>, place: Place, arrived: Arrived, parts: Parts) -> Response {
    let base = app.entrance.base_of(&parts);
    let over = Cookie::login(&app.entrance.public_url).clear();
    let mut response = match end(&app, &place, arrived, &parts).await {
        Ok(finished) => {
            // Not a redirect: it would still count as coming from the provider, and the cookie would stay behind.
            let text = format!("You are logged in as {}.", finished.user.name);
            let mut response = html::message(&base, "Logged in", &text, Some(&finished.next));
            let cookie = Cookie::session(&app.entrance.public_url).set(&finished.new.text.reveal(), None);
            response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
            response
        }
        Err(error) => html::failure(&parts, &base, &error),
    };
    if let Some(cookie) = over {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn end(app: &App, place: &Place, arrived: Arrived, parts: &Parts) -> Result<Finished, ApiError> {
    let provider = place.provider()?;
    let returned: Returned = parse_query(parts.uri.query().unwrap_or_default())?;
    let cookie = Cookie::login(&app.entrance.public_url);
    let kept = cookie.values(&parts.headers).next();
    let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
    Ok(app.service.finish_oidc(&provider, returned, kept, arrived.agent, &peer).await?)
}

/// Let a program log in as the caller, who is logged in at a browser: gives a code for it, good for a minute and one try.
#[utoipa::path(post, path = "/api/v1/session/code", operation_id = "grant_login_code", tag = "access", request_body = GrantCodeBody, responses(
    (status = 201, body = CodeView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn grant_code(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<GrantCodeBody>,
) -> Result<(StatusCode, axum::Json<CodeView>), ApiError> {
    let (code, expires_at) = app.service.make_login_code(&caller, &body.challenge).await?;
    Ok((StatusCode::CREATED, axum::Json(CodeView { code, expires_at })))
}

/// Log in with a code from the browser, and with what its challenge was made of.
#[utoipa::path(post, path = "/api/v1/session/token", operation_id = "log_in_with_code", tag = "access", request_body = CodeBody, security(()), responses(
    (status = 200, body = SessionView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn log_in_with_code(
    State(app): State<Shared>,
    arrived: Arrived,
    Json(body, _): Json<CodeBody>,
) -> Result<Response, ApiError> {
    let (opening, peer) = arrived.opening(false)?;
    let (user, new) = app.service.log_in_with_code(&body.code, &body.verifier, &opening, &peer).await?;
    Ok(opened(&app, false, &user, &new))
}
