//! Proxies that are believed: networks whose machines may say for whom they call.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use axum::http::HeaderMap;

use crate::http::public_url;

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const PREFIX: &str = "x-forwarded-prefix";

/// A range of addresses, such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// With zeroes behind the bits that count.
    first: IpAddr,
    bits: u8,
}

/// The text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} {1}")]
pub struct NetworkError(String, String);

impl Network {
    /// Parses `10.0.0.0/8`, `fd00::/8`, or one address.
    ///
    /// # Errors
    /// When it is no such range, has bits behind its length, or is all addresses there are.
    pub fn parse(text: &str) -> Result<Self, NetworkError> {
        let bad = |problem: &str| NetworkError(text.to_owned(), problem.to_owned());
        let shape = || bad("must be a network such as 10.0.0.0/8 or fd00::/8, or one address");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| shape())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse::<u8>).ok().filter(|bits| *bits <= most).ok_or_else(shape)?;
        if bits == 0 {
            return Err(bad("is everybody, and whom everybody may claim to be nobody can believe"));
        }
        let first = masked(address, bits);
        if first != address {
            return Err(bad(&format!("has bits behind its length: {first}/{bits} is meant")));
        }
        Ok(Self { first, bits })
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        masked(address.to_canonical(), self.bits) == self.first
    }
}

impl FromStr for Network {
    type Err = NetworkError;
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        Self::parse(text)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

/// The address with zeroes behind its first bits.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits.into())).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(bits.into())).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

/// The networks of the proxies in front of a node; none when nothing stands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

/// How a request came, as far as it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    /// Whose request it is.
    pub(super) client: IpAddr,
    /// The scheme that a proxy was asked with.
    pub(super) https: Option<bool>,
    /// The path that a proxy took away in front.
    pub(super) prefix: Option<String>,
}

impl Proxies {
    /// Believes these networks.
    #[must_use]
    pub fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    /// Whether nobody is believed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is one of a proxy.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// How a request of this peer came. What a proxy did not write itself is believed as far as proxies vouch for it: read from the
    /// right, the first address that is none of theirs is the client's.
    pub(super) fn route(&self, peer: IpAddr, headers: &HeaderMap) -> Route {
        let mut route = Route { client: peer, https: None, prefix: None };
        if !self.contains(peer) {
            return route;
        }
        let hops: Vec<&str> = values(headers, FOR).flat_map(|value| value.split(',')).collect();
        for hop in hops.into_iter().rev() {
            let Some(address) = hop_address(hop.trim()) else { break };
            route.client = address;
            if !self.contains(address) {
                break;
            }
        }
        let last = |name| values(headers, name).last().and_then(|value| value.split(',').next_back()).map(str::trim);
        route.https = last(PROTO).map(|scheme| scheme.eq_ignore_ascii_case("https"));
        route.prefix = last(PREFIX).and_then(public_url::base).filter(|prefix| !prefix.is_empty());
        route
    }
}

/// The values of a header as text; one that is none ends what can be believed, as an empty one does.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default())
}

/// An address as proxies write it: also with a port, and in brackets.
fn hop_address(text: &str) -> Option<IpAddr> {
    let plain = text.parse().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    plain.or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn proxies(networks: &[&str]) -> Proxies {
        Proxies::new(networks.iter().map(|text| Network::parse(text).unwrap()).collect())
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut map = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    #[test]
    fn a_network_holds_the_addresses_that_share_its_first_bits() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains(ip(inside)), "{network} {inside}");
            assert!(!network.contains(ip(outside)), "{network} {outside}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in [
            "",
            "x",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "fd00::/129",
            "10.0.0/8",
            "10.1.0.0/8",
            "0.0.0.0/0",
            "::/0",
        ] {
            assert!(Network::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Network::parse("10.1.0.0/8").unwrap_err().to_string().contains("10.0.0.0/8"));
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_is_the_client() {
        let proxies = proxies(&["10.0.0.0/8", "fd00::/8"]);
        for (forwarded, client) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
            (&["1.1.1.1, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["1.1.1.1", "203.0.113.7,10.0.0.2"], "203.0.113.7"),
            (&["203.0.113.7:4711"], "203.0.113.7"),
            (&["[2001:db8::1]:4711"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["::ffff:203.0.113.7"], "203.0.113.7"),
            // Only proxies: the one that is farthest away.
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // What cannot be read ends what is believed.
            (&["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["203.0.113.7, "], "10.9.9.9"),
            (&[], "10.9.9.9"),
        ] {
            let pairs: Vec<_> = forwarded.iter().map(|value| (FOR, *value)).collect();
            assert_eq!(proxies.route(ip("10.9.9.9"), &headers(&pairs)).client, ip(client), "{forwarded:?}");
        }
    }

    #[test]
    fn a_peer_that_is_no_proxy_is_not_believed() {
        let said = headers(&[(FOR, "127.0.0.1"), (PROTO, "https"), (PREFIX, "/pintle")]);
        let nothing = Route { client: ip("203.0.113.7"), https: None, prefix: None };
        assert_eq!(proxies(&["10.0.0.0/8"]).route(ip("203.0.113.7"), &said), nothing);
        assert_eq!(Proxies::default().route(ip("203.0.113.7"), &said), nothing);
    }

    #[test]
    fn the_scheme_and_the_prefix_come_from_the_nearest_proxy() {
        let proxies = proxies(&["10.0.0.1"]);
        let route = |pairs: &[(&'static str, &str)]| proxies.route(ip("10.0.0.1"), &headers(pairs));
        assert_eq!(route(&[(PROTO, "https"), (PREFIX, "/pintle/")]).https, Some(true));
        assert_eq!(route(&[(PROTO, "https, http")]).https, Some(false));
        assert_eq!(route(&[(PREFIX, "/pintle/")]).prefix.as_deref(), Some("/pintle"));
        for bad in ["", "/", "pintle", "//evil.example", "/a b", "/a/../b", "https://evil.example/"] {
            assert_eq!(route(&[(PREFIX, bad)]).prefix, None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_a_client_of_what_the_proxies_did_not_see(before in "[ -~]{0,40}", client in any::<u32>()) {
            let client = IpAddr::V4(client.into());
            let proxies = proxies(&["10.0.0.0/8"]);
            prop_assume!(!proxies.contains(client));
            // Whatever the client sent, its proxy appends the address that it sees.
            let said = headers(&[(FOR, &format!("{before}, {client}"))]);
            prop_assert_eq!(proxies.route(ip("10.0.0.1"), &said).client, client);
        }
    }
}
