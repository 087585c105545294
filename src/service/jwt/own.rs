//! Short-lived tokens of ours: every node checks them from memory alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::access::{Access, SigningKey};
use crate::service::jwt::{LEEWAY, LIFE, Rejected, Unverified, moment};

/// The `typ` of our tokens, so that no other token of anybody passes for one.
const TYPE: &str = "pintle-access+jwt";
/// What stands before the seed of an Ed25519 key in PKCS #8 (RFC 8410).
const PKCS8: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Who vouches for the user of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vouched {
    /// The API token or session that it was exchanged for.
    ByToken(Uuid),
    /// A trusted issuer, by its name here.
    ByIssuer(String),
}

/// What a token of ours says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnClaims {
    /// Who it stands for.
    pub user: Uuid,
    /// Why.
    pub vouched: Vouched,
    /// From when on it is refused.
    pub expires_at: OffsetDateTime,
}

/// A token with its end.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The text for `Authorization: Bearer`.
    pub text: String,
    /// From when on it is refused.
    pub expires_at: OffsetDateTime,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

fn issuer(store: Uuid) -> String {
    format!("urn:pintle:{store}")
}

fn audience(store: Uuid) -> String {
    format!("urn:pintle:{store}:api")
}

/// Signs a token that begins now. It ends with what it is made from, and after ten minutes at the latest; none when that
/// is over by then.
#[must_use]
pub fn issue(
    store: Uuid,
    (kid, seed): (&str, &[u8; 32]),
    id: Uuid,
    (user, vouched): (Uuid, &Vouched),
    now: OffsetDateTime,
    until: Option<OffsetDateTime>,
) -> Option<Issued> {
    let begin = now.unix_timestamp();
    let end = until.map_or(begin + LIFE, |until| until.unix_timestamp().min(begin + LIFE));
    if end <= begin {
        return None;
    }
    let header = json!({"alg": "EdDSA", "typ": TYPE, "kid": kid});
    let (name, value) = match vouched {
        Vouched::ByToken(token) => ("tid", token.to_string()),
        Vouched::ByIssuer(issuer) => ("isr", issuer.clone()),
    };
    let claims = json!({
        "iss": issuer(store), "aud": audience(store), "sub": user.to_string(), name: value, "jti": id.to_string(),
        "iat": begin, "nbf": begin, "exp": end,
    });
    let encode = |part: &serde_json::Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = format!("{}.{}", encode(&header), encode(&claims));
    let key = Zeroizing::new([PKCS8.as_slice(), seed].concat());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_ed_der(&key), Algorithm::EdDSA);
    Some(Issued { text: format!("{message}.{}", signature.ok()?), expires_at: moment(end) })
}

/// Checks a token of ours: signed by a key that still counts, for this store, and at this time. Whether what vouched for it
/// still does is left to the caller.
pub fn verify(text: &str, access: &Access, now: OffsetDateTime) -> Result<OwnClaims, Rejected> {
    let token = Unverified::parse(text)?;
    if token.header.keys().any(|name| !matches!(name.as_str(), "alg" | "typ" | "kid"))
        || token.header("typ")? != Some(TYPE)
    {
        return Err(Rejected::Header);
    }
    let kid = token.header("kid")?.ok_or(Rejected::Header)?;
    let counts = |key: &&SigningKey| key.id == kid && key.verifies_until.is_none_or(|end| end > now);
    let key = access.signing_keys().iter().find(counts).ok_or(Rejected::UnknownKey)?;
    if token.header("alg")? != Some("EdDSA") {
        return Err(Rejected::Algorithm);
    }
    token.check_signature(&DecodingKey::from_ed_der(&key.public_key), Algorithm::EdDSA)?;

    if token.text("iss")? != issuer(access.store) {
        return Err(Rejected::Claim("iss"));
    }
    if token.text("aud")? != audience(access.store) {
        return Err(Rejected::Claim("aud"));
    }
    let id = |name: &'static str| Uuid::try_parse(token.text(name)?).map_err(|_| Rejected::Claim(name));
    let (user, _) = (id("sub")?, id("jti")?);
    let vouched = match (token.claims.contains_key("tid"), token.claims.contains_key("isr")) {
        (true, false) => Vouched::ByToken(id("tid")?),
        (false, true) => Vouched::ByIssuer(token.text("isr")?.to_owned()),
        _ => return Err(Rejected::Claim("tid")),
    };
    let (issued, begin, end) = (token.seconds("iat")?, token.seconds("nbf")?, token.seconds("exp")?);
    let now = now.unix_timestamp();
    if end <= now {
        return Err(Rejected::Expired);
    }
    if begin > now + LEEWAY || issued > now + LEEWAY {
        return Err(Rejected::NotYet);
    }
    if end - issued > LIFE {
        return Err(Rejected::TooOld);
    }
    Ok(OwnClaims { user, vouched, expires_at: moment(end) })
}
