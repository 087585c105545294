//! Places in flat formats.

use std::ops::Range;

use super::{Place, Wanted};
use crate::domain::formats::{env, properties};

pub(super) fn of_properties(text: &str, wanted: &Wanted<'_>) -> Option<Vec<Place>> {
    Some(only(properties::value_spans(text).ok()?, wanted))
}

pub(super) fn of_env(text: &str, wanted: &Wanted<'_>) -> Option<Vec<Place>> {
    Some(only(env::value_spans(text).ok()?, wanted))
}

/// A name that is repeated has as many places.
fn only(all: Vec<(String, Range<usize>)>, wanted: &Wanted<'_>) -> Vec<Place> {
    let places = all.into_iter().map(|(name, span)| Place { path: vec![name], span });
    places.filter(|place| wanted.is(&place.path)).collect()
}
