//! Names in `agent.yaml`: of blocks, and of namespaces with labels in them.

use std::collections::BTreeMap;

use crate::domain::names::NamespaceName;

/// Longest name of a block, in bytes.
const BLOCK_BYTES: usize = 64;

/// Says what is wrong with the name of a block: it names folders, too.
pub(super) fn check_block(name: &str) -> Result<(), String> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > BLOCK_BYTES || name.starts_with('.') || !name.bytes().all(good) {
        return Err(format!(
            "must be 1 to {BLOCK_BYTES} letters, digits, dots, dashes and underscores without a leading dot, not `{name}`"
        ));
    }
    Ok(())
}

/// Fills labels into the pattern of a namespace: `orders.{cluster}`.
pub(super) fn fill(pattern: &str, labels: &BTreeMap<String, String>) -> Result<NamespaceName, String> {
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (label, behind) = after.split_once('}').ok_or_else(|| format!("`{pattern}` lacks a `}}`"))?;
        let value = labels.get(label).ok_or_else(|| {
            let known: Vec<_> = labels.keys().map(String::as_str).collect();
            format!("`{pattern}` names the label `{label}`, which is not set; the labels are {}", known.join(", "))
        })?;
        filled.push_str(before);
        filled.push_str(value);
        rest = behind;
    }
    filled.push_str(rest);
    NamespaceName::parse(&filled).map_err(|error| match filled == pattern {
        true => format!("`{filled}`: {error}"),
        false => format!("`{pattern}` becomes `{filled}`: {error}"),
    })
}
