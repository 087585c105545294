//! Rules of trusted issuers: which of their tokens stand for whom.

use serde_json::{Map, Value};

use crate::domain::access::{IssuerRule, TrustedIssuer};
use crate::domain::names::UserName;
use crate::domain::patterns;

/// A piece of the name of a user in a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Claim(&'a str),
}

/// Why the text of a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// A brace without its other one, or nothing between them.
    #[error("must have the name of a claim between each pair of braces")]
    Braces,
    /// No name could come out of it.
    #[error("{0}")]
    Name(String),
}

impl TrustedIssuer {
    /// The user that claims stand for: the first rule that fits decides. None when none fits; an error when its name does not
    /// come to one of a user.
    #[must_use]
    pub fn find_user(&self, claims: &Map<String, Value>) -> Option<Result<UserName, String>> {
        self.rules.iter().find(|rule| rule.fits(claims)).map(|rule| rule.name_user(claims))
    }
}

impl IssuerRule {
    /// Whether all its claims match.
    #[must_use]
    pub fn fits(&self, claims: &Map<String, Value>) -> bool {
        !self.claims.is_empty()
            && self.claims.iter().all(|(name, glob)| find(claims, name).is_some_and(|value| matches(value, glob)))
    }

    /// The user that it names, with the claims inserted.
    fn name_user(&self, claims: &Map<String, Value>) -> Result<UserName, String> {
        let mut name = String::new();
        for piece in pieces(&self.user).map_err(|error| error.to_string())? {
            match piece {
                Piece::Text(text) => name.push_str(text),
                Piece::Claim(claim) => {
                    let value = find(claims, claim).and_then(Value::as_str);
                    name.push_str(value.ok_or_else(|| format!("the claim {claim} is missing or no text"))?);
                }
            }
        }
        UserName::parse(&name).map_err(|error| format!("{name:?} cannot be the name of a user: {error}"))
    }

    /// The user that it names, when that does not depend on claims.
    #[must_use]
    pub fn plain_user(&self) -> Option<UserName> {
        UserName::parse(&self.user).ok()
    }

    /// Whether it may come to name this user.
    #[must_use]
    pub fn may_name(&self, user: &UserName) -> bool {
        let Ok(pieces) = pieces(&self.user) else { return false };
        let glob: String = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text } else { "*" }).collect();
        patterns::matches(&glob, user.as_str())
    }

    /// Checks the name of its user.
    pub fn check_user(&self) -> Result<(), BadRule> {
        let pieces = pieces(&self.user)?;
        // A claim may come to anything: with a letter for each, the rest must be fit for a name.
        let shape: String = pieces.iter().map(|piece| if let Piece::Text(text) = piece { text } else { "x" }).collect();
        UserName::parse(&shape).map(drop).map_err(|error| BadRule::Name(error.to_string()))
    }
}

/// A claim by its name, or by a JSON Pointer.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let Some(path) = name.strip_prefix('/') else { return claims.get(name) };
    let mut steps = path.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
    let first = claims.get(&steps.next()?)?;
    steps.try_fold(first, |value, step| match value {
        Value::Object(object) => object.get(&step),
        Value::Array(array) => {
            let digits = step.bytes().all(|byte| byte.is_ascii_digit());
            array.get(step.parse::<usize>().ok().filter(|_| digits)?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    })
}

/// Whether a claim matches; of a list, whether one of it does.
fn matches(value: &Value, glob: &str) -> bool {
    match value {
        Value::String(text) => patterns::matches(glob, text),
        Value::Bool(_) | Value::Number(_) => patterns::matches(glob, &value.to_string()),
        Value::Array(values) => values.iter().any(|value| value.as_str().is_some_and(|t| patterns::matches(glob, t))),
        Value::Null | Value::Object(_) => false,
    }
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, BadRule> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (claim, after) = after.split_once('}').ok_or(BadRule::Braces)?;
        if claim.is_empty() || claim.contains('{') || before.contains('}') {
            return Err(BadRule::Braces);
        }
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Claim(claim));
        rest = after;
    }
    if rest.contains('}') {
        return Err(BadRule::Braces);
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::domain::access::IssuerKeys;

    fn rule(claims: &[(&str, &str)], user: &str) -> IssuerRule {
        let claims: BTreeMap<_, _> = claims.iter().map(|(name, glob)| ((*name).into(), (*glob).into())).collect();
        IssuerRule { claims, user: user.to_owned(), groups: Vec::new() }
    }

    fn claims() -> Map<String, Value> {
        let claims = json!({
            "sub": "system:serviceaccount:orders:web",
            "kubernetes.io": {"namespace": "orders", "serviceaccount": {"name": "web"}},
            "ref_protected": true, "run": 7, "groups": ["a", "ci-b"], "a/b": "slash", "upper": "ORDERS", "none": null,
        });
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn claims_match_by_name_or_pointer_and_glob() {
        for (claim, glob, expected) in [
            ("sub", "system:serviceaccount:orders:*", true),
            ("sub", "system:serviceaccount:orders", false),
            ("/kubernetes.io/namespace", "orders", true),
            ("/kubernetes.io/serviceaccount/name", "w*b", true),
            ("/a~1b", "slash", true),
            ("/groups/1", "ci-*", true),
            ("/groups/+1", "ci-*", false),
            ("groups", "ci-*", true),
            ("groups", "c", false),
            ("ref_protected", "true", true),
            ("run", "7", true),
            ("none", "*", false),
            ("kubernetes.io", "*", false),
            ("absent", "*", false),
            ("/absent/x", "*", false),
        ] {
            assert_eq!(rule(&[(claim, glob)], "u").fits(&claims()), expected, "{claim} {glob}");
        }
        assert!(rule(&[("sub", "*"), ("run", "7")], "u").fits(&claims()));
        assert!(!rule(&[("sub", "*"), ("run", "8")], "u").fits(&claims()), "all must match");
        assert!(!rule(&[], "u").fits(&claims()), "a rule without claims fits nobody");
    }

    #[test]
    fn the_first_rule_that_fits_names_the_user() {
        let by = |rules| TrustedIssuer {
            name: "k8s".to_owned(),
            issuer: "i".to_owned(),
            audience: "a".to_owned(),
            keys: IssuerKeys::Url(String::new()),
            rules,
        };
        let name = "k8s-{/kubernetes.io/namespace}.{/kubernetes.io/serviceaccount/name}";
        let issuer = by(vec![rule(&[("run", "8")], "no"), rule(&[("run", "7")], name), rule(&[("run", "*")], "late")]);
        assert_eq!(issuer.find_user(&claims()).unwrap().unwrap().as_str(), "k8s-orders.web");
        assert_eq!(by(vec![rule(&[("run", "8")], "no")]).find_user(&claims()), None);
        for bad in ["{sub}", "{run}", "{absent}", "{upper}"] {
            let found = by(vec![rule(&[("run", "7")], bad), rule(&[("run", "7")], "next")]).find_user(&claims());
            assert!(found.unwrap().is_err(), "{bad}: it does not fall through to the next rule");
        }
    }

    #[test]
    fn a_rule_says_whom_it_may_name() {
        let name = |text: &str| UserName::parse(text).unwrap();
        let templated = rule(&[], "ci-{project}");
        assert_eq!(templated.plain_user(), None);
        assert!(templated.may_name(&name("ci-web")) && !templated.may_name(&name("web")));
        assert_eq!(rule(&[], "web").plain_user(), Some(name("web")));
        assert!(rule(&[], "web").may_name(&name("web")));
        for good in ["web", "{a}", "ci-{a}", "{a}-{/b/c}"] {
            assert_eq!(rule(&[], good).check_user(), Ok(()), "{good}");
        }
        for bad in ["", "{", "}", "{}", "a}b", "{a}}", "{a{b}}", "Web", "-{a}", "a b"] {
            assert!(rule(&[], bad).check_user().is_err(), "{bad}");
        }
    }
}
