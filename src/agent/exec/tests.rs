//! Real processes under supervision.
