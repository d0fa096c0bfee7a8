//! A call of the tool, as the model made it: models write numbers as words, words as lists, and regions that lie outside. What
//! can be understood is; all else is told them, so that the next call is right.

use ccr_plugin::messages::json::{Document, Kind, Value};

use crate::pixels::{Part, Size};

/// Most images of a call: with regions, most cuts. Anthropic's API takes images of full size up to this number.
const MOST: usize = 20;

/// Longest name of a region that is repeated to the model that sees, in characters.
const MOST_NAME: usize = 100;

/// What is to be found out about which images.
#[derive(Debug)]
pub(crate) struct Call {
    /// Each once, in the order of the call.
    pub(crate) numbers: Vec<u32>,
    pub(crate) task: String,
    pub(crate) regions: Vec<Region>,
}

/// A part of an image, as the model named it.
#[derive(Debug)]
pub(crate) struct Region {
    /// Its name, else its number.
    pub(crate) name: String,
    /// Left and upper edge, width and height.
    edges: [f64; 4],
    in_percent: bool,
}

impl Call {
    /// Reads the tool's input. `Err` is for the model.
    pub(crate) fn read(input: &str) -> Result<Self, String> {
        let document = Document::parse_str(input).map_err(|error| {
            format!(
                "The input is not JSON ({error}). Call the tool again with {{\"imageId\": [\"1\"], \"task\": \"…\"}}."
            )
        })?;
        let root = document.root();
        if root.kind() != Kind::Object {
            return Err("The input must be an object: {\"imageId\": [\"1\"], \"task\": \"…\"}.".into());
        }
        let numbers = numbers(root.get("imageId"))?;
        let task = root.get("task").and_then(Value::as_str).map(|task| task.decode().trim().to_owned());
        let task = task
            .filter(|task| !task.is_empty())
            .ok_or("`task` is empty: say in words what to find out about the image.")?;
        let regions = root.get("regions").filter(|regions| !regions.is_null());
        let regions = regions.map_or_else(|| Ok(Vec::new()), regions_of)?;
        let cuts = numbers.len().saturating_mul(regions.len().max(1));
        if cuts > MOST {
            return Err(format!(
                "This call asks for {cuts} images or parts of images, and one call may ask for {MOST}: split it into several calls."
            ));
        }
        Ok(Self { numbers, task, regions })
    }
}

/// One number or a list of them, each as a number or in words.
fn numbers(value: Option<Value<'_>>) -> Result<Vec<u32>, String> {
    let missing = || "`imageId` is missing: give the numbers of the images, as in [\"1\"] for [Image #1].".to_owned();
    let value = value.filter(|value| !value.is_null()).ok_or_else(missing)?;
    let items: Vec<Value<'_>> = if value.kind() == Kind::Array { value.items().collect() } else { vec![value] };
    let mut numbers = Vec::new();
    for item in items {
        let number = number(item).ok_or_else(|| {
            let shown: String = item.raw().chars().take(MOST_NAME).collect();
            format!("`imageId` has {shown}, which is no image's number: write \"1\" for [Image #1].")
        })?;
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    if numbers.is_empty() { Err(missing()) } else { Ok(numbers) }
}

/// `1`, `"1"`, `"#1"`, `"Image #1"` or `"[Image #1]"`.
fn number(item: Value<'_>) -> Option<u32> {
    let Some(text) = item.as_str() else {
        let number = item.as_f64().filter(|number| number.fract() == 0.0)?;
        return format!("{number}").parse().ok();
    };
    let text = text.decode().trim().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    text.trim_start_matches("image").trim().trim_start_matches('#').trim().parse().ok()
}

fn regions_of(value: Value<'_>) -> Result<Vec<Region>, String> {
    // One region without a list around it is as clear.
    let items: Vec<Value<'_>> = if value.kind() == Kind::Object { vec![value] } else { value.items().collect() };
    if items.is_empty() && value.kind() != Kind::Array {
        return Err(
            "`regions` must be a list of {\"x\": 0, \"y\": 0, \"w\": 50, \"h\": 50, \"units\": \"pct\"}.".into()
        );
    }
    items.into_iter().enumerate().map(|(index, item)| region(index + 1, item)).collect()
}

fn region(place: usize, item: Value<'_>) -> Result<Region, String> {
    let name =
        item.get("name").and_then(Value::as_str).map(|name| name.decode().chars().take(MOST_NAME).collect::<String>());
    let name = name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| place.to_string());
    let edge = |key| {
        let value = item.get(key);
        let written = || value?.as_str()?.decode().trim().trim_end_matches(['%', 'p', 'x']).parse::<f64>().ok();
        let edge = value.and_then(Value::as_f64).or_else(written).filter(|edge| edge.is_finite());
        edge.ok_or_else(|| format!("Region `{name}`: `{key}` must be a number."))
    };
    let edges = [edge("x")?, edge("y")?, edge("w")?, edge("h")?];
    let units = item.get("units").and_then(Value::as_str).map(|units| units.decode().into_owned());
    let in_percent = match units.as_deref() {
        Some("px") => false,
        Some("pct" | "%") => true,
        _ => return Err(format!("Region `{name}`: `units` must be \"px\" or \"pct\".")),
    };
    Ok(Region { name, edges, in_percent })
}

impl Region {
    /// Which pixels of an image it means: those that it touches. `Err` is for the model.
    pub(crate) fn within(&self, image: Size) -> Result<Part, String> {
        let [x, y, width, height] = self.edges;
        let scale = |part: f64, all: u32| if self.in_percent { part * f64::from(all) / 100.0 } else { part };
        let along = |start: f64, length: f64, all: u32| {
            let (start, end) = (scale(start, all), scale(start + length, all));
            let (start, end) = (start.max(0.0).floor(), end.min(f64::from(all)).ceil());
            (length > 0.0 && start < end).then(|| (whole(start), whole(end - start)))
        };
        match (along(x, width, image.width), along(y, height, image.height)) {
            (Some((x, width)), Some((y, height))) => Ok(Part { x, y, size: Size { width, height } }),
            _ => Err(format!(
                "Region `{}` lies outside of the image, or is empty: the image has {} × {} pixels, and `w` and `h` must be more than 0.",
                self.name, image.width, image.height
            )),
        }
    }
}

/// A number that is whole and not negative.
fn whole(number: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the number lies within an image"
    )]
    let number = number as u32;
    number
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
    use super::*;

    fn read(imageid: &str) -> Result<Vec<u32>, String> {
        Call::read(&format!(r#"{{"imageId": {imageid}, "task": "look"}}"#)).map(|call| call.numbers)
    }

    #[test]
    fn numbers_are_understood_as_models_write_them() {
        for id in [
            r##""1""##,
            r##""#1""##,
            r##""Image #1""##,
            r##""[Image #1]""##,
            r##""image 1""##,
            "1",
            "1.0",
            r##"["1"]"##,
            "[1, \"#1\"]",
        ] {
            assert_eq!(read(id).unwrap(), [1], "{id}");
        }
        assert_eq!(read(r#"["3", 1, "2"]"#).unwrap(), [3, 1, 2]);
        for id in ["null", "[]", "{}", "-1", "1.5", r#""""#, r#""one""#, "true", r#"["1", null]"#, "99999999999"] {
            assert!(read(id).is_err(), "{id}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let told = |input: &str| Call::read(input).unwrap_err();
        assert!(told(r#"{"imageId": ["1""#).contains("not JSON"));
        assert!(told("[]").contains("object"));
        assert!(told(r#"{"task": "look"}"#).contains("imageId"));
        assert!(told(r#"{"imageId": "1", "task": " "}"#).contains("task"));
        assert!(told(r#"{"imageId": "1", "task": "a", "regions": "all"}"#).contains("regions"));
        assert!(
            told(r#"{"imageId": "1", "task": "a", "regions": [{"x": 1, "y": 1, "w": 1, "units": "px"}]}"#)
                .contains("`h`")
        );
        assert!(
            told(r#"{"imageId": "1", "task": "a", "regions": [{"x": 1, "y": 1, "w": 1, "h": 1}]}"#).contains("units")
        );
        let many: Vec<u32> = (0..21).collect();
        assert!(read(&format!("{many:?}")).unwrap_err().contains("21"));
        assert!(Call::read(r#"{"imageId": "1", "task": "a", "regions": []}"#).unwrap().regions.is_empty());
    }

    #[test]
    fn regions_are_cut_to_the_image() {
        let size = Size { width: 200, height: 100 };
        let part = |json: &str| {
            let call = Call::read(&format!(r#"{{"imageId": "1", "task": "a", "regions": [{json}]}}"#)).unwrap();
            call.regions[0].within(size).map(|part| (part.x, part.y, part.size.width, part.size.height))
        };
        assert_eq!(part(r#"{"x": 10, "y": 20, "w": 30, "h": 40, "units": "px"}"#), Ok((10, 20, 30, 40)));
        assert_eq!(part(r#"{"x": "50%", "y": "50", "w": 50, "h": 100, "units": "pct"}"#), Ok((100, 50, 100, 50)));
        assert_eq!(part(r#"{"x": -10, "y": -10, "w": 20, "h": 20, "units": "px"}"#), Ok((0, 0, 10, 10)));
        assert_eq!(part(r#"{"x": 0.4, "y": 0.4, "w": 0.1, "h": 0.1, "units": "px"}"#), Ok((0, 0, 1, 1)));
        assert_eq!(part(r#"{"x": 199, "y": 99, "w": 1e300, "h": 1e300, "units": "px"}"#), Ok((199, 99, 1, 1)));
        for outside in [
            r#"{"x": 200, "y": 0, "w": 1, "h": 1, "units": "px"}"#,
            r#"{"x": 0, "y": -5, "w": 1, "h": 5, "units": "px"}"#,
            r#"{"x": 0, "y": 0, "w": 0, "h": 5, "units": "px"}"#,
            r#"{"x": 5, "y": 5, "w": -5, "h": 5, "units": "px"}"#,
        ] {
            assert!(part(outside).unwrap_err().contains("200 × 100"), "{outside}");
        }
    }
}
