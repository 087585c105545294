//! From claims to a user and its groups: pure.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::access::{Access, IdentityProvider, UserKind};
use crate::domain::audit::Event;
use crate::domain::names::{GroupName, NAME_BYTES, UserName};
use crate::service::ServiceError;
use crate::service::oidc::protocol::Claims;
use crate::service::oidc::refused;
use crate::store::{Op, Step};

/// A person as a provider vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: Uuid,
    pub(super) name: UserName,
    subject: String,
    /// Whether it is here already.
    known: bool,
    groups: BTreeSet<GroupName>,
}

impl Person {
    /// Who it is here: the user whom this provider vouched for before, or a new one. Never one with the same name that is known in
    /// another way.
    pub(super) fn find(
        access: &Access,
        provider: &IdentityProvider,
        claims: &Claims,
        new: Uuid,
    ) -> Result<Self, ServiceError> {
        let is_same = |vouched: &(String, String)| vouched.0 == provider.name && vouched.1 == claims.subject;
        let subject = claims.subject.clone();
        let groups = groups(provider, claims);
        if let Some(user) = access.users().find(|user| user.vouched.as_ref().is_some_and(is_same)) {
            if user.disabled {
                return Err(refused("this account is disabled"));
            }
            return Ok(Self { id: user.id, name: user.name.clone(), subject, known: true, groups });
        }
        let name = claims.all.get(&provider.name_claim).and_then(Value::as_str).and_then(fit);
        let name = name.ok_or_else(|| refused("the provider gives no name that could be yours here"))?;
        if access.find_user_by_name(&name).is_some() {
            return Err(refused(&format!("there is another user {name} here; ask an administrator for help")));
        }
        Ok(Self { id: new, name, subject, known: false, groups })
    }

    /// Makes the person, and puts it into exactly the groups that the provider says.
    pub(super) fn steps(&self, access: &Access, provider: &IdentityProvider) -> Vec<Step> {
        let target = format!("user:{}", self.name);
        let mut steps = Vec::new();
        if !self.known {
            let op = Op::CreateUser {
                id: self.id,
                name: self.name.clone(),
                kind: UserKind::Person,
                password_hash: None,
                one_time: false,
                provider: Some(provider.name.clone()),
                subject: Some(self.subject.clone()),
            };
            let after = json!({"kind": "person", "provider": provider.name, "subject": self.subject});
            steps.push(Step { event: Event::new("create_user", target.clone()).after(after), op });
        }
        let memberships = access.memberships(self.id).iter();
        let present: BTreeSet<GroupName> = memberships
            .filter(|membership| membership.source == provider.name)
            .map(|membership| membership.group.clone())
            .collect();
        let about = |group: &GroupName| json!({"group": group, "source": provider.name});
        for group in self.groups.difference(&present) {
            let event = Event::new("add_member", target.clone()).after(about(group));
            let source = provider.name.clone();
            steps.push(Step { event, op: Op::AddMember { group_name: group.clone(), user_id: self.id, source } });
        }
        for group in present.difference(&self.groups) {
            let event = Event::new("remove_member", target.clone()).before(about(group));
            let source = provider.name.clone();
            steps.push(Step { event, op: Op::RemoveMember { group_name: group.clone(), user_id: self.id, source } });
        }
        steps
    }
}

/// The groups that a claim means here; what is not mapped means none.
fn groups(provider: &IdentityProvider, claims: &Claims) -> BTreeSet<GroupName> {
    let Some(claim) = provider.groups_claim.as_ref().and_then(|name| claims.all.get(name)) else {
        return BTreeSet::new();
    };
    let values: Vec<&str> = match claim {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    let group = |value: &str| {
        if provider.groups.is_empty() { GroupName::parse(value).ok() } else { provider.groups.get(value).cloned() }
    };
    values.into_iter().filter_map(group).collect()
}

/// A name as user names are written here: small letters, and `-` for what they cannot have.
fn fit(name: &str) -> Option<UserName> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    let name: String =
        name.trim().chars().flat_map(char::to_lowercase).map(|c| if fits(c) { c } else { '-' }).collect();
    let ends = |c: char| !c.is_ascii_alphanumeric();
    let name = name.trim_matches(ends);
    let name = name.get(..name.len().min(NAME_BYTES))?.trim_end_matches(ends);
    UserName::parse(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{LOCAL, Membership, Parts, User};
    use serde_json::Map;

    fn provider() -> IdentityProvider {
        IdentityProvider {
            name: "corp".to_owned(),
            issuer: "https://id.example.com".to_owned(),
            client_id: "pintle".to_owned(),
            sealed_secret: None,
            scopes: Vec::new(),
            name_claim: "preferred_username".to_owned(),
            groups_claim: Some("groups".to_owned()),
            groups: [("Platform Team".to_owned(), group("platform"))].into(),
        }
    }

    fn group(name: &str) -> GroupName {
        GroupName::parse(name).unwrap()
    }

    fn claims(name: &str, groups: &Value) -> Claims {
        let mut all = Map::new();
        all.insert("preferred_username".to_owned(), name.into());
        all.insert("groups".to_owned(), groups.clone());
        Claims { subject: "s-1".to_owned(), all }
    }

    fn access(users: Vec<User>, members: Vec<Membership>) -> Access {
        Access::new(Parts { users, members, ..Parts::default() })
    }

    fn vera(vouched: Option<(&str, &str)>) -> User {
        let user = User::person(Uuid::from_u128(7), UserName::parse("vera").unwrap());
        User { vouched: vouched.map(|(provider, subject)| (provider.to_owned(), subject.to_owned())), ..user }
    }

    const NEW: Uuid = Uuid::from_u128(9);

    #[test]
    fn a_name_is_made_to_fit() {
        for (given, fitting) in [
            ("vera", Some("vera")),
            ("Vera Smith", Some("vera-smith")),
            (" vera@example.com ", Some("vera-example.com")),
            ("-_vera_-", Some("vera")),
            ("ÄÖ", None),
            ("", None),
        ] {
            assert_eq!(fit(given).map(|name| name.to_string()).as_deref(), fitting, "{given:?}");
        }
        assert_eq!(fit(&"a".repeat(100)).unwrap().as_str().len(), NAME_BYTES);
    }

    #[test]
    fn a_person_is_known_by_provider_and_subject_and_by_nothing_else() {
        let known = access(vec![vera(Some(("corp", "s-1")))], vec![]);
        let found = Person::find(&known, &provider(), &claims("renamed", &json!([])), NEW).unwrap();
        assert_eq!((found.id, found.name.as_str()), (Uuid::from_u128(7), "vera"));
        for other in [vera(None), vera(Some(("corp", "s-2"))), vera(Some(("other", "s-1")))] {
            let taken = Person::find(&access(vec![other], vec![]), &provider(), &claims("vera", &json!([])), NEW);
            assert!(matches!(taken, Err(ServiceError::LoginRefused(_))), "{taken:?}");
        }
        let new = Person::find(&access(vec![], vec![]), &provider(), &claims("vera", &json!([])), NEW).unwrap();
        assert_eq!(new.id, NEW);
    }

    #[test]
    fn a_disabled_user_is_refused() {
        let disabled = User { disabled: true, ..vera(Some(("corp", "s-1"))) };
        let refused = Person::find(&access(vec![disabled], vec![]), &provider(), &claims("vera", &json!([])), NEW);
        assert!(matches!(refused, Err(ServiceError::LoginRefused(_))));
    }

    #[test]
    fn only_mapped_groups_count_and_memberships_of_other_sources_stay() {
        let member =
            |name, source: &str| Membership { group: group(name), user: Uuid::from_u128(7), source: source.to_owned() };
        let access = access(vec![vera(Some(("corp", "s-1")))], vec![member("old", "corp"), member("mine", LOCAL)]);
        let said = claims("vera", &json!(["Platform Team", "admins", "platform", 7]));
        let person = Person::find(&access, &provider(), &said, NEW).unwrap();
        let steps: Vec<_> = person.steps(&access, &provider()).into_iter().map(|step| step.event.action).collect();
        assert_eq!(steps, ["add_member", "remove_member"]);
        assert_eq!(person.groups, [group("platform")].into());
        assert!(groups(&provider(), &claims("vera", &json!({"a": 1}))).is_empty());
        let open = IdentityProvider { groups: [].into(), ..provider() };
        assert_eq!(groups(&open, &claims("vera", &json!("ops"))), [group("ops")].into());
    }
}
