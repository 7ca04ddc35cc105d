//! The statements of a policy without their layout: what a finding can be recognised by after edits elsewhere.

use crate::base::Span;

use super::parse::Parsed;
use super::token::Kind;

/// A statement or clause.
#[derive(Debug, Clone)]
struct Statement {
    /// Its words and punctuation up to its block, a blank between any two.
    words: Vec<String>,
    start: u32,
    /// Where its block ends, or the statement itself.
    end: u32,
    /// The statement in whose block it stands.
    around: Option<usize>,
}

/// All statements of a file, in order.
#[derive(Debug, Clone)]
pub struct Outline {
    statements: Vec<Statement>,
}

/// Where in a policy something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The keywords and names of the blocks around it, outermost first: `nsg pool-nsg`.
    pub blocks: Vec<String>,
    /// The statement, without a block of its own and without its priority.
    pub statement: String,
}

impl Outline {
    /// The statements of a file that was parsed from this text.
    #[must_use]
    pub fn new(parsed: &Parsed, text: &str) -> Self {
        let mut statements: Vec<Statement> = Vec::new();
        let mut open: Vec<Option<usize>> = Vec::new();
        let mut current: Option<usize> = None;
        for token in parsed.tokens.iter().filter(|token| token.is_significant()) {
            match token.kind {
                Kind::Open => open.push(current),
                Kind::Close => {
                    current = open.pop().flatten();
                    if let Some(owner) = current.and_then(|at| statements.get_mut(at)) {
                        owner.end = token.end;
                    }
                }
                Kind::End => {}
                _ => {
                    if parsed.starts.binary_search(&token.start).is_ok() {
                        current = Some(statements.len());
                        statements.push(Statement {
                            words: Vec::new(),
                            start: token.start,
                            end: token.end,
                            around: open.last().copied().flatten(),
                        });
                    }
                    if let Some(statement) = current.and_then(|at| statements.get_mut(at)) {
                        statement.words.push(token.text(text).to_owned());
                        statement.end = token.end;
                    }
                }
            }
        }
        Self { statements }
    }

    /// Where a place of the same file stands; `None` outside every statement.
    #[must_use]
    pub fn anchor(&self, place: Span) -> Option<Anchor> {
        let after = self
            .statements
            .partition_point(|statement| statement.start <= place.start);
        let mut at = after.checked_sub(1)?;
        let mut statement = self.statements.get(at)?;
        while statement.end < place.start {
            at = statement.around?;
            statement = self.statements.get(at)?;
        }
        let mut blocks = Vec::new();
        let mut around = statement.around;
        while let Some(owner) = around.and_then(|at| self.statements.get(at)) {
            let head: Vec<&str> = owner.words.iter().take(2).map(String::as_str).collect();
            blocks.push(head.join(" "));
            around = owner.around;
        }
        blocks.reverse();
        Some(Anchor {
            blocks,
            statement: statement.without_priority().join(" "),
        })
    }
}

impl Statement {
    /// The words without a priority, which is the third word where there is one: rules can change places and stay the
    /// same rules.
    fn without_priority(&self) -> Vec<&str> {
        let is_priority =
            |index: usize, word: &str| index == 2 && word.bytes().all(|byte| byte.is_ascii_digit());
        let words = self.words.iter().enumerate();
        words
            .filter(|(index, word)| !is_priority(*index, word))
            .map(|(_, word)| word.as_str())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::syntax::parse;

    fn anchor(text: &str, of: &str) -> Option<Anchor> {
        let mut sources = SourceMap::default();
        let file = sources.add("test.egress", text.to_owned());
        let parsed = parse(&sources, file);
        let at = text.find(of).unwrap();
        Outline::new(&parsed, text).anchor(sources.span(file, at, at + of.len()))
    }

    #[test]
    fn layout_order_and_priority_do_not_matter() {
        let one = "egress 1\nnsg web {\n  rule a 200 outbound allow from 10.0.0.1,\n    10.0.0.2 to * tcp/443\n}\n";
        let other = "egress 1\nnsg web { rule b 100 outbound deny from * to * tcp/80  rule a 300 outbound allow from 10.0.0.1, 10.0.0.2 to * tcp/443 } // so";
        let expected = Anchor {
            blocks: vec!["nsg web".to_owned()],
            statement: "rule a outbound allow from 10.0.0.1 , 10.0.0.2 to * tcp/443".to_owned(),
        };
        assert_eq!(anchor(one, "tcp/443"), Some(expected.clone()));
        assert_eq!(anchor(other, "tcp/443"), Some(expected));
    }

    #[test]
    fn the_end_of_a_block_belongs_to_its_owner() {
        let text = "egress 1\nvnet hub 10.0.0.0/16 {\n  subnet a 10.0.1.0/24 { nsg x }\n}\n";
        let statement = |of: &str| anchor(text, of).map(|anchor| anchor.statement);
        assert_eq!(statement("}\n}"), Some("subnet a 10.0.1.0/24".to_owned()));
        assert_eq!(statement("x }"), Some("nsg x".to_owned()));
        assert_eq!(anchor("// nothing\n", "nothing"), None);
    }
}
