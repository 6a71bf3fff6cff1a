//! What images and documents cost, and how large they may be.
//!
//! An image of known size counts a token for every 750 pixels, as documented; one whose size
//! cannot be seen (a URL, a file) counts as a full page. A PDF counts its pages; where they cannot
//! be seen, a page for every 100 kB, which is a guess.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fields::{missing, one_of};
use super::pdf;
use super::rules::Rules;
use crate::api::error::ApiError;

/// Tokens of an image or a page whose size is not known.
const PAGE_TOKENS: u64 = 1_500;

/// Bytes of a PDF that count as a page.
const PAGE_BYTES: u64 = 100_000;

/// Pixels that cost a token.
const PIXELS_PER_TOKEN: u64 = 750;

/// Tokens of one image, at most: larger images are made smaller first.
const MAX_IMAGE_TOKENS: u64 = 4_784;

/// The longest side of an image, in pixels.
const MAX_SIDE_PIXELS: u64 = 8_000;

/// Images in one request from which on it is one of many images, and the longest side in such a
/// request.
const MANY_IMAGES: u32 = 20;
const MAX_SIDE_PIXELS_OF_MANY: u64 = 2_000;

/// The largest image in its encoded form, in bytes.
const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;

/// Characters of an image's base64 that are decoded to find its size.
const HEAD_CHARACTERS: usize = 64 * 1024;

/// The pages of PDFs in one request, at most: 600, and 100 where the window is 200,000 tokens.
pub(super) const fn most_pages(context_tokens: u64) -> u64 {
    if context_tokens > 200_000 { 600 } else { 100 }
}

/// The images and documents of a request, counted as they come.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    images: u32,
    /// Where images stand that are too large for a request of many images.
    large: Vec<String>,
    pages: u64,
}

impl Attachments {
    /// The tokens of an image block.
    pub(super) fn image(
        &mut self,
        block: &Value,
        place: &str,
        rules: Rules,
    ) -> Result<u64, ApiError> {
        self.images = self.images.saturating_add(1);
        let Some(data) = base64_data(block) else {
            return Ok(PAGE_TOKENS);
        };
        let place = format!("{place}.image.source.base64");
        if data.len() > MAX_IMAGE_BYTES {
            return Err(ApiError::invalid_request(format!(
                "{place}: image exceeds 5 MB maximum: {} bytes > {MAX_IMAGE_BYTES} bytes",
                data.len()
            )));
        }
        let head = head(data);
        if !rules.contract {
            check_kind(block, &head, &place)?;
        }
        let Some((width, height)) = size(&head) else {
            return Ok(PAGE_TOKENS);
        };
        let side = width.max(height);
        if side > MAX_SIDE_PIXELS {
            return Err(too_long_a_side(&[place], "", MAX_SIDE_PIXELS));
        }
        if side > MAX_SIDE_PIXELS_OF_MANY {
            self.large.push(place);
        }
        Ok((width * height).div_ceil(PIXELS_PER_TOKEN).clamp(1, MAX_IMAGE_TOKENS))
    }

    /// The tokens of a document block whose text cannot be read.
    pub(super) fn document(
        &mut self,
        block: &Value,
        place: &str,
        most_pages: u64,
        rules: Rules,
    ) -> Result<u64, ApiError> {
        let Some(data) = base64_data(block) else {
            return Ok(PAGE_TOKENS);
        };
        let place = format!("{place}.pdf.source.base64.data");
        let bytes = STANDARD.decode(data).unwrap_or_default();
        if !pdf::is_pdf(&bytes) {
            if rules.contract {
                return Ok(PAGE_TOKENS);
            }
            let message = format!("{place}: The PDF specified was not valid.");
            return Err(ApiError::invalid_request(message));
        }
        let known = pdf::pages(&bytes);
        self.pages = self.pages.saturating_add(known.unwrap_or(0));
        if self.pages > most_pages && !rules.contract {
            return Err(ApiError::invalid_request(format!(
                "{place}: A maximum of {most_pages} PDF pages may be provided."
            )));
        }
        let guessed = || (bytes.len() as u64).div_ceil(PAGE_BYTES);
        Ok(known.unwrap_or_else(guessed).max(1).saturating_mul(PAGE_TOKENS))
    }

    /// Refuses large images where there are many.
    pub(super) fn finish(&self) -> Result<(), ApiError> {
        if self.images <= MANY_IMAGES || self.large.is_empty() {
            return Ok(());
        }
        Err(too_long_a_side(&self.large, " for many-image requests", MAX_SIDE_PIXELS_OF_MANY))
    }
}

/// The refusal of images at these places.
fn too_long_a_side(places: &[String], when: &str, most: u64) -> ApiError {
    let first = places.first().map_or("", String::as_str);
    let message = format!(
        "{first}.data: At least one of the image dimensions exceed max allowed size{when}: {most} \
         pixels"
    );
    let suffix = ".image.source.base64";
    let paths = places.iter().map(|place| place.trim_end_matches(suffix).to_owned());
    let paths: Vec<String> = paths.collect();
    ApiError::invalid_request(message)
        .code("image_dimensions_too_large")
        .detail("max_side_length_pixels", most)
        .detail("paths", paths)
}

/// An image has to be of a kind that the API reads, and of the kind that the block says.
fn check_kind(block: &Value, head: &[u8], place: &str) -> Result<(), ApiError> {
    let given = block.pointer("/source/media_type");
    let given = given.ok_or_else(|| missing(format_args!("{place}.media_type")))?;
    let kinds = ["image/jpeg", "image/png", "image/gif", "image/webp"];
    let given = one_of(&format!("{place}.media_type"), given, &kinds)?;
    let found = match head {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => return Err(ApiError::invalid_request("Could not process image")),
    };
    if given == found {
        return Ok(());
    }
    Err(ApiError::invalid_request(format!(
        "{place}: The image was specified using the {given} media type, but the image appears to \
         be a {found} image"
    )))
}

fn base64_data(block: &Value) -> Option<&str> {
    block.get("source")?.get("data")?.as_str()
}

/// The first bytes of a file.
fn head(data: &str) -> Vec<u8> {
    let head = data.get(..data.len().min(HEAD_CHARACTERS) / 4 * 4).unwrap_or_default();
    STANDARD.decode(head).unwrap_or_default()
}

/// Width and height, read out of the file's own head.
fn size(head: &[u8]) -> Option<(u64, u64)> {
    png(head).or_else(|| gif(head)).or_else(|| jpeg(head))
}

fn png(bytes: &[u8]) -> Option<(u64, u64)> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let side = |at: usize| {
        let bytes: [u8; 4] = rest.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(bytes)))
    };
    Some((side(8)?, side(12)?))
}

fn gif(bytes: &[u8]) -> Option<(u64, u64)> {
    let rest = bytes.strip_prefix(b"GIF87a").or_else(|| bytes.strip_prefix(b"GIF89a"))?;
    let side =
        |at: usize| Some(u64::from(u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?])));
    Some((side(0)?, side(2)?))
}

/// Walks the segments of a JPEG to its frame header.
fn jpeg(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut rest = bytes.strip_prefix(b"\xff\xd8")?;
    loop {
        let [0xff, marker, high, low, ..] = *rest else {
            return None;
        };
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            let side = |at: usize| {
                Some(u64::from(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?])))
            };
            return Some((side(7)?, side(5)?));
        }
        let length = usize::from(u16::from_be_bytes([high, low]));
        rest = rest.get(2 + length.max(2)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::request::Version;
    use proptest::prelude::*;
    use serde_json::json;

    const RULES: Rules = Rules::of(Version::V2023);

    fn block(kind: &str, bytes: &[u8]) -> Value {
        let data = STANDARD.encode(bytes);
        json!({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}})
    }

    fn image(block: &Value) -> Result<u64, ApiError> {
        Attachments::default().image(block, "messages.0.content.0", RULES)
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &sides].concat()
    }

    #[test]
    fn an_image_costs_a_token_for_every_750_pixels() {
        assert_eq!(image(&block("image/png", &png_of(1000, 1000))).unwrap(), 1334);
        assert_eq!(image(&block("image/gif", b"GIF89a\x0a\x00\x0a\x00")).unwrap(), 1);
        let jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x64\x00\xc8";
        assert_eq!(image(&block("image/jpeg", jpeg)).unwrap(), 27);
        assert_eq!(image(&json!({"source": {"type": "url"}})).unwrap(), PAGE_TOKENS);
    }

    #[test]
    fn an_image_with_too_long_a_side_is_refused_with_its_code() {
        let error = image(&block("image/png", &png_of(8001, 10))).unwrap_err();
        let details = json!({
            "error_code": "image_dimensions_too_large",
            "max_side_length_pixels": 8000,
            "paths": ["messages.0.content.0"],
        });
        assert_eq!(error.details, Some(details));
    }

    #[test]
    fn many_images_may_not_be_large() {
        let of = |count: u32, width: u32| {
            let mut attachments = Attachments::default();
            for _ in 0..count {
                attachments.image(&block("image/png", &png_of(width, 10)), "x", RULES).unwrap();
            }
            attachments.finish()
        };
        assert_eq!(of(20, 2_100), Ok(()));
        assert_eq!(of(21, 2_000), Ok(()));
        assert!(of(21, 2_001).unwrap_err().message.ends_with("many-image requests: 2000 pixels"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_measuring_panic(
            head in 0_usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let heads: [&[u8]; 3] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a"];
            let _ = image(&block("image/png", &[heads[head], &bytes].concat()));
        }
    }
}
