//! Cutting and scaling, seen by what arrives at the model that sees.

use super::*;
use crate::pixels::{MAX_BYTES, MAX_PIXELS};
use crate::source::decoded;

/// Media type and pixels of each image that a call sends.
fn sent(bytes: &[u8], regions: &Value) -> Vec<(String, RgbImage)> {
    configure();
    host::forget();
    let state = prepared(&json!([user(&[block(bytes)])])).1.state;
    let asked = eyes_say(message(&[text("seen")]));
    let input = json!({"imageId": ["1"], "task": "a", "regions": regions}).to_string();
    let result = call(&state, &input);
    assert!(!result.is_error, "{}", said(&result));
    let content = asked.borrow()[0]["messages"][0]["content"].clone();
    let images = content.as_array().unwrap().iter().filter(|block| block["type"] == "image");
    let image = |block: &Value| {
        let bytes = decoded(block["source"]["data"].as_str().unwrap()).unwrap();
        assert!(bytes.len() <= MAX_BYTES);
        (
            block["source"]["media_type"].as_str().unwrap().to_owned(),
            pictures::load_from_memory(&bytes).unwrap().into_rgb8(),
        )
    };
    images.map(image).collect()
}

/// Whether two images of one size show the same, but for what a JPEG or a filter changes.
fn alike(one: &RgbImage, other: &RgbImage, by: u8) -> bool {
    one.dimensions() == other.dimensions() && one.as_raw().iter().zip(other.as_raw()).all(|(a, b)| a.abs_diff(*b) <= by)
}

#[test]
fn a_region_is_exactly_its_pixels() {
    let whole = gradient(300, 200);
    let region = json!([
        {"name": "corner", "x": 290, "y": 190, "w": 50, "h": 50, "units": "px"},
        {"x": 50, "y": 25, "w": 10, "h": 50, "units": "pct"},
    ]);
    for format in [ImageFormat::Png, ImageFormat::Bmp] {
        let cuts = sent(&file(&whole, format), &region);
        assert_eq!(cuts.len(), 2);
        assert_eq!(cuts[0].0, "image/png");
        assert_eq!(cuts[0].1, pictures::imageops::crop_imm(&whole, 290, 190, 10, 10).to_image());
        assert_eq!(cuts[1].1, pictures::imageops::crop_imm(&whole, 150, 50, 30, 100).to_image());
    }
}

#[test]
fn a_region_of_a_photo_stays_a_photo() {
    let whole = gradient(300, 200);
    let region = json!({"x": 100, "y": 50, "w": 80, "h": 60, "units": "px"});
    let cuts = sent(&file(&whole, ImageFormat::Jpeg), &region);
    assert_eq!(cuts[0].0, "image/jpeg");
    assert!(alike(&cuts[0].1, &pictures::imageops::crop_imm(&whole, 100, 50, 80, 60).to_image(), 12));
}

#[test]
fn what_is_large_is_scaled() {
    let images = sent(&file(&gradient(3136, 1000), ImageFormat::Png), &Value::Null);
    assert_eq!(images[0].0, "image/png");
    assert!(alike(&images[0].1, &gradient(1568, 500), 3));
    let tall = sent(&file(&gradient(10, 4000), ImageFormat::Png), &Value::Null);
    assert_eq!(tall[0].1.dimensions(), (4, 1568));
    let region = json!({"x": 0, "y": 0, "w": 100, "h": 50, "units": "pct"});
    let cuts = sent(&file(&gradient(3136, 2000), ImageFormat::Png), &region);
    assert_eq!(cuts[0].1.dimensions(), (1568, 500));
    assert!(cuts[0].1.get_pixel(0, 499).0[1].abs_diff(127) <= 1);
}

#[test]
fn what_is_large_in_bytes_is_written_anew() {
    // Noise, which no PNG can make small.
    let mut state = 1u32;
    let noise = RgbImage::from_fn(1500, 1000, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([state.to_le_bytes()[3], state.to_le_bytes()[2], 0])
    });
    let png = file(&noise, ImageFormat::Png);
    assert!(png.len() > 2_000_000);
    let region = json!({"x": 0, "y": 0, "w": 100, "h": 100, "units": "pct"});
    assert_eq!(sent(&png, &region)[0].0, "image/jpeg");
}

#[test]
fn a_turned_photo_is_cut_as_a_person_sees_it() {
    let mut jpeg = file(&gradient(40, 20), ImageFormat::Jpeg);
    // An Exif segment after the first marker: orientation 6, "turn it to the right to see it".
    let tiff = [b"MM\0*\0\0\0\x08\0\x01".as_slice(), &[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0], &[0; 4]].concat();
    let exif = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    jpeg.splice(2..2, [&[0xff, 0xe1], length.as_slice(), &exif].concat());
    // Left half of what is 20 wide and 40 high now: the lower half of what was stored.
    let cuts = sent(&jpeg, &json!({"x": 0, "y": 0, "w": 10, "h": 40, "units": "px"}));
    assert_eq!(cuts[0].1.dimensions(), (10, 40));
    let [red, green, _] = cuts[0].1.get_pixel(0, 0).0;
    assert!(red < 30 && green > 225, "{red} {green}");
}

#[test]
fn transparency_becomes_white() {
    let clear = pictures::RgbaImage::from_pixel(10, 10, pictures::Rgba([0, 0, 0, 0]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(clear).write_to(&mut bytes, ImageFormat::Png).unwrap();
    let cuts = sent(&bytes.into_inner(), &json!({"x": 0, "y": 0, "w": 5, "h": 5, "units": "px"}));
    assert!(cuts[0].1.pixels().all(|pixel| pixel.0 == [255; 3]));
}

/// The head of a PNG with this size, and no pixels.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = file(&gradient(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = !0u32;
    for byte in &png[12..29] {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    png[29..33].copy_from_slice(&(!crc).to_be_bytes());
    png
}

#[test]
fn a_bomb_is_refused_before_it_is_read() {
    configure();
    let edge = 60_000;
    assert!(u64::from(edge) * u64::from(edge) > MAX_PIXELS);
    let state = prepared(&json!([user(&[block(&bomb(edge, edge))])])).1.state;
    eyes_say(message(&[text("seen")]));
    for regions in [json!([]), json!([{"x": 0, "y": 0, "w": 1, "h": 1, "units": "px"}])] {
        let result = call(&state, &json!({"imageId": 1, "task": "a", "regions": regions}).to_string());
        assert!(result.is_error && said(&result).contains("60000 × 60000"), "{}", said(&result));
    }
}

#[test]
fn what_cannot_be_read_but_sent_is_sent() {
    configure();
    let broken = bomb(2000, 2000);
    let state = prepared(&json!([user(&[block(&broken)])])).1.state;
    let asked = eyes_say(message(&[text("seen")]));
    assert!(!call(&state, r#"{"imageId": 1, "task": "a"}"#).is_error);
    assert_eq!(asked.borrow()[0]["messages"][0]["content"][1], block(&broken));
    let region = r#"{"imageId": 1, "task": "b", "regions": [{"x": 0, "y": 0, "w": 1, "h": 1, "units": "px"}]}"#;
    assert!(call(&state, region).is_error);
}
