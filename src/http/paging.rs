//! Pages of lists that are in memory: sorted by a key, which is the cursor.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::error::ApiError;
use crate::http::extract::page;

/// Sorts what there is, and cuts the page that follows a cursor, with the cursor of the next one.
pub(super) fn cut<T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> String,
    after: Option<&str>,
    limit: Option<u32>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let limit = page(limit)?;
    let after = after.map(decode).transpose()?;
    let mut keyed: Vec<(String, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    keyed.retain(|(key, _)| after.as_ref().is_none_or(|after| key > after));
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let more = keyed.len() > limit;
    keyed.truncate(limit);
    let next = keyed.last().filter(|_| more).map(|(key, _)| URL_SAFE_NO_PAD.encode(key));
    Ok((keyed.into_iter().map(|(_, item)| item).collect(), next))
}

fn decode(cursor: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| ApiError::invalid("after", "must be `next` of the page before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let all = [3, 1, 4, 1, 5, 9, 2, 6];
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let items = all.iter().enumerate();
            let (page, next) = cut(items, |(n, item)| format!("{item}{n}"), after.as_deref(), Some(3)).unwrap();
            assert!(page.len() <= 3);
            seen.extend(page.into_iter().map(|(_, item)| *item));
            after = next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 1, 2, 3, 4, 5, 6, 9]);
        assert!(cut(all, ToString::to_string, Some("no cursor!"), None).is_err());
    }
}
