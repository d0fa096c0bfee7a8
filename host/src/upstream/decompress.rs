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
