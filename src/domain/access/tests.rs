//! Decisions over grants, memberships and scopes.

use super::*;
use crate::domain::names::EntryKey;
use time::macros::datetime;

const VERA: Uuid = Uuid::from_u128(1);
const TOKEN: Uuid = Uuid::from_u128(2);

fn place(environment: &str, namespace: &str, key_prefix: &str) -> Place {
    Place::parse(environment, namespace, key_prefix).unwrap()
}

fn grant(role: Role, place: Place) -> Grant {
    Grant::of_user(Uuid::nil(), VERA, role, place)
}

fn vera() -> User {
    User::person(VERA, UserName::parse("vera").unwrap())
}

fn access(grants: Vec<Grant>) -> Access {
    Access::new(Parts { users: vec![vera()], grants, ..Parts::default() })
}

fn decide(access: &Access, holder: Holder, action: Action, address: (&str, &str, &str)) -> bool {
    let (environment, namespace, key) = address;
    let target = (
        EnvironmentName::parse(environment).unwrap(),
        NamespaceName::parse(namespace).unwrap(),
        EntryKey::parse(key).unwrap(),
    );
    access.allows(holder, action, Target::Entry(&target.0, &target.1, &target.2))
}

fn may(grants: &[Grant], action: Action, address: (&str, &str, &str)) -> bool {
    decide(&access(grants.to_vec()), Holder::user(VERA), action, address)
}

fn token(scoped: bool) -> Token {
    Token {
        id: TOKEN,
        user: VERA,
        name: "ci".to_owned(),
        kind: TokenKind::Api,
        hash: crate::domain::contents::ContentHash([0; 32]),
        scoped,
        created_at: datetime!(2026-01-01 0:00 UTC),
        expires_at: Some(datetime!(2026-02-01 0:00 UTC)),
        last_used_at: None,
        address: None,
        agent: None,
    }
}

#[test]
fn a_grant_covers_its_pattern_and_prefix_only() {
    let scoped = [grant(Role::Publisher, place("dev*", "orders*", "app/"))];
    assert!(may(&scoped, Action::Publish, ("dev-eu", "orders.eu", "app/x.yaml")));
    assert!(!may(&scoped, Action::Publish, ("prod", "orders.eu", "app/x.yaml")));
    assert!(!may(&scoped, Action::Publish, ("dev", "payments", "app/x.yaml")));
    assert!(!may(&scoped, Action::Publish, ("dev", "orders", "other.yaml")));
}

#[test]
fn roles_include_each_other_as_designed() {
    let includes = |outer: Role, inner: Role| inner.actions().iter().all(|action| outer.allows(*action));
    assert!(includes(Role::Editor, Role::Viewer));
    assert!(includes(Role::Publisher, Role::Editor));
    assert!(includes(Role::Operator, Role::Viewer));
    assert!(includes(Role::Admin, Role::Viewer));
    for role in Role::ALL {
        assert_eq!(role.allows(Action::Reveal), role == Role::SecretReader, "{role}");
        assert_eq!(Role::find(role.as_str()), Some(role));
    }
    assert_eq!(Role::SecretReader.actions(), [Action::Reveal]);
    assert!(!Role::Admin.allows(Action::Publish) && !Role::Admin.allows(Action::Rollback));
    assert!(!Role::Agent.allows(Action::Inspect) && !Role::Operator.allows(Action::Publish));
}

#[test]
fn nobody_may_anything_without_a_grant() {
    let access = access(vec![]);
    assert_eq!(access.decide(Holder::user(VERA), Action::Read, Target::Store), Decision::NoGrant);
    assert_eq!(access.decide(Holder::user(TOKEN), Action::Read, Target::Store), Decision::NoUser);
}

#[test]
fn a_disabled_user_may_nothing_whatever_it_holds() {
    let grants = vec![grant(Role::Viewer, Place::everything())];
    let users = vec![User { disabled: true, ..vera() }];
    let access = Access::new(Parts { users, grants, ..Parts::default() });
    let (environment, namespace) = (EnvironmentName::parse("dev").unwrap(), NamespaceName::parse("web").unwrap());
    assert_eq!(access.decide(Holder::user(VERA), Action::Read, Target::Store), Decision::NoUser);
    assert_eq!(access.key_scope(Holder::user(VERA), Action::Read, &environment, &namespace), None);
}

#[test]
fn a_grant_on_some_keys_is_none_on_the_namespace() {
    let access = access(vec![grant(Role::Admin, place("dev", "*", "app/"))]);
    let dev = EnvironmentName::parse("dev").unwrap();
    let orders = NamespaceName::parse("orders").unwrap();
    let holder = Holder::user(VERA);
    assert!(!access.allows(holder, Action::Manage, Target::Namespace(&dev, &orders)));
    assert!(!access.allows(holder, Action::Manage, Target::Environment(&dev)));
    assert!(access.allows(holder, Action::Read, Target::AnyIn(&dev, &orders)));
}

#[test]
fn a_group_holds_for_its_members_only() {
    let group = GroupName::parse("sre").unwrap();
    let allowance = Allowance::Role(Role::Operator);
    let grants =
        vec![Grant { id: Uuid::nil(), subject: Subject::Group(group.clone()), allowance, place: Place::everything() }];
    let member = Membership { group, user: VERA, source: LOCAL.to_owned() };
    let outside = Access::new(Parts { users: vec![vera()], grants: grants.clone(), ..Parts::default() });
    let inside = Access::new(Parts { users: vec![vera()], grants, members: vec![member], ..Parts::default() });
    assert!(!outside.allows(Holder::user(VERA), Action::Freeze, Target::Store));
    assert!(inside.allows(Holder::user(VERA), Action::Freeze, Target::Store));
}

#[test]
fn a_scope_narrows_and_never_widens() {
    let scope = |actions: &[Action], place| Grant {
        id: Uuid::nil(),
        subject: Subject::Token(TOKEN),
        allowance: Allowance::Actions(actions.to_vec()),
        place,
    };
    let held = grant(Role::Publisher, place("dev", "orders", ""));
    let wide = scope(&[Action::Read, Action::Publish, Action::Manage], Place::everything());
    let narrow = scope(&[Action::Read], place("dev", "orders", "app/"));
    let through = Holder { user: VERA, token: Some(TOKEN) };
    let with = |grants: Vec<Grant>, scoped| {
        Access::new(Parts { users: vec![vera()], tokens: vec![token(scoped)], grants, ..Parts::default() })
    };
    let wide = with(vec![held.clone(), wide], true);
    assert!(decide(&wide, through, Action::Publish, ("dev", "orders", "a")));
    assert!(!decide(&wide, through, Action::Manage, ("dev", "orders", "a")));
    assert!(!decide(&wide, through, Action::Rollback, ("dev", "orders", "a")));
    assert!(!decide(&wide, through, Action::Read, ("prod", "orders", "a")));
    let narrow = with(vec![held.clone(), narrow], true);
    assert!(decide(&narrow, through, Action::Read, ("dev", "orders", "app/a")));
    assert!(!decide(&narrow, through, Action::Read, ("dev", "orders", "b")));
    assert!(decide(&narrow, Holder::user(VERA), Action::Publish, ("dev", "orders", "b")));
    // A scope that was emptied allows nothing; a token without one allows what its owner may; a gone token nothing.
    assert!(!decide(&with(vec![held.clone()], true), through, Action::Read, ("dev", "orders", "a")));
    assert!(decide(&with(vec![held.clone()], false), through, Action::Publish, ("dev", "orders", "a")));
    assert!(!decide(&access(vec![held]), through, Action::Read, ("dev", "orders", "a")));
}

#[test]
fn a_place_is_covered_by_what_includes_it_wholly() {
    let team = grant(Role::Admin, place("*", "orders*", ""));
    let access = access(vec![team]);
    let may_grant = |place: &Place| access.allows(Holder::user(VERA), Action::Grant, Target::Place(place));
    assert!(may_grant(&place("prod", "orders.eu", "app/")));
    assert!(may_grant(&place("*", "orders*", "")));
    assert!(!may_grant(&place("*", "*", "")));
    assert!(!may_grant(&place("dev", "order*", "")));
}

#[test]
fn a_credential_lives_as_long_as_all_it_rests_on() {
    let users = || vec![vera()];
    let live = Access::new(Parts { users: users(), tokens: vec![token(false)], ..Parts::default() });
    let caller = Caller::with_token(vera(), TOKEN, Peer::default());
    let (before, after) = (datetime!(2026-01-15 0:00 UTC), datetime!(2026-02-15 0:00 UTC));
    assert!(live.is_live(&caller, before) && !live.is_live(&caller, after));
    let revoked = Access::new(Parts { users: users(), ..Parts::default() });
    assert!(!revoked.is_live(&caller, before));
    let disabled = vec![User { disabled: true, ..vera() }];
    assert!(
        !Access::new(Parts { users: disabled, tokens: vec![token(false)], ..Parts::default() })
            .is_live(&caller, before)
    );
    let issuer = Some(Arc::from("cluster"));
    let vouched = Caller { credential: Credential { token: None, issuer, expires_at: None }, ..caller };
    assert!(!live.is_live(&vouched, before));
}

#[test]
fn a_rule_of_an_issuer_puts_its_user_into_groups() {
    let group = GroupName::parse("agents").unwrap();
    let rule = IssuerRule { claims: [].into(), user: "vera".to_owned(), groups: vec![group.clone()] };
    let issuer = TrustedIssuer {
        name: "cluster".to_owned(),
        issuer: "https://cluster".to_owned(),
        audience: "pintle".to_owned(),
        keys: IssuerKeys::Url("https://cluster/keys".to_owned()),
        rules: vec![rule],
    };
    let access = Access::new(Parts { users: vec![vera()], issuers: vec![issuer], ..Parts::default() });
    assert!(access.is_member(VERA, &group));
}

fn in_group(group: &str) -> Membership {
    Membership { group: GroupName::parse(group).unwrap(), user: VERA, source: LOCAL.to_owned() }
}

/// A role that a group holds on everything.
fn group_holds(id: u128, group: &str, role: Role) -> Grant {
    let subject = Subject::Group(GroupName::parse(group).unwrap());
    Grant { id: Uuid::from_u128(id), subject, allowance: Allowance::Role(role), place: Place::everything() }
}

#[test]
fn rights_after_edits_are_those_of_the_parts_so_edited() {
    let held = grant(Role::Viewer, place("dev", "*", ""));
    let before = access(vec![held.clone(), group_holds(7, "sre", Role::Operator)]);
    let (vera, group) = (Holder::user(VERA), GroupName::parse("sre").unwrap());
    let dev = EnvironmentName::parse("dev").unwrap();
    let may = |access: &Access, action| access.allows(vera, action, Target::Environment(&dev));
    let joined = before.edited(&[Edit::Join(group.clone(), VERA), Edit::Join(group.clone(), VERA)]);
    assert!(may(&joined, Action::Freeze) && !may(&before, Action::Freeze), "and what was there stays as it was");
    assert_eq!(joined.memberships(VERA).len(), 1);
    assert!(!may(&joined.edited(&[Edit::Leave(group, VERA)]), Action::Freeze));
    assert!(!may(&before.edited(&[Edit::Take(held)]), Action::Read));
    assert!(may(&before.edited(&[Edit::Give(grant(Role::Admin, Place::everything()))]), Action::Manage));
    assert!(!may(&before.edited(&[Edit::SetDisabled(VERA, true)]), Action::Read));
}

#[test]
fn the_last_person_who_administers_everything_stays() {
    let rules = |id| Grant { id: Uuid::from_u128(id), ..grant(Role::Admin, Place::everything()) };
    let before = access(vec![rules(1), rules(2)]);
    let after = |edits: &[Edit]| before.unfit(&before.edited(edits), VERA);
    assert_eq!(after(&[Edit::Take(rules(1))]), None);
    assert_eq!(after(&[Edit::Take(rules(1)), Edit::Take(rules(2))]), Some(Unfit::LastAdmin));
    assert_eq!(after(&[Edit::SetDisabled(VERA, true)]), Some(Unfit::LastAdmin));
    let all = [Edit::Take(rules(1)), Edit::Take(rules(2)), Edit::Give(rules(3))];
    assert_eq!(after(&all), None, "only the end counts, not the way");
    let part = Grant { place: place("*", "*", "app/"), ..rules(4) };
    assert_eq!(after(&[Edit::Take(rules(1)), Edit::Take(rules(2)), Edit::Give(part)]), Some(Unfit::LastAdmin));
    let nobody = access(vec![]);
    assert_eq!(nobody.unfit(&nobody, VERA), None, "where nobody was, nobody is missed");
}

#[test]
fn secrets_are_never_gained_by_ones_own_hand() {
    let parts = || Parts {
        users: vec![vera()],
        members: vec![in_group("sre")],
        tokens: vec![token(true)],
        grants: vec![group_holds(1, "vault", Role::SecretReader)],
        ..Parts::default()
    };
    let before = Access::new(parts());
    let reader = |subject| Grant { subject, ..group_holds(9, "sre", Role::SecretReader) };
    let joins = [Edit::Join(GroupName::parse("vault").unwrap(), VERA)];
    for edits in [
        joins.to_vec(),
        vec![Edit::Give(reader(Subject::User(VERA)))],
        vec![Edit::Give(reader(Subject::Token(TOKEN)))],
        vec![Edit::Give(reader(Subject::Group(GroupName::parse("sre").unwrap())))],
    ] {
        let after = before.edited(&edits);
        assert!(matches!(before.unfit(&after, VERA), Some(Unfit::OwnSecrets(_))), "{edits:?}");
        assert_eq!(before.unfit(&after, Uuid::from_u128(7)), None, "somebody else may do it");
    }
    // Who has it already may go on changing other things, and lose it.
    let inside = before.edited(&joins);
    assert_eq!(inside.unfit(&inside, VERA), None);
    assert_eq!(inside.unfit(&before, VERA), None);
    let swapped = [Edit::Take(group_holds(1, "vault", Role::SecretReader)), joins[0].clone()];
    assert_eq!(before.unfit(&before.edited(&swapped), VERA), None, "what the group held before is no gain");
}

#[test]
fn what_a_token_may_is_what_both_the_grants_and_the_scope_say() {
    let scope = |role, place| Grant { subject: Subject::Token(TOKEN), ..grant(role, place) };
    let grants = vec![
        grant(Role::Publisher, place("dev*", "orders", "app/")),
        scope(Role::Viewer, place("*-eu", "*", "")),
        scope(Role::Operator, place("dev", "orders", "app/x/")),
        scope(Role::Viewer, place("prod", "*", "")),
        scope(Role::Viewer, place("dev", "*", "web/")),
    ];
    let access = Access::new(Parts { users: vec![vera()], tokens: vec![token(true)], grants, ..Parts::default() });
    let through = Holder { user: VERA, token: Some(TOKEN) };
    let part = |actions: &[Action], environment: &str, key_prefix: &str| Effective {
        actions: actions.to_vec(),
        environment: environment.to_owned(),
        namespace: "orders".to_owned(),
        key_prefix: key_prefix.to_owned(),
    };
    let both = [
        part(&[Action::Read, Action::Inspect, Action::Rollback], "dev", "app/x/"),
        part(&[Action::Read, Action::Inspect], "dev*&*-eu", "app/"),
    ];
    assert_eq!(access.effective(through), both);
    assert_eq!(access.effective(Holder::user(VERA)).len(), 1);
    assert!(access.allows_some(through, Action::Read, &place("dev-eu", "orders", "")));
    assert!(!access.allows_some(through, Action::Read, &place("prod", "orders", "")));
    assert!(!access.allows_some(through, Action::Publish, &Place::everything()));
}

#[test]
fn a_subject_is_written_as_it_is_read() {
    for text in ["user:vera", "group:sre", "token:00000000-0000-0000-0000-000000000007"] {
        assert_eq!(text.parse::<SubjectName>().unwrap().to_string(), text);
    }
    for bad in ["", "vera", "user:", "user:Vera", "group:a b", "token:7", "users:vera", "user:vera:x"] {
        assert!(bad.parse::<SubjectName>().is_err(), "{bad}");
    }
}
