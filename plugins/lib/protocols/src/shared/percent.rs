//! Percent-encoding (RFC 3986) of names that become a part of a path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters: a name stays within its segment.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Google's way to write models: with a colon and an at sign as they are.
pub(crate) const MODEL: &AsciiSet = &SEGMENT.remove(b':').remove(b'@');

/// A name that may go over several segments.
pub(crate) const PATH: &AsciiSet = &MODEL.remove(b'/');

/// Appends a name to a path, encoded but for what `keep` says.
pub(crate) fn push(path: &mut String, name: &str, keep: &'static AsciiSet) {
    path.extend(utf8_percent_encode(name, keep));
}
