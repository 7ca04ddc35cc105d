//! Long lists on one line.

/// A line of at most about so many characters: of a list that is longer the middle is counted. What is not a list is
/// left as it is.
pub(super) fn shortened(line: &str, most: usize) -> String {
    let parts: Vec<&str> = line.split(", ").collect();
    let (Some((last, head)), true) = (parts.split_last(), line.chars().count() > most) else {
        return line.to_owned();
    };
    let mut room = most.saturating_sub(last.chars().count());
    let mut kept = Vec::new();
    for part in head {
        match room.checked_sub(part.chars().count() + 2) {
            Some(left) => room = left,
            // A list without a beginning tells nothing.
            None if kept.is_empty() => room = 0,
            None => break,
        }
        kept.push(*part);
    }
    let more = head.len() - kept.len();
    if more == 0 {
        return line.to_owned();
    }
    format!("{}, {more} more, {last}", kept.join(", "))
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn the_middle_of_a_list_is_counted() {
        let line = "any -> a.com, b.com, c.com, d.com, e.com tcp/443";
        assert_eq!(shortened(line, 80), line);
        assert_eq!(
            shortened(line, 40),
            "any -> a.com, b.com, 2 more, e.com tcp/443"
        );
        assert_eq!(shortened(line, 3), "any -> a.com, 3 more, e.com tcp/443");
        assert_eq!(
            shortened("one-long-word and another", 3),
            "one-long-word and another"
        );
    }
}
