//! `DATABASE_URL` with several hosts, of which one is writable: `postgres://user:pw@a:5432,b:5432/pintle`.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use crate::store::StoreError;

/// Splits a URL into one set of options a host, in order.
pub(super) fn parse(url: &str) -> Result<Vec<PgConnectOptions>, StoreError> {
    let unfit = |what: &str| StoreError::Unfit(format!("DATABASE_URL: {what}"));
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| unfit("expected postgres://user:password@host:port/database"))?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return Err(unfit("expected a postgres:// address"));
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    hosts
        .split(',')
        .map(|host| {
            let one = format!("{scheme}://{user}{host}{tail}");
            let options =
                PgConnectOptions::from_str(&one).map_err(|error| unfit(&error.to_string().replace(&user, "…@")))?;
            // PgBouncer refuses start-up parameters it does not know; we read no floats.
            Ok(options.application_name("pintle").extra_float_digits(None))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_url_names_several_hosts() {
        let all = parse("postgres://me:pw@a:5433,b:5434/pintle?sslmode=disable").unwrap();
        let seen: Vec<_> = all.iter().map(|o| (o.get_host(), o.get_port(), o.get_database())).collect();
        assert_eq!(seen, [("a", 5433, Some("pintle")), ("b", 5434, Some("pintle"))]);
    }

    #[test]
    fn a_socket_folder_is_a_host_too() {
        let all = parse("postgres://pintle@localhost/pintle?host=%2Frun%2Fpg&port=5499").unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].get_socket().unwrap().to_str(), Some("/run/pg"));
    }

    #[test]
    fn a_bad_url_is_refused_without_its_password() {
        for bad in ["", "mysql://me:secret@a/b", "postgres://me:secret@a:port/b"] {
            let error = parse(bad).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
