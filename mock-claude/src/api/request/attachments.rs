//! What images and documents cost, and how large they may be.
//!
//! An image of known size counts a token for every 750 pixels, as documented; one whose size
//! cannot be seen (a URL, a file) counts as a full page. A PDF counts a page for every 100 kB,
//! which is a guess: its pages are not parsed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

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

/// The largest image in its encoded form, in bytes.
const MAX_IMAGE_BYTES: usize = 5 * 1024 * 1024;

/// Characters of an image's base64 that are decoded to find its size.
const HEAD_CHARACTERS: usize = 64 * 1024;

/// The tokens of an image block.
pub(super) fn image(block: &Value, place: &str) -> Result<u64, ApiError> {
    let Some(data) = base64_data(block) else {
        return Ok(PAGE_TOKENS);
    };
    if data.len() > MAX_IMAGE_BYTES {
        return Err(ApiError::invalid_request(format!(
            "{place}.image.source.base64: image exceeds 5 MB maximum: {} bytes > {MAX_IMAGE_BYTES} \
             bytes",
            data.len()
        )));
    }
    let Some((width, height)) = size(data) else {
        return Ok(PAGE_TOKENS);
    };
    if width.max(height) > MAX_SIDE_PIXELS {
        let message = format!(
            "{place}.image.source.base64.data: At least one of the image dimensions exceed max \
             allowed size: {MAX_SIDE_PIXELS} pixels"
        );
        return Err(ApiError::invalid_request(message)
            .code("image_dimensions_too_large")
            .detail("max_side_length_pixels", MAX_SIDE_PIXELS)
            .detail("paths", vec![place.to_owned()]));
    }
    Ok((width * height).div_ceil(PIXELS_PER_TOKEN).clamp(1, MAX_IMAGE_TOKENS))
}

/// The tokens of a document block whose text cannot be read.
pub(super) fn document(block: &Value) -> u64 {
    let bytes = base64_data(block).map_or(0, |data| data.len() as u64 / 4 * 3);
    bytes.div_ceil(PAGE_BYTES).max(1) * PAGE_TOKENS
}

fn base64_data(block: &Value) -> Option<&str> {
    block.get("source")?.get("data")?.as_str()
}

/// Width and height, read out of the file's own head.
fn size(data: &str) -> Option<(u64, u64)> {
    let head = data.get(..data.len().min(HEAD_CHARACTERS) / 4 * 4)?;
    let bytes = STANDARD.decode(head).ok()?;
    png(&bytes).or_else(|| gif(&bytes)).or_else(|| jpeg(&bytes))
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
    use proptest::prelude::*;
    use serde_json::json;

    fn block(bytes: &[u8]) -> Value {
        json!({"type": "image", "source": {"type": "base64", "data": STANDARD.encode(bytes)}})
    }

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &sides].concat()
    }

    #[test]
    fn an_image_costs_a_token_for_every_750_pixels() {
        assert_eq!(image(&block(&png_of(1000, 1000)), "x").unwrap(), 1334);
        assert_eq!(image(&block(b"GIF89a\x0a\x00\x0a\x00"), "x").unwrap(), 1);
        let jpeg = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x64\x00\xc8";
        assert_eq!(image(&block(jpeg), "x").unwrap(), 27);
        assert_eq!(image(&json!({"source": {"type": "url"}}), "x").unwrap(), PAGE_TOKENS);
    }

    #[test]
    fn an_image_with_too_long_a_side_is_refused_with_its_code() {
        let error = image(&block(&png_of(8001, 10)), "messages.0.content.0").unwrap_err();
        assert_eq!(error.details.unwrap()["error_code"], "image_dimensions_too_large");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_measuring_panic(
            head in 0_usize..3, bytes in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let heads: [&[u8]; 3] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a"];
            let _ = image(&block(&[heads[head], &bytes].concat()), "x");
        }
    }
}
