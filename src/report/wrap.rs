//! Breaking text into lines for a terminal.

/// Appends a paragraph to `out`, broken at spaces so that lines have at most `width` characters.
///
/// The first line begins with `first`, the others with as many spaces. A word that is too long for a line gets one
/// of its own, unbroken, so that it can be copied. Control characters are dropped: texts come from files of others.
pub(super) fn paragraph(out: &mut String, first: &str, text: &str, width: usize) {
    let indent = first.chars().count();
    out.push_str(first);
    let mut column = indent;
    for (index, word) in text.split_whitespace().enumerate() {
        let word: String = word.chars().filter(|c| !c.is_control()).collect();
        let length = word.chars().count();
        if index > 0 {
            if column + 1 + length > width {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
        }
        out.push_str(&word);
        column += length;
    }
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_to_the_width() {
        let mut out = String::new();
        paragraph(
            &mut out,
            "  or ",
            "one two  three four-and-more-and-more five",
            16,
        );
        assert_eq!(
            out,
            "  or one two\n     three\n     four-and-more-and-more\n     five\n"
        );
        let mut out = String::new();
        paragraph(&mut out, "x  ", "", 10);
        paragraph(&mut out, "", "a\u{1b}[31mb", 10);
        assert_eq!(out, "x\na[31mb\n");
    }
}
