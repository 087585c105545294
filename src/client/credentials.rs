//! What a client shows to say who calls: a token, the token in a file that may change at any time, or the short-lived one that
//! it is exchanged for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::api::problem::Problem;
use crate::api::tokens::{ExchangeBody, ExchangeView};
use crate::client::error::cause;
use crate::client::transport::{fresh, quote};
use crate::client::{ClientError, Server, Token};

/// How long an exchange may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after an exchange that failed while the token at hand is still good.
const AGAIN: Duration = Duration::from_secs(5);
/// What every API token and session begins with.
const PREFIX: &str = "pintle_";

/// Whether a token is exchanged for a short-lived one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Exchange {
    /// When it must be: a token of another issuer says nothing to the server by itself.
    #[default]
    Foreign,
    /// Always, so that the token itself travels rarely.
    Always,
}

/// Where the token of a client comes from. Cloning shares it, with what it was exchanged for.
#[derive(Debug, Clone, Default)]
pub struct Credentials(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    source: Source,
    exchange: Exchange,
    /// What was read or exchanged last; locked while it is renewed, so that all who wait share one exchange.
    state: Mutex<State>,
}

#[derive(Debug)]
enum Source {
    Fixed(Token),
    File(PathBuf),
}

#[derive(Debug, Default)]
struct State {
    /// What a file last held: it stays while the file is being replaced.
    read: Option<Token>,
    short: Option<Short>,
    /// After a failed exchange: when to try again.
    again_at: Option<Instant>,
}

/// A short-lived token.
#[derive(Debug, Clone)]
struct Short {
    token: Token,
    /// What it was exchanged for.
    of: Token,
    renew_at: Instant,
    ends_at: Instant,
}

impl Credentials {
    /// Always the same token; none calls as nobody.
    #[must_use]
    pub fn of(token: Option<Token>) -> Self {
        Self::from(token.map(Source::Fixed), Exchange::default())
    }

    /// The token in a file, which is read again for every call.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::from(Some(Source::File(path.to_owned())), Exchange::default())
    }

    fn from(source: Option<Source>, exchange: Exchange) -> Self {
        Self(source.map(|source| Arc::new(Shared { source, exchange, state: Mutex::default() })))
    }

    /// The same token, exchanged when this says so.
    #[must_use]
    pub fn exchanging(self, exchange: Exchange) -> Self {
        let source = self.0.and_then(Arc::into_inner).map(|shared| shared.source);
        Self::from(source, exchange)
    }

    /// The token itself, as it is now.
    ///
    /// # Errors
    /// When its file cannot be read or holds no token.
    pub fn token(&self) -> Result<Option<Token>, ClientError> {
        self.0.as_ref().map(|shared| shared.source.read()).transpose()
    }

    /// Whether this token is shown only to exchange it.
    #[must_use]
    pub fn exchanges(&self, token: &Token) -> bool {
        self.0.as_ref().is_some_and(|shared| shared.exchanges(token))
    }

    /// What to show now, exchanged at a server when that is due.
    pub(super) async fn show(&self, http: &reqwest::Client, server: &Server) -> Result<Option<Token>, ClientError> {
        let Some(shared) = &self.0 else { return Ok(None) };
        let mut state = shared.state.lock().await;
        let token = match (shared.source.read(), &state.read) {
            (Ok(token), _) => token,
            // It may just be being replaced.
            (Err(_), Some(read)) => read.clone(),
            (Err(error), None) => return Err(error),
        };
        state.read = Some(token.clone());
        if !shared.exchanges(&token) {
            return Ok(Some(token));
        }
        let now = Instant::now();
        // What is of another holder must not be shown for the new one, however good it still is.
        let known = state.short.take().filter(|short| short.ends_at > now && is_same_holder(&short.of, &token));
        if let Some(short) = &known
            && (short.renew_at > now || state.again_at.is_some_and(|again_at| again_at > now))
        {
            let shown = short.token.clone();
            state.short = known;
            return Ok(Some(shown));
        }
        match exchange(http, server, &token).await {
            Ok(short) => {
                let shown = short.token.clone();
                (state.short, state.again_at) = (Some(short), None);
                Ok(Some(shown))
            }
            Err(error) => {
                // The one at hand is good for a while: only its renewal is late.
                state.again_at = Some(Instant::now() + AGAIN);
                let shown = known.as_ref().map(|short| short.token.clone());
                state.short = known;
                shown.map(Some).ok_or(error)
            }
        }
    }

    /// A server did not take what was shown. Says whether there may be something better to show.
    pub(super) async fn is_refused(&self, shown: &Token) -> bool {
        let Some(shared) = &self.0 else { return false };
        let mut state = shared.state.lock().await;
        if state.short.as_ref().is_some_and(|short| short.token == *shown) {
            (state.short, state.again_at) = (None, None);
            return true;
        }
        // Somebody else may have renewed it meanwhile, or the file has another one now.
        state.short.is_some() || shared.source.read().is_ok_and(|token| token != *shown)
    }
}

impl Source {
    fn read(&self) -> Result<Token, ClientError> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::File(path) => {
                let failed = |cause: String| ClientError::TokenFile { path: path.clone(), cause };
                let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
                Token::parse(&text).map_err(|error| failed(error.to_string()))
            }
        }
    }
}

impl Shared {
    fn exchanges(&self, token: &Token) -> bool {
        match self.exchange {
            // What cannot be exchanged again is shown as it is.
            Exchange::Always => !is_issued_by_pintle(token),
            Exchange::Foreign => {
                !token.secret().starts_with(PREFIX) && claims(token).is_some() && !is_issued_by_pintle(token)
            }
        }
    }
}

/// The claims of a JWT, unverified: they tell what to do with it, and nothing else.
fn claims(token: &Token) -> Option<Value> {
    let mut parts = token.secret().split('.');
    let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok().filter(Value::is_object)
}

fn is_issued_by_pintle(token: &Token) -> bool {
    claims(token).and_then(|claims| claims.get("iss")?.as_str().map(|issuer| issuer.starts_with("urn:pintle:")))
        == Some(true)
}

/// Whether two tokens stand for one holder. Two of an issuer with one subject do; others are told apart by themselves.
#[must_use]
pub fn is_same_holder(one: &Token, other: &Token) -> bool {
    let holder = |token| {
        let claims = claims(token)?;
        Some((claims.get("iss")?.as_str()?.to_owned(), claims.get("sub")?.as_str()?.to_owned()))
    };
    one == other || holder(one).is_some_and(|found| holder(other) == Some(found))
}

/// How long a short-lived token lives, by its own words: the clocks of the two machines need not agree.
fn life(token: &Token) -> Option<Duration> {
    let claims = claims(token)?;
    let seconds = claims.get("exp")?.as_i64()? - claims.get("iat")?.as_i64()?;
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

async fn exchange(http: &reqwest::Client, server: &Server, token: &Token) -> Result<Short, ClientError> {
    let started = Instant::now();
    let mut request = http.post(server.resource(["api", "v1", "token"])).timeout(TIMEOUT);
    if token.secret().starts_with(PREFIX) {
        request = request.header(AUTHORIZATION, bearer(token)?).json(&ExchangeBody::default());
    } else {
        request = request.json(&ExchangeBody { subject_token: Some(token.secret().to_owned()) });
    }
    let lost = |error: reqwest::Error| ClientError::Unreachable { server: server.to_string(), cause: cause(&error) };
    let response = request.send().await.map_err(lost)?;
    let status = response.status();
    let body = response.bytes().await.map_err(lost)?;
    if status != StatusCode::OK {
        return Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ClientError::Problem(Box::new(problem)),
            Err(_) => ClientError::Unexpected { status: status.as_u16(), body: quote(&body) },
        });
    }
    let unexpected = |problem: &str| ClientError::Unexpected { status: 200, body: problem.to_owned() };
    // Its text would tell the token.
    let view: ExchangeView = serde_json::from_slice(&body).map_err(|_| unexpected("no short-lived token came"))?;
    let short = Token::parse(&view.token)?;
    let life = life(&short).ok_or_else(|| unexpected("a short-lived token without an end came"))?;
    let renew_at = started + renewal(life, fresh().into_bytes());
    Ok(Short { token: short, of: token.clone(), renew_at, ends_at: started + life })
}

/// When a token is renewed: after two thirds of its life, less up to a tenth by chance, so that many do not do it at once.
fn renewal(life: Duration, [chance, ..]: [u8; 16]) -> Duration {
    (life * 2 / 3).saturating_sub(life / 10 * u32::from(chance) / u32::from(u8::MAX))
}

/// The header that shows a token.
pub(super) fn bearer(token: &Token) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.secret())).map_err(|_| ClientError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
