//! What images and documents count for. Their contents are no text, so the size decides; images are not decoded for it.
//!
//! The rules are Anthropic's (docs: Vision, PDF support), as those of other providers differ by model and are not told by a name.
//! Sizes are read here, since `imagesize` (0.15) takes a JPEG with fill bytes before a marker (ITU T.81, B.1.1.2) for corrupt, and
//! sets no bound on the segments it passes over.

use data_encoding::BASE64;

/// An image's tokens are its pixels divided by this.
const PIXELS_PER_TOKEN: u64 = 750;

/// An image with a longer edge is made smaller first, in pixels.
const LONGEST_EDGE: u64 = 1568;

/// So is one that would take more tokens than this, which therefore is also what an image of unknown size counts for.
const MOST_TOKENS: u64 = 1600;

/// An image of this many pixels each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u64,
    pub(super) height: u64,
}

impl Size {
    /// What it counts for.
    pub(super) fn tokens(self) -> u64 {
        let longest = self.width.max(self.height).max(1);
        let (mut width, mut height) = (self.width, self.height);
        if longest > LONGEST_EDGE {
            (width, height) = (width * LONGEST_EDGE / longest, height * LONGEST_EDGE / longest);
        }
        (width * height).div_ceil(PIXELS_PER_TOKEN).clamp(1, MOST_TOKENS)
    }
}

/// What an image counts for whose data is base64; the most where its size is not found.
pub(super) fn tokens_of_image(base64: &str) -> u64 {
    size(&Encoded(base64)).map_or(MOST_TOKENS, Size::tokens)
}

/// What an image counts for that is somewhere else.
pub(super) fn tokens_of_distant_image() -> u64 {
    MOST_TOKENS
}

/// Bytes of a document for each token: a page of text is about 2,250 tokens (Anthropic says 1,500 to 3,000) and, with fonts and
/// pictures, some 20 kB.
const DOCUMENT_BYTES_PER_TOKEN: u64 = 9;

/// What a page of a document counts for at least.
const TOKENS_OF_A_PAGE: u64 = 1_500;

/// The most that a document counts for: 100 pages, which is what Anthropic takes, of 3,000 tokens.
const MOST_TOKENS_OF_A_DOCUMENT: u64 = 300_000;

/// What a document counts for whose data is base64 (four characters for three bytes).
pub(super) fn tokens_of_document(base64: &str) -> u64 {
    let bytes = base64.len() as u64 / 4 * 3;
    (bytes / DOCUMENT_BYTES_PER_TOKEN).clamp(TOKENS_OF_A_PAGE, MOST_TOKENS_OF_A_DOCUMENT)
}

/// What a document counts for that is somewhere else: a page, as nothing is known of it.
pub(super) fn tokens_of_distant_document() -> u64 {
    TOKENS_OF_A_PAGE
}

/// Bytes in base64, of which only those are decoded that are asked for.
struct Encoded<'a>(&'a str);

impl Encoded<'_> {
    /// `N` bytes (at most 27) from `at` on.
    fn bytes<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let first = at / 3 * 4;
        let end = (at + N).div_ceil(3) * 4;
        // Up to 27 bytes that begin anywhere in a group of three are in ten groups.
        let mut decoded = [0; 30];
        let groups = self.0.as_bytes().get(first..end)?;
        let room = decoded.get_mut(..groups.len() / 4 * 3)?;
        BASE64.decode_mut(groups, room).ok()?;
        decoded.get(at % 3..)?.first_chunk().copied()
    }
}

fn size(image: &Encoded<'_>) -> Option<Size> {
    let [first, second, third, ..] = image.bytes::<4>(0)?;
    match [first, second, third] {
        [0x89, b'P', b'N'] => png(image),
        [b'G', b'I', b'F'] => gif(image),
        [0xff, 0xd8, 0xff] => jpeg(image),
        [b'R', b'I', b'F'] => webp(image),
        _ => None,
    }
}

/// The header chunk comes first: its length and name, width, height (PNG specification, 11.2.2).
fn png(image: &Encoded<'_>) -> Option<Size> {
    let width = u32::from_be_bytes(image.bytes(16)?);
    let height = u32::from_be_bytes(image.bytes(20)?);
    Some(Size { width: width.into(), height: height.into() })
}

/// The size of the screen, behind the six bytes of the signature (GIF89a, 18).
fn gif(image: &Encoded<'_>) -> Option<Size> {
    let width = u16::from_le_bytes(image.bytes(6)?);
    let height = u16::from_le_bytes(image.bytes(8)?);
    Some(Size { width: width.into(), height: height.into() })
}

/// Segments of a JPEG that are looked at: files have a dozen before the frame; more is a file that leads us nowhere.
const MOST_SEGMENTS: usize = 256;

/// Segments (a marker and a length) are passed over until the frame, which has the size (ITU T.81, B.2.2).
fn jpeg(image: &Encoded<'_>) -> Option<Size> {
    let mut at = 2;
    for _ in 0..MOST_SEGMENTS {
        let [mark, marker, high, low] = image.bytes(at)?;
        if mark != 0xff {
            return None;
        }
        match marker {
            // Filling, and markers without a segment.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            // Tables for Huffman and arithmetic coding, and what is reserved, stand among the frames' markers.
            0xc4 | 0xc8 | 0xcc => at += 2 + usize::from(u16::from_be_bytes([high, low])),
            0xc0..=0xcf => {
                let height = u16::from_be_bytes(image.bytes(at + 5)?);
                let width = u16::from_be_bytes(image.bytes(at + 7)?);
                return Some(Size { width: width.into(), height: height.into() });
            }
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
    None
}

/// The first chunk behind `RIFF`, the length and `WEBP` has the size, each kind in its own way (RFC 9649, 2; RFC 6386, 9.1).
fn webp(image: &Encoded<'_>) -> Option<Size> {
    match &image.bytes::<4>(12)? {
        b"VP8X" => {
            let three = |at| image.bytes(at).map(|[a, b, c]: [u8; 3]| u64::from(u32::from_le_bytes([a, b, c, 0])) + 1);
            Some(Size { width: three(24)?, height: three(27)? })
        }
        b"VP8L" => {
            let packed = u64::from(u32::from_le_bytes(image.bytes(21)?));
            Some(Size { width: (packed & 0x3fff) + 1, height: (packed >> 14 & 0x3fff) + 1 })
        }
        b"VP8 " => {
            // 14 bits each; the rest is how it wants to be scaled.
            let side = |at| image.bytes(at).map(|bytes| u64::from(u16::from_le_bytes(bytes) & 0x3fff));
            Some(Size { width: side(26)?, height: side(28)? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sized(bytes: &[u8]) -> Option<(u64, u64)> {
        size(&Encoded(&BASE64.encode(bytes))).map(|size| (size.width, size.height))
    }

    fn jpeg_of(segments: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        segments.iter().for_each(|segment| bytes.extend_from_slice(segment));
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn sizes_are_read_from_the_head() {
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &[0, 0, 4, 0, 0, 0, 3, 0, 8, 6, 0, 0, 0]].concat();
        assert_eq!(sized(&png), Some((1024, 768)));
        assert_eq!(sized(b"GIF89a\x40\x01\xf0\x00\0\0\0"), Some((320, 240)));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01\0\0\0";
        assert_eq!(sized(lossy), Some((640, 480)));
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x8f\xc1\x18\0\0\0\0";
        assert_eq!(sized(lossless), Some((400, 100)));
        let extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x03\0\xff\x01\0\0\0";
        assert_eq!(sized(extended), Some((1024, 512)));
    }

    #[test]
    fn a_jpegs_frame_is_found_behind_other_segments() {
        let exif = [&[0xff, 0xe1, 0x10, 0x02][..], &[0xc0; 0x1000]].concat();
        let frame = [0xff, 0xc2, 0, 17, 8, 1, 0x2c, 2, 0x58, 3];
        assert_eq!(sized(&jpeg_of(&[&exif, &[0xff], &[0xff, 0xc4, 0, 4, 1, 1], &frame])), Some((600, 300)));
        assert_eq!(sized(&jpeg_of(&[&exif])), None);
        assert_eq!(sized(&[&[0xff, 0xd8][..], &[0xff; 4000]].concat()), None);
    }

    #[test]
    fn what_is_no_image_counts_for_the_most() {
        for data in ["", "aGk=", "!!!!", "iVBORw0KGgo=", "/9j/"] {
            assert_eq!(tokens_of_image(data), 1600, "{data}");
        }
    }

    #[test]
    fn large_images_are_counted_as_they_are_made_smaller() {
        let tokens = |width, height| Size { width, height }.tokens();
        assert_eq!(tokens(200, 200), 54);
        assert_eq!(tokens(1000, 750), 1000);
        assert_eq!(tokens(4000, 400), (1568_u64 * 156).div_ceil(750));
        assert_eq!(tokens(1500, 1500), 1600);
        assert_eq!(tokens(u32::MAX.into(), u32::MAX.into()), 1600);
        assert_eq!(tokens(0, 0), 1);
    }

    #[test]
    fn documents_count_by_size() {
        assert_eq!(tokens_of_document(""), 1_500);
        assert_eq!(tokens_of_document(&"A".repeat(120_000)), 10_000);
        assert_eq!(tokens_of_document(&"A".repeat(40_000_000)), 300_000);
    }
}
