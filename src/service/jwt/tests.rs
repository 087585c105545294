//! What a forged, stretched, moved or broken token comes to. The ids are those of the attack cases.

use proptest::prelude::*;
use serde_json::json;
use time::Duration;
use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::domain::access::{Access, IssuerKeys, Parts, SigningKey, TrustedIssuer};

const NOW: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);
const STORE: Uuid = Uuid::from_u128(1);
const USER: Uuid = Uuid::from_u128(2);
const TOKEN: Uuid = Uuid::from_u128(3);
const SEED: [u8; 32] = [7; 32];

fn public(seed: &[u8; 32]) -> [u8; 32] {
    ed25519_dalek::SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

fn key(id: &str, seed: [u8; 32], verifies_until: Option<OffsetDateTime>) -> SigningKey {
    SigningKey { id: id.to_owned(), public_key: public(&seed), sealed: [].into(), signs_from: NOW, verifies_until }
}

fn access() -> Access {
    let signing_keys = vec![key("k", SEED, None), key("old", [8; 32], Some(NOW))];
    Access::new(Parts { store: STORE, signing_keys, ..Parts::default() })
}

fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Signs whatever stands there.
fn sign(seed: [u8; 32], header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = ed25519_dalek::Signer::sign(&ed25519_dalek::SigningKey::from_bytes(&seed), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

const HEADER: &str = r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"k"}"#;

fn claims() -> Value {
    let now = NOW.unix_timestamp();
    json!({"iss": format!("urn:pintle:{STORE}"), "aud": format!("urn:pintle:{STORE}:api"), "sub": USER.to_string(),
           "tid": TOKEN.to_string(), "jti": Uuid::nil().to_string(), "iat": now, "nbf": now, "exp": now + 600})
}

fn with(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    claims.to_string()
}

fn without(name: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims.to_string()
}

fn outcome(text: &str) -> Result<OwnClaims, Rejected> {
    verify(text, &access(), NOW)
}

#[test]
fn a_token_that_was_issued_here_is_taken_until_its_end() {
    let until = |until| {
        let vouched = Vouched::ByToken(TOKEN);
        issue(STORE, ("k", &SEED), Uuid::nil(), (USER, &vouched), NOW, until)
    };
    let issued = until(None).unwrap();
    let expected = OwnClaims { user: USER, vouched: Vouched::ByToken(TOKEN), expires_at: NOW + Duration::minutes(10) };
    assert_eq!(issued.expires_at, expected.expires_at);
    assert_eq!(verify(&issued.text, &access(), NOW), Ok(expected.clone()));
    assert_eq!(verify(&issued.text, &access(), NOW + Duration::seconds(599)), Ok(expected.clone()));
    assert_eq!(verify(&issued.text, &access(), NOW + Duration::seconds(600)), Err(Rejected::Expired));
    assert_eq!(verify(&issued.text, &access(), NOW - Duration::seconds(30)), Ok(expected));
    assert_eq!(verify(&issued.text, &access(), NOW - Duration::seconds(31)), Err(Rejected::NotYet));
    assert_eq!(outcome(&sign(SEED, HEADER, &claims().to_string())), outcome(&issued.text), "the tests sign alike");
    // Never beyond what it is made from.
    let soon = NOW + Duration::seconds(90);
    assert_eq!(until(Some(soon)).unwrap().expires_at, soon);
    assert_eq!(until(Some(NOW)), None);
    assert_eq!(until(Some(NOW + Duration::days(9))).unwrap().expires_at, NOW + Duration::minutes(10));
    assert!(!format!("{issued:?}").contains(&issued.text));
}

#[test]
fn an_issuer_vouches_by_its_name() {
    let vouched = Vouched::ByIssuer("k8s".to_owned());
    let issued = issue(STORE, ("k", &SEED), Uuid::nil(), (USER, &vouched), NOW, None).unwrap();
    assert_eq!(outcome(&issued.text).unwrap().vouched, vouched);
}

#[test]
fn headers_that_ask_for_trust_get_none() {
    let public_hex = encode(std::str::from_utf8(&[b'x'; 32]).unwrap());
    let jwk = format!(
        r#"{{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"k","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{public_hex}"}}}}"#
    );
    for (case, header, expected) in [
        ("J01 none", r#"{"alg":"none","typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Algorithm),
        ("J01 None", r#"{"alg":"None","typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Algorithm),
        ("J02 HS256", r#"{"alg":"HS256","typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Algorithm),
        ("other alg", r#"{"alg":"RS256","typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Algorithm),
        ("alg of case", r#"{"alg":"eddsa","typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Algorithm),
        ("no alg", r#"{"typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Algorithm),
        ("alg no text", r#"{"alg":["EdDSA"],"typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Header),
        ("J08 unknown kid", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"x"}"#, Rejected::UnknownKey),
        ("J09 path kid", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"../../dev/null"}"#, Rejected::UnknownKey),
        ("J09 SQL kid", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"' OR 1=1 --"}"#, Rejected::UnknownKey),
        ("kid no text", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":1}"#, Rejected::Header),
        ("no kid", r#"{"alg":"EdDSA","typ":"pintle-access+jwt"}"#, Rejected::Header),
        ("J10 jwk", jwk.as_str(), Rejected::Header),
        ("J11 jku", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"k","jku":"https://evil"}"#, Rejected::Header),
        ("x5u", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"k","x5u":"https://evil"}"#, Rejected::Header),
        ("crit", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"k","crit":["x"]}"#, Rejected::Header),
        ("b64", r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"k","b64":false}"#, Rejected::Header),
        ("J13 other typ", r#"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#, Rejected::Header),
        ("no typ", r#"{"alg":"EdDSA","kid":"k"}"#, Rejected::Header),
        ("two algs", r#"{"alg":"EdDSA","alg":"none","typ":"pintle-access+jwt","kid":"k"}"#, Rejected::Json),
        ("no object", r#"["EdDSA"]"#, Rejected::Json),
    ] {
        assert_eq!(outcome(&sign(SEED, header, &claims().to_string())), Err(expected), "{case}");
    }
    let retired = r#"{"alg":"EdDSA","typ":"pintle-access+jwt","kid":"old"}"#;
    let token = sign([8; 32], retired, &claims().to_string());
    assert_eq!(outcome(&token), Err(Rejected::UnknownKey), "J12 retired key");
    assert_eq!(verify(&token, &access(), NOW - Duration::seconds(1)).map(|claims| claims.user), Ok(USER));
}

#[test]
fn a_signature_of_anything_else_is_wrong() {
    let good = sign(SEED, HEADER, &claims().to_string());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let moved = sign(SEED, HEADER, &with("sub", json!(Uuid::nil())));
    let hmac = jsonwebtoken::crypto::sign(
        message.as_bytes(),
        &jsonwebtoken::EncodingKey::from_secret(&public(&SEED)),
        Algorithm::HS256,
    );
    for (case, text) in [
        ("another key", sign([9; 32], HEADER, &claims().to_string())),
        ("signature of another token", format!("{message}.{}", moved.rsplit_once('.').unwrap().1)),
        ("J02 HMAC with the public key", format!("{message}.{}", hmac.unwrap())),
        ("no signature", format!("{message}.")),
        ("a short one", format!("{message}.{}", &signature[..40])),
        ("zeros", format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
    ] {
        assert_eq!(outcome(&text), Err(Rejected::Signature), "{case}");
    }
    for text in ["", ".", "a.b", "a.b.c.d", &format!("{good}="), &good.replace('.', "!"), &format!("{good}.")] {
        assert_eq!(outcome(text), Err(Rejected::Shape), "{text}");
    }
    let long = sign(SEED, HEADER, &with("x", json!("a".repeat(10_000_000))));
    assert_eq!(outcome(&long), Err(Rejected::TooLong), "J15");
}

#[test]
fn claims_are_all_there_and_of_their_types() {
    let store = format!("urn:pintle:{STORE}");
    let audience = format!("{store}:api");
    let now = NOW.unix_timestamp();
    for (case, claims, expected) in [
        ("J03 exp as text", with("exp", json!((now + 600).to_string())), Rejected::Claim("exp")),
        ("exp null", with("exp", Value::Null), Rejected::Claim("exp")),
        ("exp as float", with("exp", json!(1.5e9)), Rejected::Claim("exp")),
        ("exp negative", with("exp", json!(-1)), Rejected::Claim("exp")),
        ("no exp", without("exp"), Rejected::Claim("exp")),
        ("J04 nbf as text", with("nbf", json!("0")), Rejected::Claim("nbf")),
        ("no nbf", without("nbf"), Rejected::Claim("nbf")),
        ("no iat", without("iat"), Rejected::Claim("iat")),
        ("J05 no aud", without("aud"), Rejected::Claim("aud")),
        ("J06 aud array", with("aud", json!([audience, "other"])), Rejected::Claim("aud")),
        ("aud array of one", with("aud", json!([audience])), Rejected::Claim("aud")),
        ("J07 iss with a slash", with("iss", json!(format!("{store}/"))), Rejected::Claim("iss")),
        ("J16 another store", with("iss", json!(format!("urn:pintle:{}", Uuid::nil()))), Rejected::Claim("iss")),
        ("no iss", without("iss"), Rejected::Claim("iss")),
        ("no sub", without("sub"), Rejected::Claim("sub")),
        ("sub no id", with("sub", json!("admin")), Rejected::Claim("sub")),
        ("no jti", without("jti"), Rejected::Claim("jti")),
        ("nobody vouches", without("tid"), Rejected::Claim("tid")),
        ("two vouch", with("isr", json!("k8s")), Rejected::Claim("tid")),
        ("J17 exp year 9999", with("exp", json!(253_402_300_799_i64)), Rejected::TooOld),
        ("exp beyond", with("exp", json!(253_402_300_800_i64)), Rejected::Claim("exp")),
        ("exp beyond all", with("exp", json!(u64::MAX)), Rejected::Claim("exp")),
        ("iat far back", with("iat", json!(0)), Rejected::TooOld),
        ("lives 11 minutes", with("exp", json!(now + 660)), Rejected::TooOld),
        ("nbf ahead", with("nbf", json!(now + 31)), Rejected::NotYet),
        ("iat ahead", with("iat", json!(now + 31)), Rejected::NotYet),
        ("over", with("exp", json!(now)), Rejected::Expired),
    ] {
        assert_eq!(outcome(&sign(SEED, HEADER, &claims)), Err(expected), "{case}");
    }
    let text = claims().to_string();
    for (case, claims) in [
        ("J04 nbf 1e400", text.replace(&format!("\"nbf\":{now}"), "\"nbf\":1e400")),
        ("J14 duplicate", text.replacen('{', &format!("{{\"sub\":\"{}\",", Uuid::nil()), 1)),
        ("duplicate by escape", text.replacen('{', "{\"\\u0073ub\":1,", 1)),
        ("duplicate below", text.replacen('{', "{\"x\":{\"a\":1,\"a\":2},", 1)),
        ("two documents", format!("{text}{{}}")),
        ("deep", text.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(500), "]".repeat(500)), 1)),
        ("no object", "[]".to_owned()),
        ("no JSON", "nothing".to_owned()),
    ] {
        assert_eq!(outcome(&sign(SEED, HEADER, &claims)), Err(Rejected::Json), "{case}");
    }
}

fn okp(kid: &str, seed: [u8; 32]) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": URL_SAFE_NO_PAD.encode(public(&seed))})
}

fn trusted(keys: &Value) -> TrustedIssuer {
    TrustedIssuer {
        name: "ci".to_owned(),
        issuer: "https://ci.example.com".to_owned(),
        audience: "pintle".to_owned(),
        keys: IssuerKeys::Set(keys.clone()),
        rules: Vec::new(),
    }
}

fn foreign(text: &str, keys: &Value) -> Result<Map<String, Value>, Rejected> {
    let token = ForeignToken::parse(text)?;
    token.verify(&trusted(keys), &KeySet::parse(keys).unwrap(), NOW).map(|(claims, _)| claims)
}

fn foreign_claims() -> Value {
    let now = NOW.unix_timestamp();
    json!({"iss": "https://ci.example.com", "aud": "pintle", "sub": "job:1", "iat": now - 60, "exp": now + 3600})
}

#[test]
fn a_foreign_token_is_verified_by_the_key_that_it_names() {
    let keys = json!({"keys": [okp("a", [1; 32]), okp("b", [2; 32])]});
    let text = foreign_claims().to_string();
    let by = |seed, header: &str| foreign(&sign(seed, header, &text), &keys);
    assert_eq!(by([2; 32], r#"{"alg":"EdDSA","kid":"b"}"#).unwrap()["sub"], "job:1");
    assert_eq!(by([2; 32], r#"{"alg":"EdDSA","kid":"b","typ":"JWT"}"#).unwrap()["sub"], "job:1");
    for (case, header, expected) in [
        ("another key", r#"{"alg":"EdDSA","kid":"a"}"#, Rejected::Signature),
        ("unknown", r#"{"alg":"EdDSA","kid":"c"}"#, Rejected::UnknownKey),
        ("none named of two", r#"{"alg":"EdDSA"}"#, Rejected::UnknownKey),
        ("none", r#"{"alg":"none","kid":"b"}"#, Rejected::Algorithm),
        ("HS256", r#"{"alg":"HS256","kid":"b"}"#, Rejected::Algorithm),
        ("RS256", r#"{"alg":"RS256","kid":"b"}"#, Rejected::Algorithm),
        ("empty", r#"{"alg":"","kid":"b"}"#, Rejected::Algorithm),
        ("jku", r#"{"alg":"EdDSA","kid":"b","jku":"https://evil"}"#, Rejected::Header),
        ("jwk", r#"{"alg":"EdDSA","kid":"b","jwk":{}}"#, Rejected::Header),
        ("x5c", r#"{"alg":"EdDSA","kid":"b","x5c":[]}"#, Rejected::Header),
        ("crit", r#"{"alg":"EdDSA","kid":"b","crit":[]}"#, Rejected::Header),
        ("one of ours", r#"{"alg":"EdDSA","kid":"b","typ":"pintle-access+jwt"}"#, Rejected::Header),
    ] {
        assert_eq!(by([2; 32], header), Err(expected), "{case}");
    }
    let only = json!({"keys": [okp("a", [1; 32])]});
    assert!(foreign(&sign([1; 32], r#"{"alg":"EdDSA"}"#, &text), &only).is_ok(), "no kid, one key");
}

#[test]
fn a_foreign_token_is_for_us_alone_and_of_this_day() {
    let keys = json!({"keys": [okp("a", [1; 32])]});
    let now = NOW.unix_timestamp();
    let with = |name: &str, value: Value| {
        let mut claims = foreign_claims();
        claims[name] = value;
        foreign(&sign([1; 32], r#"{"alg":"EdDSA","kid":"a"}"#, &claims.to_string()), &keys).map(drop)
    };
    assert_eq!(with("aud", json!(["pintle"])), Ok(()), "as Kubernetes writes it");
    assert_eq!(with("nbf", json!(now + 30)), Ok(()));
    for (name, value, expected) in [
        ("aud", json!(["pintle", "other"]), Rejected::Claim("aud")),
        ("aud", json!([]), Rejected::Claim("aud")),
        ("aud", json!("pintle2"), Rejected::Claim("aud")),
        ("aud", Value::Null, Rejected::Claim("aud")),
        ("iss", json!("https://ci.example.com/"), Rejected::Claim("iss")),
        ("exp", json!(now), Rejected::Expired),
        ("exp", json!("never"), Rejected::Claim("exp")),
        ("exp", Value::Null, Rejected::Claim("exp")),
        ("iat", Value::Null, Rejected::Claim("iat")),
        ("nbf", json!(now + 31), Rejected::NotYet),
        ("nbf", json!("0"), Rejected::Claim("nbf")),
        ("iat", json!(now + 31), Rejected::NotYet),
        ("iat", json!(now - 24 * 3600 - 1), Rejected::TooOld),
    ] {
        assert_eq!(with(name, value.clone()), Err(expected), "{name} {value}");
    }
}

/// RFC 7515, appendix A.2; its claims have no audience, which is looked at after the signature.
#[test]
fn an_rsa_signature_is_the_one_of_the_standard() {
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ\
             S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2\
             R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcD\
             TW9gb54h4FRWyuXpoQ";
    let text = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0\
                cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9u\
                JdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc\
                OLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVr\
                Bp0igcN_IoypGlUPQGe77Rw";
    let rsa = json!({"keys": [{"kty": "RSA", "n": n, "e": "AQAB"}]});
    assert_eq!(foreign(text, &rsa), Err(Rejected::Claim("iss")), "the signature is right");
    assert_eq!(foreign(&text.replace("cC4hi", "cC4hj"), &rsa), Err(Rejected::Signature));
    let other = json!({"keys": [{"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS512"}]});
    assert_eq!(foreign(text, &other), Err(Rejected::Algorithm), "the key is for another algorithm");
}

#[test]
fn an_elliptic_signature_is_verified_on_its_own_curve() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let point = rcgen::PublicKeyData::der_bytes(&pair).to_vec();
    let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..65]));
    let message = format!("{}.{}", encode(r#"{"alg":"ES256"}"#), encode(&foreign_claims().to_string()));
    let private = jsonwebtoken::EncodingKey::from_ec_der(&pair.serialize_der());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &private, Algorithm::ES256).unwrap();
    let text = format!("{message}.{signature}");
    let key = |curve: &str| json!({"keys": [{"kty": "EC", "crv": curve, "x": x, "y": y}]});
    assert_eq!(foreign(&text, &key("P-256")).unwrap()["sub"], "job:1");
    assert_eq!(KeySet::parse(&key("P-384")).unwrap_err(), BadKeys::Nothing);
    let swapped = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": y, "y": x}]});
    assert_eq!(foreign(&text, &swapped), Err(Rejected::Signature), "a point that is not on the curve");
}

#[test]
fn a_key_set_has_public_keys_that_verify() {
    for (set, expected) in [
        (json!({}), BadKeys::Shape),
        (json!([]), BadKeys::Shape),
        (json!({"keys": {}}), BadKeys::Shape),
        (json!({"keys": vec![okp("a", [1; 32]); 101]}), BadKeys::Shape),
        (json!({"keys": []}), BadKeys::Nothing),
        (json!({"keys": [null, 1, "a", {}]}), BadKeys::Nothing),
        (json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}), BadKeys::Private),
        (json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "d": "AAAA"}]}), BadKeys::Private),
        (json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]}), BadKeys::Nothing),
        (json!({"keys": [{"kty": "OKP", "crv": "X25519", "x": okp("a", [1; 32])["x"]}]}), BadKeys::Nothing),
        (json!({"keys": [{"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 128]), "e": "AQAB"}]}), BadKeys::Nothing),
        (json!({"keys": [{"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 1024]), "e": "AQAB"}]}), BadKeys::Nothing),
    ] {
        assert_eq!(KeySet::parse(&set).unwrap_err(), expected, "{set}");
    }
    let mut encrypts = okp("a", [1; 32]);
    encrypts["use"] = json!("enc");
    assert_eq!(KeySet::parse(&json!({"keys": [encrypts]})).unwrap_err(), BadKeys::Nothing);
    assert!(KeySet::parse(&json!({"keys": [{"kty": "unknown"}, okp("a", [1; 32])]})).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_breaks_the_verifier(text in "\\PC{0,200}|[A-Za-z0-9_.-]{0,300}") {
        prop_assert!(outcome(&text).is_err());
        let keys = json!({"keys": [okp("a", [1; 32])]});
        prop_assert!(foreign(&text, &keys).is_err());
    }

    #[test]
    fn no_signed_claims_break_the_verifier(header in "\\PC{0,80}", claims in "\\PC{0,200}", name in "iss|aud|exp|iat|sub", text in "\\PC{0,40}", number in any::<i64>()) {
        let _ = outcome(&sign(SEED, &header, &claims));
        let token = sign(SEED, HEADER, &with(&name, json!(text)));
        prop_assert!(outcome(&token).is_err());
        let _ = outcome(&sign(SEED, HEADER, &with(&name, json!(number))));
        let keys = json!({"keys": [okp("a", [1; 32])]});
        let _ = foreign(&sign([1; 32], r#"{"alg":"EdDSA"}"#, &claims), &keys);
        let mut stretched = foreign_claims();
        stretched[&name] = json!(number);
        let _ = foreign(&sign([1; 32], r#"{"alg":"EdDSA"}"#, &stretched.to_string()), &keys);
    }

    #[test]
    fn no_key_breaks_the_parser(kind in "RSA|EC|OKP|oct|\\PC{0,5}", curve in "P-256|P-384|Ed25519|\\PC{0,5}", x in "[A-Za-z0-9_-]{0,90}", y in "[A-Za-z0-9_-]{0,90}") {
        let set = json!({"keys": [{"kty": kind, "crv": curve, "x": x, "y": y, "n": x, "e": y}, okp("a", [1; 32])]});
        let keys = KeySet::parse(&set).unwrap();
        let token = sign([1; 32], r#"{"alg":"EdDSA","kid":"a"}"#, &foreign_claims().to_string());
        prop_assert!(ForeignToken::parse(&token).unwrap().verify(&trusted(&set), &keys, NOW).is_ok());
    }

    #[test]
    fn one_changed_byte_is_noticed(at in 0_usize..400, to in any::<u8>()) {
        let good = sign(SEED, HEADER, &claims().to_string());
        let mut bytes = good.clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(outcome(&text).is_err());
        }
    }
}
