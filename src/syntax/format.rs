//! The formatter: one way to lay out a policy.
//!
//! Only white space changes. A block that was written on one line stays on one line while it fits and holds no
//! comment; inside a statement, line breaks stay where they were; at most one blank line is kept.

use crate::base::SourceMap;

use super::parse::{Parsed, parse_text};
use super::token::{Kind, Token};

/// The widest line that a block on one line may make, in characters.
const WIDTH: usize = 100;
const INDENT: usize = 2;

/// Why a file was left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It has mistakes; laying out what is not understood would make them harder to find.
    #[error("the file has mistakes; they must be fixed first")]
    HasMistakes,
    /// The result would not mean the same. A fault of the formatter.
    #[error("formatting would change the meaning; the file is left as it is (please report this)")]
    MeaningChanged,
}

/// The file laid out afresh.
///
/// # Errors
/// When the file has mistakes, or when the result would not parse to the same tree.
pub fn format(sources: &SourceMap, parsed: &Parsed) -> Result<String, FormatError> {
    if !parsed.findings.is_empty() {
        return Err(FormatError::HasMistakes);
    }
    let text = sources.get(parsed.file).map_or("", |file| file.text());
    let out = Layout::new(text, parsed).run();
    let again = parse_text(parsed.file, &out);
    if again.findings.is_empty()
        && again.items == parsed.items
        && comments(&again, &out).eq(comments(parsed, text))
    {
        Ok(out)
    } else {
        Err(FormatError::MeaningChanged)
    }
}

fn comments<'a>(parsed: &'a Parsed, text: &'a str) -> impl Iterator<Item = &'a str> {
    parsed
        .tokens
        .iter()
        .filter(|token| token.kind == Kind::Comment)
        .map(|token| token.text(text).trim_end())
}

struct Layout<'a> {
    text: &'a str,
    tokens: &'a [Token],
    starts: &'a [u32],
    out: String,
    /// For each open block, whether it is on one line.
    blocks: Vec<bool>,
    /// The token after the comments at hand that is no comment.
    after_comments: usize,
}

impl<'a> Layout<'a> {
    fn new(text: &'a str, parsed: &'a Parsed) -> Self {
        Self {
            text,
            tokens: &parsed.tokens,
            starts: &parsed.starts,
            out: String::with_capacity(text.len() + text.len() / 8),
            blocks: Vec::new(),
            after_comments: 0,
        }
    }

    fn run(mut self) -> String {
        let mut line_ends = 0;
        let mut after_comment = false;
        let mut previous = None;
        for (index, token) in self.tokens.iter().enumerate() {
            let text = token.text(self.text);
            match token.kind {
                Kind::Space => {
                    line_ends = text.matches('\n').count();
                    continue;
                }
                Kind::End => break,
                Kind::Comment if previous.is_some() && line_ends == 0 => self.out.push_str("  "),
                Kind::Comment => {
                    let depth = self.blocks.len() + usize::from(self.continues_statement(index));
                    self.new_line(depth, line_ends, previous);
                }
                Kind::Close => {
                    let inline = self.blocks.pop().unwrap_or(false);
                    if inline {
                        self.out.push(' ');
                    } else {
                        self.new_line(self.blocks.len(), 1, previous);
                    }
                }
                _ if self.begins_clause(token) => match self.blocks.last() {
                    Some(true) if previous == Some(Kind::Open) => self.out.push(' '),
                    Some(true) => self.out.push_str("  "),
                    _ => self.new_line(self.blocks.len(), line_ends, previous),
                },
                _ if line_ends > 0 || after_comment => {
                    self.new_line(self.blocks.len() + 1, 1, previous);
                }
                Kind::Comma => {}
                _ => self.out.push(' '),
            }
            self.out.push_str(text.trim_end());
            if token.kind == Kind::Open {
                let inline = self.fits_on_line(index);
                self.blocks.push(inline);
            }
            after_comment = token.kind == Kind::Comment;
            line_ends = 0;
            previous = Some(token.kind);
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    /// Goes to a new line, keeping one of the blank lines before it unless a block has just begun.
    fn new_line(&mut self, depth: usize, line_ends: usize, previous: Option<Kind>) {
        if previous.is_none() {
            return;
        }
        self.out.push('\n');
        if line_ends > 1 && previous != Some(Kind::Open) {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', depth * INDENT));
    }

    fn begins_clause(&self, token: &Token) -> bool {
        self.starts.binary_search(&token.start).is_ok()
    }

    /// Whether what follows a comment belongs to the statement before it.
    fn continues_statement(&mut self, comment: usize) -> bool {
        if self.after_comments < comment {
            let rest = self.tokens.get(comment..).unwrap_or_default();
            let offset = rest.iter().position(Token::is_significant);
            self.after_comments = comment + offset.unwrap_or(rest.len());
        }
        self.tokens.get(self.after_comments).is_some_and(|next| {
            !matches!(next.kind, Kind::Close | Kind::End) && !self.begins_clause(next)
        })
    }

    /// Whether the block that opens here stays on its line.
    fn fits_on_line(&self, open: usize) -> bool {
        let line_start = self.out.rfind('\n').map_or(0, |at| at + 1);
        let mut width = self.out.get(line_start..).unwrap_or("").chars().count();
        let mut depth = 0usize;
        let mut broken = false;
        for (offset, token) in self
            .tokens
            .get(open..)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            match token.kind {
                Kind::Comment | Kind::End => return false,
                Kind::Space => {
                    broken |= token.text(self.text).contains('\n');
                    continue;
                }
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if offset > 0 {
                width += token.text(self.text).chars().count()
                    + 1
                    + usize::from(self.begins_clause(token));
            }
            if depth == 0 {
                let empty = !self
                    .tokens
                    .get(open + 1..open + offset)
                    .unwrap_or_default()
                    .iter()
                    .any(Token::is_significant);
                return empty || (!broken && width <= WIDTH);
            }
            if width > WIDTH && broken {
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    fn formatted(text: &str) -> String {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", text.to_owned());
        format(&sources, &parse(&sources, file)).unwrap()
    }

    #[test]
    fn lays_out_blocks_lists_and_comments() {
        let text = "\n\n// head\negress   1\n\n\nvnet a 10.0.0.0/16,10.1.0.0/16{ // why\n subnet s   10.0.0.0/24 {route-table t nsg n}\n  // last\n\n\n  subnet AzureFirewallSubnet 10.0.1.0/26 {\n }\n}\nrequire p->x.com,\n      // the other one\n y.com   https \"why\"\n owner me\nroute-table t {\n}";
        let expected = "\
// head
egress 1

vnet a 10.0.0.0/16, 10.1.0.0/16 {  // why
  subnet s 10.0.0.0/24 { route-table t  nsg n }
  // last

  subnet AzureFirewallSubnet 10.0.1.0/26 { }
}
require p -> x.com,
  // the other one
  y.com https \"why\"
  owner me
route-table t { }
";
        assert_eq!(formatted(text), expected);
        assert_eq!(formatted(expected), expected);
        assert_eq!(formatted(""), "");
    }

    #[test]
    fn a_block_too_wide_for_its_line_is_opened() {
        let members = "e".repeat(90);
        let text = format!("vnet a 10.0.0.0/16 {{ subnet s 10.0.0.0/24 {{ nsg {members} }} }}");
        let out = formatted(&text);
        assert!(out.contains("{\n  subnet"), "{out}");
        assert_eq!(formatted(&out), out);
    }
}
