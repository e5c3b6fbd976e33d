//! "Did you mean …?" for a name that is nearly a key.

/// Two names that differ in more letters than this are not mistaken for each other.
const FARTHEST: usize = 3;

/// The known name that was probably meant: one that ends in what was typed (`public_url`), or one a few letters away.
pub fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let last_part = |name: &'a str| name.strip_suffix(typed).is_some_and(|rest| rest.ends_with(['.', '_']));
    known.clone().find(|name| last_part(name)).or_else(|| {
        let (distance, name) = known.map(|name| (distance(typed, name), name)).min()?;
        // In a short name three wrong letters are most of it.
        (distance <= FARTHEST.min(typed.chars().count() / 3)).then_some(name)
    })
}

/// Levenshtein distance: how many letters must be added, removed or replaced.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut next = vec![index + 1];
        let mut left = index + 1;
        for ((diagonal, above), other) in row.iter().zip(row.iter().skip(1)).zip(&to) {
            let replaced = diagonal + usize::from(letter != *other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_recognised_and_a_far_one_is_not() {
        let known = ["mode", "server.listen", "server.public_url", "secret.key", "secret.key_file"];
        let nearest = |typed| nearest(typed, known.iter().copied());
        assert_eq!(nearest("server.public_ur"), Some("server.public_url"));
        assert_eq!(nearest("sever.publicurl"), Some("server.public_url"));
        assert_eq!(nearest("public_url"), Some("server.public_url"));
        assert_eq!(nearest("secret.key_fil"), Some("secret.key_file"));
        assert_eq!(nearest("mod"), Some("mode"));
        assert_eq!(nearest("host"), None);
        assert_eq!(nearest("tracing.spans"), None);
        assert_eq!(nearest(""), None);
    }

    #[test]
    fn distance_counts_letters() {
        for (from, to, letters) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("é", "e", 1)] {
            assert_eq!(distance(from, to), letters);
            assert_eq!(distance(to, from), letters);
        }
    }
}
