//! Tokens of trusted issuers, and the keys that verify them (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::domain::access::TrustedIssuer;
use crate::service::jwt::{LEEWAY, Rejected, Unverified, moment};

/// How long ago a token may have been issued, in seconds.
const AGE_MAX: i64 = 24 * 3600;
/// Most keys of a set.
const KEYS_MAX: usize = 100;
/// Fewest bytes of an RSA modulus, and most.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// What an RSA key may be for; the first when it does not say.
const RSA: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

/// Why a JWK set cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// It is no set.
    #[error("must be a JWK set, an object with an array `keys` of at most {KEYS_MAX}")]
    Shape,
    /// Somebody put a secret into it.
    #[error("holds a private or a symmetric key: only public keys belong here")]
    Private,
    /// Nothing in it verifies.
    #[error("has no key that verifies: RSA of 2048 to 4096 bits, P-256, P-384 or Ed25519")]
    Nothing,
}

/// A key with the only algorithms that it is for.
#[derive(Clone)]
struct Key {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
}

/// The keys of an issuer that verify tokens.
#[derive(Clone)]
pub struct KeySet(Vec<Key>);

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.kid)).finish()
    }
}

impl KeySet {
    /// Reads a JWK set. Keys of other uses and kinds are passed over; private ones are refused.
    pub fn parse(set: &Value) -> Result<Self, BadKeys> {
        let keys = set.get("keys").and_then(Value::as_array).ok_or(BadKeys::Shape)?;
        if keys.len() > KEYS_MAX {
            return Err(BadKeys::Shape);
        }
        if keys.iter().any(|key| key.get("d").is_some() || key.get("k").is_some()) {
            return Err(BadKeys::Private);
        }
        let keys: Vec<Key> = keys.iter().filter_map(parse_key).collect();
        if keys.is_empty() { Err(BadKeys::Nothing) } else { Ok(Self(keys)) }
    }

    /// The key that a token names; without a name, the only one.
    fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.0.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }
}

fn parse_key(key: &Value) -> Option<Key> {
    let field = |name: &str| key.get(name).and_then(Value::as_str);
    if key.get("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(field(name)?).ok();
    let (mut algorithms, decoding) = match (field("kty")?, field("crv")) {
        ("RSA", None) => {
            let (modulus, exponent) = (bytes("n")?, bytes("e")?);
            let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
            if !RSA_BYTES.contains(&significant) {
                return None;
            }
            (RSA.to_vec(), DecodingKey::from_rsa_raw_components(&modulus, &exponent))
        }
        ("EC", Some(curve @ ("P-256" | "P-384"))) => {
            let (algorithm, length) = if curve == "P-256" { (Algorithm::ES256, 32) } else { (Algorithm::ES384, 48) };
            if bytes("x")?.len() != length || bytes("y")?.len() != length {
                return None;
            }
            (vec![algorithm], DecodingKey::from_ec_components(field("x")?, field("y")?).ok()?)
        }
        ("OKP", Some("Ed25519")) if bytes("x")?.len() == 32 => {
            (vec![Algorithm::EdDSA], DecodingKey::from_ed_components(field("x")?).ok()?)
        }
        _ => return None,
    };
    match key.get("alg") {
        Some(named) => algorithms.retain(|algorithm| named.as_str() == Some(name_of(*algorithm))),
        // Without a word of the key it is for the first of its kind only.
        None => algorithms.truncate(1),
    }
    (!algorithms.is_empty()).then(|| Key { kid: field("kid").map(str::to_owned), algorithms, decoding })
}

fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RS256 => "RS256",
        Algorithm::RS384 => "RS384",
        Algorithm::RS512 => "RS512",
        Algorithm::PS256 => "PS256",
        Algorithm::PS384 => "PS384",
        Algorithm::PS512 => "PS512",
        Algorithm::ES256 => "ES256",
        Algorithm::ES384 => "ES384",
        Algorithm::EdDSA => "EdDSA",
        // Those with a shared secret, and whatever comes: never taken.
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 | _ => "",
    }
}

/// A token of somebody else. Only its issuer can be asked for before it is verified.
#[derive(Debug)]
pub struct ForeignToken<'a>(Unverified<'a>);

impl<'a> ForeignToken<'a> {
    /// Takes a token apart.
    pub fn parse(text: &'a str) -> Result<Self, Rejected> {
        let token = Unverified::parse(text)?;
        // What brings a key, or points to one, is an attack; what is critical is not understood.
        let trusted = |name: &str| matches!(name, "alg" | "typ" | "kid" | "x5t" | "x5t#S256");
        let kind = token.header("typ")?.unwrap_or("JWT");
        if !token.header.keys().all(|name| trusted(name))
            || !(kind.eq_ignore_ascii_case("JWT") || kind.eq_ignore_ascii_case("at+jwt"))
        {
            return Err(Rejected::Header);
        }
        Ok(Self(token))
    }

    /// Who it says issued it: to find whose keys verify it, and for nothing else.
    pub fn claimed_issuer(&self) -> Result<&str, Rejected> {
        self.0.text("iss")
    }

    /// Whether the keys have the one that it names.
    pub fn is_key_in(&self, keys: &KeySet) -> Result<bool, Rejected> {
        Ok(keys.find(self.0.header("kid")?).is_some())
    }

    /// Checks it against an issuer; gives its claims and its end.
    pub fn verify(
        self,
        issuer: &TrustedIssuer,
        keys: &KeySet,
        now: OffsetDateTime,
    ) -> Result<(Map<String, Value>, OffsetDateTime), Rejected> {
        let token = self.0;
        let key = keys.find(token.header("kid")?).ok_or(Rejected::UnknownKey)?;
        let named = token.header("alg")?.ok_or(Rejected::Algorithm)?;
        let algorithm = key.algorithms.iter().find(|algorithm| name_of(**algorithm) == named);
        token.check_signature(&key.decoding, *algorithm.ok_or(Rejected::Algorithm)?)?;

        if token.text("iss")? != issuer.issuer {
            return Err(Rejected::Claim("iss"));
        }
        // For several audiences at once: another of them could use it here.
        let audience = match token.claims.get("aud") {
            Some(Value::String(one)) => Some(one.as_str()),
            Some(Value::Array(all)) => match all.as_slice() {
                [one] => one.as_str(),
                _ => None,
            },
            _ => None,
        };
        if audience != Some(issuer.audience.as_str()) {
            return Err(Rejected::Claim("aud"));
        }
        let (issued, end) = (token.seconds("iat")?, token.seconds("exp")?);
        let (begin, now) = (token.find_seconds("nbf")?.unwrap_or(issued), now.unix_timestamp());
        if end <= now {
            return Err(Rejected::Expired);
        }
        if begin > now + LEEWAY || issued > now + LEEWAY {
            return Err(Rejected::NotYet);
        }
        if now - issued > AGE_MAX {
            return Err(Rejected::TooOld);
        }
        Ok((token.claims, moment(end)))
    }
}
