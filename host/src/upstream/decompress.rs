//! Undoes the compression of an answer, piece by piece: what came in can be handed on at once, as far as the server flushed it.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::HeaderValue;

/// Most bytes that one piece may become. A piece is at most a read of the socket, and no text shrinks to a thousandth
/// of itself; what grows beyond this is meant to fill the memory.
const MOST_AT_ONCE: usize = 64 * 1024 * 1024;

/// How much is decompressed in one step: as much as the decoder of gzip takes.
const STEP: usize = 32 * 1024;

/// Largest window of zstd, as a power of two: the 8 MiB that RFC 9659 allows as a content coding.
const ZSTD_WINDOW: u32 = 23;

/// A decoder in the middle of a body.
pub(super) enum Decoder {
    Gzip(Box<MultiGzDecoder<Sink>>),
    Brotli(Box<DecompressorWriter<Sink>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Sink>>),
}

impl Decoder {
    /// The decoder for a `content-encoding`; `None` if it is none, or none that was asked for.
    pub(super) fn of(encoding: &HeaderValue) -> Option<Self> {
        let encoding = encoding.to_str().ok()?.trim();
        let is = |name: &str| encoding.eq_ignore_ascii_case(name);
        let sink = Sink(Vec::new());
        if is("gzip") || is("x-gzip") {
            Some(Self::Gzip(Box::new(MultiGzDecoder::new(sink))))
        } else if is("br") {
            Some(Self::Brotli(Box::new(DecompressorWriter::new(sink, STEP))))
        } else if is("zstd") {
            let mut decoder = zstd::stream::raw::Decoder::new().ok()?;
            decoder.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW)).ok()?;
            let writer = zstd::stream::zio::Writer::new(sink, decoder);
            Some(Self::Zstd(Box::new(zstd::stream::write::Decoder::with_writer(writer))))
        } else {
            None
        }
    }

    /// What a piece holds.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<Bytes, String> {
        let writer: &mut dyn Write = match self {
            Self::Gzip(decoder) => decoder,
            Self::Brotli(decoder) => decoder,
            Self::Zstd(decoder) => decoder,
        };
        writer.write_all(piece).and_then(|()| writer.flush()).map_err(unreadable)?;
        Ok(self.decoded())
    }

    /// What was left. `Err` if the compressed text had not come to its end.
    pub(super) fn finish(&mut self) -> Result<Bytes, String> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
            Self::Zstd(decoder) => decoder.do_finish(),
        }
        .map_err(unreadable)?;
        Ok(self.decoded())
    }

    fn decoded(&mut self) -> Bytes {
        let sink = match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
        };
        std::mem::take(&mut sink.0).into()
    }
}

fn unreadable(error: io::Error) -> String {
    format!("it cannot be decompressed: {error}")
}

/// Where decoders write to.
pub(super) struct Sink(Vec<u8>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST_AT_ONCE {
            return Err(io::Error::other("it becomes larger than any answer is"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"data: hi\n\ndata: there\n\n";

    /// `TEXT` as an encoder packs it; there is none among what the gateway needs.
    const BROTLI: &[u8] = &[
        0x0b, 0x0b, 0x80, 0x64, 0x61, 0x74, 0x61, 0x3a, 0x20, 0x68, 0x69, 0x0a, 0x0a, 0x64, 0x61, 0x74, 0x61, 0x3a,
        0x20, 0x74, 0x68, 0x65, 0x72, 0x65, 0x0a, 0x0a, 0x03,
    ];

    fn decoder(encoding: &'static str) -> Decoder {
        Decoder::of(&HeaderValue::from_static(encoding)).unwrap()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// `TEXT` in each encoding.
    fn packed() -> [(&'static str, Vec<u8>); 3] {
        [("gzip", gzip(TEXT)), ("br", BROTLI.to_vec()), ("zstd", zstd::encode_all(TEXT, 1).unwrap())]
    }

    #[test]
    fn any_split_decodes_to_the_same() {
        for (encoding, packed) in packed() {
            for size in 1..=packed.len() {
                let mut decoder = decoder(encoding);
                let mut whole = Vec::new();
                for piece in packed.chunks(size) {
                    whole.extend_from_slice(&decoder.push(piece).unwrap());
                }
                whole.extend_from_slice(&decoder.finish().unwrap());
                assert_eq!(whole, TEXT, "{encoding} by {size}");
            }
        }
    }

    #[test]
    fn what_the_server_flushed_is_handed_on() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(TEXT).unwrap();
        encoder.flush().unwrap();
        assert_eq!(decoder("gzip").push(encoder.get_ref()).unwrap(), TEXT);
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.write_all(TEXT).unwrap();
        encoder.flush().unwrap();
        assert_eq!(decoder("zstd").push(encoder.get_ref()).unwrap(), TEXT);
    }

    #[test]
    fn half_of_it_and_nonsense_are_errors() {
        for (encoding, packed) in packed() {
            let mut cut = decoder(encoding);
            cut.push(&packed[..packed.len() / 2]).unwrap();
            assert!(cut.finish().is_err(), "{encoding}");
            let mut wrong = decoder(encoding);
            let pushed = wrong.push(b"this is not compressed at all");
            assert!(pushed.is_err() || wrong.finish().is_err(), "{encoding}");
        }
    }

    #[test]
    fn what_would_fill_the_memory_is_refused() {
        let bomb = gzip(&vec![0; MOST_AT_ONCE + 1]);
        assert!(bomb.len() < 512 * 1024);
        assert!(decoder("gzip").push(&bomb).is_err());
    }

    #[test]
    fn only_what_was_asked_for_is_undone() {
        for (encoding, known) in
            [("GZIP", true), ("x-gzip", true), ("identity", false), ("deflate", false), ("", false)]
        {
            assert_eq!(Decoder::of(&HeaderValue::from_static(encoding)).is_some(), known, "{encoding}");
        }
    }
}
