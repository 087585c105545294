//! When a certificate ends: the one field of X.509 that is read here, after RFC 5280, section 4.1.

use time::{Date, Month, OffsetDateTime, Time};

const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `version`, which old certificates leave out.
const VERSION: u8 = 0xa0;

/// The end of the validity of a DER certificate; none when it is not one.
pub(super) fn not_after(certificate: &[u8]) -> Option<OffsetDateTime> {
    let (signed, _) = of_tag(certificate, SEQUENCE)?;
    let (mut fields, _) = of_tag(signed, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, _, fields) = element(fields)?;
    }
    // The serial number, the algorithm of the signature and the issuer come before.
    for _ in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (validity, _) = of_tag(fields, SEQUENCE)?;
    let (_, _, after) = element(validity)?;
    let (tag, text, _) = element(after)?;
    instant(tag, std::str::from_utf8(text).ok()?)
}

/// The content of the first element, which must have this tag, and what follows it.
fn of_tag(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(bytes)?;
    (tag == wanted).then_some((content, rest))
}

/// The first element: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.is_empty() || digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `YYMMDDHHMMSSZ`, with years from 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn instant(tag: u8, text: &str) -> Option<OffsetDateTime> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, 14) => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pair = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(pair(0)?).ok()?, pair(2)?).ok()?;
    Some(date.with_time(Time::from_hms(pair(4)?, pair(6)?, pair(8)?).ok()?).assume_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair};
    use time::macros::datetime;

    use super::*;

    fn certificate(end: OffsetDateTime) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = end;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_notations() {
        for end in [datetime!(2031-02-28 23:59:59 UTC), datetime!(2049-12-31 0:00 UTC), datetime!(2050-01-01 0:00 UTC)]
        {
            assert_eq!(not_after(&certificate(end)), Some(end));
        }
    }

    #[test]
    fn a_moment_that_is_none_is_not_read() {
        for (tag, text) in [
            (UTC_TIME, "310228235959"),
            (UTC_TIME, "310229000000Z"),
            (UTC_TIME, "311328000000Z"),
            (GENERALIZED_TIME, "310228235959Z"),
            (GENERALIZED_TIME, "20310228235960Z"),
            (GENERALIZED_TIME, "+0310228235959Z"),
            (0x16, "310228235959Z"),
        ] {
            assert_eq!(instant(tag, text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_certificate_is_refused_or_read_but_never_breaks_the_reader(at in 0_usize..400, byte: u8, length in 0_usize..400) {
            let mut bytes = certificate(datetime!(2031-02-28 23:59:59 UTC));
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(length);
            let _ = not_after(&bytes);
        }
    }
}
