//! What is done to an image's pixels: it is read, cropped, scaled and written again, as little of that as will do. Which
//! image and which part of it is asked for is left to others.

use std::borrow::Cow;
use std::io::Cursor;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{InnerPixel as _, U8x3};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use pictures::codecs::jpeg::JpegEncoder;
use pictures::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use pictures::metadata::Orientation;
use pictures::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader, Limits, RgbImage,
    RgbaImage, imageops,
};

/// Longest edge that is sent. Anthropic's documentation, "Vision": what is longer is scaled down before most models see it, which
/// costs time and gains nothing; other providers' models see less.
pub(crate) const LONGEST_EDGE: u32 = 1568;

/// Most bytes that are sent: 5,000,000 in base64, just below the 5 MB that Anthropic's API takes for an image.
pub(crate) const MAX_BYTES: usize = 3_750_000;

/// Longest edge that is sent where nothing can be scaled: Anthropic's API refuses what is longer.
const MAX_EDGE: u32 = 8000;

/// Most pixels that are read. Telephones make 12 million, screens have up to 15 million. A progressive JPEG takes up to 9 bytes for
/// each while it is read, so that 20 million and the file fit into the 256 MiB that an instance should have.
pub(crate) const MAX_PIXELS: u64 = 20_000_000;

/// Most bytes that a decoder may take for what it gives back: those pixels with 4 bytes each, or half of them with 8.
const MAX_ALLOC: u64 = MAX_PIXELS * 4;

/// A PNG may be this large; beyond it a JPEG says the same to a model in a tenth of the time that it takes to send.
const MAX_PNG: usize = 1_500_000;

/// Qualities of a JPEG, tried in turn until it is small enough. At 90 small text keeps its edges; pixels of pure noise fit at 30.
const JPEG_QUALITIES: [u8; 3] = [90, 60, 30];

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Size {
    fn longest(self) -> u32 {
        self.width.max(self.height)
    }

    /// The size at which it is sent.
    fn scaled(self) -> Self {
        let longest = self.longest();
        if longest <= LONGEST_EDGE {
            return self;
        }
        let scale = |edge: u32| {
            let scaled = (u64::from(edge) * u64::from(LONGEST_EDGE) + u64::from(longest) / 2) / u64::from(longest);
            u32::try_from(scaled).unwrap_or(LONGEST_EDGE).max(1)
        };
        Self { width: scale(self.width), height: scale(self.height) }
    }
}

/// A part of an image: where it begins, and how large it is. Never empty, and within the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) size: Size,
}

/// An image as it is sent.
#[derive(Debug)]
pub(crate) struct Encoded<'a> {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) size: Size,
}

/// An image whose head has been read.
pub(crate) struct Picture<'a> {
    bytes: &'a [u8],
    format: ImageFormat,
    /// As a person sees it: turned as the camera was held.
    size: Size,
    /// Read when they are first needed. Three bytes each: what is transparent becomes white, as on the page it was made for.
    pixels: Option<RgbImage>,
}

impl<'a> Picture<'a> {
    /// Reads an image's head. `Err` says what is wrong with it, as the end of a sentence.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let unknown = || "is no PNG, JPEG, GIF, WebP or BMP file".to_owned();
        let format = pictures::guess_format(bytes).map_err(|_| unknown())?;
        let decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder();
        let mut decoder = decoder.map_err(|error| unreadable(&error))?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err("has no pixels".into());
        }
        let upright = Size { width, height };
        let size = match turned(&mut decoder) {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => Size { width: height, height: width },
            _ => upright,
        };
        Ok(Self { bytes, format, size, pixels: None })
    }

    /// How large it is.
    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// All of it. The bytes themselves where they can be sent, and also where they can be sent but not read.
    pub(crate) fn whole(&mut self) -> Result<Encoded<'a>, String> {
        let sent_as = media_type(self.format).filter(|_| self.bytes.len() <= MAX_BYTES);
        let as_it_is = |media_type| Encoded { media_type, bytes: Cow::Borrowed(self.bytes), size: self.size };
        match sent_as.map(as_it_is) {
            Some(same) if self.size.longest() <= LONGEST_EDGE => Ok(same),
            same => match (self.encoded(Part { x: 0, y: 0, size: self.size }), same) {
                (Err(_), Some(same)) if same.size.longest() <= MAX_EDGE => Ok(same),
                (encoded, _) => encoded,
            },
        }
    }

    /// A part of it, which must lie within.
    pub(crate) fn part(&mut self, part: Part) -> Result<Encoded<'a>, String> {
        self.encoded(part)
    }

    fn encoded(&mut self, part: Part) -> Result<Encoded<'a>, String> {
        let lossy = matches!(self.format, ImageFormat::Jpeg | ImageFormat::WebP);
        let pixels = scaled(self.pixels()?, part)?;
        let size = Size { width: pixels.width(), height: pixels.height() };
        if !lossy && let Some(png) = png(&pixels).filter(|png| png.len() <= MAX_PNG) {
            return Ok(Encoded { media_type: "image/png", bytes: png.into(), size });
        }
        Ok(Encoded { media_type: "image/jpeg", bytes: jpeg(&pixels)?.into(), size })
    }

    fn pixels(&mut self) -> Result<&RgbImage, String> {
        let pixels = match self.pixels.take() {
            Some(pixels) => pixels,
            None => read(self.bytes, self.format, self.size)?,
        };
        Ok(self.pixels.insert(pixels))
    }
}

/// The formats that Anthropic's API takes.
fn media_type(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Png => Some("image/png"),
        ImageFormat::Jpeg => Some("image/jpeg"),
        ImageFormat::Gif => Some("image/gif"),
        ImageFormat::WebP => Some("image/webp"),
        _ => None,
    }
}

fn unreadable(error: &pictures::ImageError) -> String {
    format!("cannot be read: {error}")
}

/// How the camera was held. Cameras that say nothing, or nonsense, were held upright.
fn turned(decoder: &mut impl ImageDecoder) -> Orientation {
    decoder.orientation().unwrap_or(Orientation::NoTransforms)
}

/// All pixels, as a person sees them.
fn read(bytes: &[u8], format: ImageFormat, size: Size) -> Result<RgbImage, String> {
    let Size { width, height } = size;
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        let most = MAX_PIXELS / 1_000_000;
        return Err(format!("has {width} × {height} pixels, and can be read up to {most} million of them"));
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let decoded = reader.into_decoder().and_then(|mut decoder| {
        limits.reserve(decoder.total_bytes())?;
        decoder.set_limits(limits)?;
        let turned = turned(&mut decoder);
        Ok((DynamicImage::from_decoder(decoder)?, turned))
    });
    let (pixels, turned) = decoded.map_err(|error| unreadable(&error))?;
    let opaque = if pixels.color().has_alpha() { on_white(&pixels.into_rgba8()) } else { pixels.into_rgb8() };
    let mut pixels = DynamicImage::ImageRgb8(opaque);
    pixels.apply_orientation(turned);
    Ok(pixels.into_rgb8())
}

fn on_white(pixels: &RgbaImage) -> RgbImage {
    let mut opaque = RgbImage::new(pixels.width(), pixels.height());
    for (to, from) in opaque.pixels_mut().zip(pixels.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let mixed = [red, green, blue].map(|part| (part * alpha + 255 * (255 - alpha) + 127) / 255);
        to.0 = mixed.map(|part| u8::try_from(part).unwrap_or(u8::MAX));
    }
    opaque
}

/// A part of an image, at most as large as it is sent.
fn scaled(pixels: &RgbImage, part: Part) -> Result<RgbImage, String> {
    let to = part.size.scaled();
    if to == part.size {
        return Ok(imageops::crop_imm(pixels, part.x, part.y, to.width, to.height).to_image());
    }
    resized(pixels, part, to).ok_or_else(|| "cannot be scaled".to_owned())
}

/// With the filter that keeps the edges of small text without rings around them.
fn resized(pixels: &RgbImage, part: Part, to: Size) -> Option<RgbImage> {
    let from = TypedImageRef::<U8x3>::from_buffer(pixels.width(), pixels.height(), pixels.as_raw()).ok()?;
    let mut small = TypedImage::<U8x3>::new(to.width, to.height);
    let [x, y, width, height] = [part.x, part.y, part.size.width, part.size.height].map(f64::from);
    let filter = ResizeAlg::Convolution(FilterType::CatmullRom);
    let options = ResizeOptions::new().resize_alg(filter).crop(x, y, width, height);
    Resizer::new().resize_typed(&from, &mut small, &options).ok()?;
    RgbImage::from_raw(to.width, to.height, U8x3::components(small.pixels()).to_vec())
}

fn png(pixels: &RgbImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, PngFilter::Adaptive);
    pixels.write_with_encoder(encoder).ok()?;
    Some(bytes)
}

fn jpeg(pixels: &RgbImage) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for quality in JPEG_QUALITIES {
        bytes.clear();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        let written = encoder.write_image(pixels.as_raw(), pixels.width(), pixels.height(), ExtendedColorType::Rgb8);
        written.map_err(|error| format!("cannot be written as JPEG: {error}"))?;
        if bytes.len() <= MAX_BYTES {
            break;
        }
    }
    Ok(bytes)
}
