//! Rows in portions of a few sizes.

/// Sizes that a statement may have. Each size is a text of its own, which is prepared once for each connection and kept;
/// with any number of rows hundreds of long texts would be (docs/performance.md).
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// All of the rows, in their order, the largest portions first.
pub fn portions<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (portion, rest) = rows.split_at_checked(size)?;
        rows = rest;
        Some(portion)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rows_come_in_their_order_in_a_few_sizes() {
        for length in [0, 1, 3, 4, 27, 255, 256, 1_000] {
            let rows: Vec<usize> = (0..length).collect();
            let all: Vec<&[usize]> = portions(&rows).collect();
            assert!(all.iter().all(|portion| SIZES.contains(&portion.len())), "{all:?}");
            assert_eq!(all.concat(), rows);
        }
        let sizes: Vec<usize> = portions(&[0; 27]).map(<[_]>::len).collect();
        assert_eq!(sizes, [16, 4, 4, 1, 1, 1]);
    }
}
