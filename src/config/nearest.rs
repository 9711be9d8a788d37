//! Turns a misspelt word into the known word that was probably meant.

/// The nearest of `known` to `word`, if it is near enough: a third of the letters may be wrong, and never more than three.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let letters = folded(word);
    let allowed = (letters.len() / 3).clamp(1, 3);
    if letters.len() > LONGEST {
        return None;
    }
    known
        .into_iter()
        .map(|candidate| (distance(&letters, &folded(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// No key or name that is known is nearly as long.
const LONGEST: usize = 40;

/// Lower case, with `-` and a blank read as `_`: confusing them is no misspelling.
fn folded(word: &str) -> Vec<char> {
    let fold = |c: char| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() };
    word.chars().map(fold).collect()
}

/// The optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = (Vec::new(), (0..=b.len()).collect::<Vec<_>>());
    let mut before = None;
    for (i, x) in a.iter().enumerate() {
        let next = row(i + 1, *x, before, b, &rows.0, &rows.1);
        rows = (rows.1, next);
        before = Some(*x);
    }
    rows.1.last().copied().unwrap_or_default()
}

/// The `i`th row of the table of distances, for letter `x` after letter `before`; `earlier` and `last` are the two rows above it.
fn row(
    i: usize,
    x: char,
    before: Option<char>,
    b: &[char],
    earlier: &[usize],
    last: &[usize],
) -> Vec<usize> {
    let mut row = vec![i];
    let mut left = i;
    let mut previous = None;
    for (j, (y, above)) in b.iter().zip(last.windows(2)).enumerate() {
        let (diagonal, above) = (above.first().unwrap_or(&i), above.last().unwrap_or(&i));
        left = (diagonal + usize::from(x != *y)).min(left + 1).min(above + 1);
        let swapped = before == Some(*y) && previous == Some(x);
        if let (true, Some(corner)) = (swapped, j.checked_sub(1).and_then(|j| earlier.get(j))) {
            left = left.min(corner + 1);
        }
        row.push(left);
        previous = Some(*y);
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swaps_count_once() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("orgin", "origin", 1),
            ("moed", "mode", 1),
            ("ab", "ba", 1),
        ] {
            assert_eq!(distance(&folded(a), &folded(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_near_words_are_offered() {
        let known = ["origin", "mode", "on_unreadable"];
        assert_eq!(nearest("orgin", known), Some("origin"));
        assert_eq!(nearest("On-Unreadable", known), Some("on_unreadable"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("x", known), None);
        assert_eq!(nearest(&"o".repeat(100_000), known), None);
    }
}
