//! The media types of data for which a client names none.

/// How base64 texts of the usual formats begin (from their first bytes), as they stand in a JSON string.
const BEGINNINGS: &[(&str, &str)] = &[
    ("/9j/", "image/jpeg"),
    ("\\/9j", "image/jpeg"),
    ("iVBO", "image/png"),
    ("R0lG", "image/gif"),
    ("UklG", "image/webp"),
    ("JVBE", "application/pdf"),
];

/// By the first bytes.
pub(crate) fn guess(data: &str) -> Option<&'static str> {
    BEGINNINGS.iter().find(|(beginning, _)| data.starts_with(beginning)).map(|(_, media_type)| *media_type)
}

/// The same for an image; most are PNG.
pub(crate) fn of_image(data: &str) -> &'static str {
    guess(data).filter(|media_type| media_type.starts_with("image/")).unwrap_or("image/png")
}

#[cfg(test)]
mod tests {
    use super::{guess, of_image};

    #[test]
    fn the_first_bytes_tell() {
        assert_eq!((guess("/9j/4A"), guess("\\/9j\\/4A"), guess("x")), (Some("image/jpeg"), Some("image/jpeg"), None));
        assert_eq!((of_image("R0lGOD"), of_image("JVBERi"), of_image("")), ("image/gif", "image/png", "image/png"));
    }
}
