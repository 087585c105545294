//! Trusted issuers: kept by whoever operates the store.

use serde_json::{Value, json};

use crate::domain::access::{Access, Caller, IssuerKeys, LOCAL, Subject, Target, TrustedIssuer, User, UserKind};
use crate::domain::audit::{Event, Who};
use crate::domain::names::UserName;
use crate::domain::refusals::Refused;
use crate::service::issuer_keys::check_address;
use crate::service::jwt::KeySet;
use crate::service::permit::{self, Administer, Permit};
use crate::service::tokens::{refuse_secrets_of, require_full};
use crate::service::{Field, Service, ServiceError};
use crate::store::{Op, Step};

/// Most issuers of a store.
const ISSUERS_MAX: u64 = 100;
/// Most rules of an issuer.
const RULES_MAX: usize = 50;
/// Most claims and most groups of a rule.
const PARTS_MAX: usize = 20;
/// Longest issuer, audience, address, claim or glob, in bytes.
const TEXT_MAX: usize = 512;
/// Largest key set, in bytes of JSON.
const KEYS_BYTES: usize = 64 * 1024;

impl Service {
    /// All issuers, by name.
    pub fn list_issuers(&self, _permit: &Permit<Administer>) -> Result<Vec<TrustedIssuer>, ServiceError> {
        Ok(self.state()?.access.issuers().to_vec())
    }

    /// One issuer.
    pub fn get_issuer(&self, _permit: &Permit<Administer>, name: &str) -> Result<TrustedIssuer, ServiceError> {
        let state = self.state()?;
        state.access.find_issuer(name).cloned().ok_or_else(|| ServiceError::NotFound(format!("issuer {name}")))
    }

    /// Makes an issuer, or replaces it. Says whether it is new.
    pub async fn put_issuer(&self, caller: &Caller, issuer: TrustedIssuer) -> Result<bool, ServiceError> {
        check(&issuer)?;
        self.change_access(&Who::of(caller), |access| {
            permit::require::<Administer>(access, caller, Target::Store)?;
            require_full(access, caller)?;
            let old = access.find_issuer(&issuer.name);
            if old == Some(&issuer) {
                return Ok((Vec::new(), false));
            }
            let same = access.issuers().iter().find(|other| other.issuer == issuer.issuer && other.name != issuer.name);
            if let Some(other) = same {
                let problem = format!("is that of {} already", other.name);
                return Err(ServiceError::Invalid(vec![Field::new("issuer", problem)]));
            }
            let wanted = access.issuers().len() as u64 + 1;
            if old.is_none() && wanted > ISSUERS_MAX {
                let (limit, target) = ("trusted_issuers", "the store".to_owned());
                return Err(Refused::OverLimit { limit, target, allowed: ISSUERS_MAX, wanted }.into());
            }
            refuse_foreign_secrets(access, caller, &issuer)?;
            let event = Event::new("put_issuer", format!("issuer:{}", issuer.name)).after(described(&issuer));
            let event = old.map_or_else(|| event.clone(), |old| event.clone().before(described(old)));
            Ok((vec![Step { event, op: columns(&issuer) }], old.is_none()))
        })
        .await
    }

    /// Trusts an issuer no more, which ends the tokens that were given for its own.
    pub async fn delete_issuer(&self, caller: &Caller, name: &str) -> Result<(), ServiceError> {
        self.change_access(&Who::of(caller), |access| {
            permit::require::<Administer>(access, caller, Target::Store)?;
            require_full(access, caller)?;
            let old = access.find_issuer(name).ok_or_else(|| ServiceError::NotFound(format!("issuer {name}")))?;
            let event = Event::new("delete_issuer", format!("issuer:{name}")).before(described(old));
            Ok((vec![Step { event, op: Op::DeleteIssuer { name: name.to_owned() } }], ()))
        })
        .await
    }
}

/// Nobody gets at secrets by vouching for a service that does, or by putting one into a group that does.
fn refuse_foreign_secrets(access: &Access, caller: &Caller, issuer: &TrustedIssuer) -> Result<(), ServiceError> {
    for rule in &issuer.rules {
        let named = |user: &&User| user.kind == UserKind::Service && rule.may_name(&user.name);
        refuse_secrets_of(access, caller, access.users().filter(named).flat_map(|user| access.grants_held(user.id)))?;
        for group in &rule.groups {
            refuse_secrets_of(access, caller, access.grants_of(&Subject::Group(group.clone())).iter())?;
        }
    }
    Ok(())
}

/// Checks what needs no rights; what is wrong is told together.
fn check(issuer: &TrustedIssuer) -> Result<(), ServiceError> {
    let mut wrong = Vec::new();
    if UserName::parse(&issuer.name).is_err() || issuer.name == LOCAL {
        let problem =
            "must have 1 to 64 of a-z, 0-9, '.', '_' and '-', begin and end with a-z or 0-9, and not be 'local'";
        wrong.push(Field::new("name", problem));
    }
    for (field, text) in [("issuer", &issuer.issuer), ("audience", &issuer.audience)] {
        if text.is_empty() || text.len() > TEXT_MAX || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            wrong.push(Field::new(field, format!("must have 1 to {TEXT_MAX} bytes without white space")));
        }
    }
    match &issuer.keys {
        IssuerKeys::Set(set) if set.to_string().len() > KEYS_BYTES => {
            wrong.push(Field::new("keys", format!("must have at most {KEYS_BYTES} bytes")));
        }
        IssuerKeys::Set(set) => wrong.extend(KeySet::parse(set).err().map(|e| Field::new("keys", e.to_string()))),
        IssuerKeys::Url(url) if url.len() > TEXT_MAX => {
            wrong.push(Field::new("keys_url", format!("must have at most {TEXT_MAX} bytes")));
        }
        IssuerKeys::Url(url) => {
            wrong.extend(check_address(url).err().map(|e| Field::new("keys_url", e.to_string())));
        }
    }
    if !(1..=RULES_MAX).contains(&issuer.rules.len()) {
        wrong.push(Field::new("rules", format!("must have 1 to {RULES_MAX} rules")));
    }
    for (nth, rule) in issuer.rules.iter().enumerate() {
        let mut bad = |field: &str, problem: String| wrong.push(Field::new(format!("rules[{nth}].{field}"), problem));
        let too_long = |text: &String| text.is_empty() || text.len() > TEXT_MAX || text.contains('\0');
        if !(1..=PARTS_MAX).contains(&rule.claims.len()) || rule.claims.iter().any(|(k, v)| too_long(k) || too_long(v))
        {
            bad("claims", format!("must have 1 to {PARTS_MAX} claims and globs of 1 to {TEXT_MAX} bytes"));
        }
        if let Err(error) = rule.check_user() {
            bad("user", error.to_string());
        }
        if rule.groups.len() > PARTS_MAX {
            bad("groups", format!("must have at most {PARTS_MAX} groups"));
        }
        if !rule.groups.is_empty() && rule.plain_user().is_none() {
            bad("groups", "must be empty where the user depends on claims".to_owned());
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(wrong)) }
}

fn columns(issuer: &TrustedIssuer) -> Op {
    let TrustedIssuer { name, issuer, audience, keys, rules } = issuer.clone();
    let (keys, keys_url) = match keys {
        IssuerKeys::Set(set) => (Some(set), None),
        IssuerKeys::Url(url) => (None, Some(url)),
    };
    Op::PutIssuer { name, issuer, audience, keys, keys_url, rules }
}

fn described(issuer: &TrustedIssuer) -> Value {
    let keys = match &issuer.keys {
        IssuerKeys::Set(set) => set.clone(),
        IssuerKeys::Url(url) => json!(url),
    };
    json!({"issuer": issuer.issuer, "audience": issuer.audience, "keys": keys, "rules": issuer.rules})
}
