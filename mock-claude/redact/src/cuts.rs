//! What is taken out of a body, and what is put there: also where the body comes in pieces.

use std::ops::Range;

/// What stands where a credential stood.
pub const MASK: &str = "[masked]";

/// One credential: the places that hold it, in order. Several where it is in pieces.
pub(crate) type Hit = Vec<Range<usize>>;

/// One place that is taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    place: Range<usize>,
    /// Whether a mask is put there: a credential in several places has one, where it begins.
    is_shown: bool,
}

/// What is taken out for these hits, in order and without overlaps.
pub(crate) fn of(hits: Vec<Hit>) -> Vec<Cut> {
    let mut all: Vec<Cut> = hits
        .into_iter()
        .flat_map(|hit| {
            let places = hit.into_iter().filter(|place| !place.is_empty()).enumerate();
            places.map(|(number, place)| Cut { place, is_shown: number == 0 })
        })
        .collect();
    all.sort_by_key(|cut| (cut.place.start, cut.place.end));
    let mut cuts: Vec<Cut> = Vec::new();
    for cut in all {
        match cuts.last_mut().filter(|last| cut.place.start <= last.place.end) {
            Some(last) => {
                last.place.end = last.place.end.max(cut.place.end);
                last.is_shown |= cut.is_shown;
            }
            None => cuts.push(cut),
        }
    }
    cuts
}

/// The pieces of a body without what is taken out of it. A mask stands in the piece in which its
/// credential begins, and there are as many pieces as before.
pub(crate) fn apply(cuts: &[Cut], pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut cuts = cuts.iter().peekable();
    let mut start = 0;
    let mut masked = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let end = start + piece.len();
        let mut left = Vec::with_capacity(piece.len());
        let mut at = start;
        while let Some(cut) = cuts.peek().filter(|cut| cut.place.start < end) {
            if cut.place.start >= start {
                left.extend_from_slice(&piece[at - start..cut.place.start - start]);
                if cut.is_shown {
                    left.extend_from_slice(MASK.as_bytes());
                }
            }
            at = cut.place.end.min(end);
            if cut.place.end > end {
                break;
            }
            cuts.next();
        }
        left.extend_from_slice(&piece[at - start..]);
        masked.push(left);
        start = end;
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(hits: Vec<Hit>, pieces: &[&str]) -> Vec<String> {
        let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
        let masked = apply(&of(hits), &bytes);
        masked.into_iter().map(|piece| String::from_utf8(piece).unwrap()).collect()
    }

    #[test]
    fn the_mask_is_where_the_credential_begins_and_nothing_of_it_is_left() {
        let hits = vec![vec![2..9], vec![4..7]];
        assert_eq!(
            pieces(hits, &["ab12", "", "345", "67cd", "ef"]),
            ["ab[masked]", "", "", "cd", "ef"]
        );
    }

    #[test]
    fn a_credential_in_several_places_has_one_mask() {
        let hits = vec![vec![1..3, 5..7], vec![8..9]];
        assert_eq!(pieces(hits, &["a12b", "c34de"]), ["a[masked]b", "cd[masked]"]);
    }

    #[test]
    fn places_that_touch_become_one() {
        assert_eq!(pieces(vec![vec![0..2], vec![2..3], vec![3..3]], &["123x"]), ["[masked]x"]);
    }
}
