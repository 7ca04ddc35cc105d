//! The page: statements and clauses laid out as the formatter of the language lays them out.
//!
//! What is written here is what the formatter would leave as it is. A clause that is too wide for its line is broken
//! where the language lets a statement go on, and nowhere else.

use smol_str::SmolStr;

/// The widest line, in characters, as long as a clause can be broken.
const WIDTH: usize = 100;
const INDENT: usize = 2;

/// One statement or clause, without its block.
#[derive(Debug, Clone, Default)]
pub(super) struct Clause {
    /// Each may begin a line of its own when the whole is too wide.
    parts: Vec<Part>,
}

/// Words that stay together as far as they can.
#[derive(Debug, Clone, Default)]
struct Part(Vec<String>);

impl Clause {
    /// A clause of these words, which stay on one line.
    pub(super) fn new(words: impl Into<String>) -> Self {
        Self {
            parts: vec![Part(vec![words.into()])],
        }
    }

    /// A clause of a keyword and a list.
    pub(super) fn listing(lead: impl Into<String>, elements: &[String]) -> Self {
        Self::default().part(lead, &[elements])
    }

    /// Adds a part: words, then lists one after the other.
    pub(super) fn part(mut self, lead: impl Into<String>, lists: &[&[String]]) -> Self {
        let mut pieces = vec![lead.into()];
        for list in lists {
            for (index, element) in list.iter().enumerate() {
                let comma = if index + 1 < list.len() { "," } else { "" };
                let piece = format!("{element}{comma}");
                match pieces.last_mut().filter(|_| index == 0) {
                    // The first of a list stays on the line of what stands before it.
                    Some(last) => last.push_str(&format!(" {piece}")),
                    None => pieces.push(piece),
                }
            }
        }
        self.parts.push(Part(pieces));
        self
    }

    /// Adds a text in quotes, unless it is empty.
    pub(super) fn text(mut self, text: &str) -> Self {
        if !text.trim().is_empty() {
            self.parts.push(Part(vec![quoted(text)]));
        }
        self
    }

    /// Adds words to the end, on the same line.
    pub(super) fn word(mut self, word: &str) -> Self {
        if let Some(last) = self.parts.last_mut().and_then(|part| part.0.last_mut()) {
            last.push(' ');
            last.push_str(word);
        }
        self
    }

    fn on_one_line(&self) -> String {
        let pieces = self.parts.iter().flat_map(|part| &part.0);
        pieces.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// The lines of the clause when it begins at this depth and something of this width follows it.
    fn lines(&self, depth: usize, after: usize) -> Vec<String> {
        let whole = self.on_one_line();
        if width(&whole) + depth * INDENT + after <= WIDTH {
            return vec![whole];
        }
        let room = WIDTH.saturating_sub((depth + 1) * INDENT + after);
        let mut lines: Vec<String> = Vec::new();
        for part in &self.parts {
            for (index, piece) in part.0.iter().enumerate() {
                let begins = index == 0;
                match lines.last_mut().filter(|_| !begins) {
                    Some(line)
                        if width(line) + 1 + width(piece) <= room || !may_begin_line(piece) =>
                    {
                        line.push(' ');
                        line.push_str(piece);
                    }
                    _ => lines.push(piece.clone()),
                }
            }
        }
        lines
    }
}

impl From<String> for Clause {
    fn from(words: String) -> Self {
        Self::new(words)
    }
}

impl From<&str> for Clause {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

/// Whether an element of a list can stand first on a line. A line that begins with a keyword of a block around would be
/// a new clause; keywords have small letters and hyphens only. The words before the names of tags are no keywords
/// where targets can stand.
fn may_begin_line(element: &str) -> bool {
    let first = element.split([' ', ',']).next().unwrap_or(element);
    let target = matches!(first, "tag" | "fqdn-tag" | "web-category") && element.contains(' ');
    target || !first.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// What stands in a block, or in the policy.
#[derive(Debug, Clone)]
enum Line {
    Comment(String),
    Clause(Clause),
    Block(Block),
}

/// The inside of a block, or a policy.
#[derive(Debug, Clone, Default)]
pub(super) struct Body(Vec<Line>);

impl Body {
    pub(super) fn comment(&mut self, text: &str) {
        self.0.push(Line::Comment(on_line(text)));
    }

    pub(super) fn clause(&mut self, clause: impl Into<Clause>) {
        self.0.push(Line::Clause(clause.into()));
    }

    pub(super) fn block(&mut self, block: Block) {
        self.0.push(Line::Block(block));
    }

    /// A clause of a keyword and a list, unless there is nothing to list.
    pub(super) fn list(&mut self, keyword: &str, elements: &[String]) {
        if !elements.is_empty() {
            self.clause(Clause::listing(keyword, elements));
        }
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn render(&self, depth: usize, out: &mut String) {
        for line in &self.0 {
            let indent = " ".repeat(depth * INDENT);
            match line {
                Line::Comment(text) => out.push_str(&format!("{indent}// {text}\n")),
                Line::Clause(clause) => {
                    let lines = clause.lines(depth, 0);
                    out.push_str(&indent);
                    out.push_str(&joined(&lines, depth));
                    out.push('\n');
                }
                Line::Block(block) => block.render(depth, out),
            }
        }
    }

    /// All of it as one paragraph.
    pub(super) fn paragraph(&self) -> String {
        let mut out = String::new();
        self.render(0, &mut out);
        out
    }

    /// The statements of a policy as paragraphs. Statements of one kind that take a line each stand together.
    pub(super) fn paragraphs(&self) -> Vec<String> {
        let mut paragraphs: Vec<String> = Vec::new();
        // The kind of the statement before, when it takes one line. Comments that stand alone are a kind, too.
        let mut before: Option<String> = None;
        for line in &self.0 {
            let text = Self(vec![line.clone()]).paragraph();
            let keyword = text.split(' ').next().map(str::to_owned);
            let short = keyword.filter(|_| text.lines().count() == 1);
            match paragraphs
                .last_mut()
                .filter(|_| short.is_some() && short == before)
            {
                Some(last) => last.push_str(&text),
                None => paragraphs.push(text),
            }
            before = short;
        }
        paragraphs
    }
}

/// A statement or clause with a block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    head: Clause,
    pub(super) body: Body,
    /// What stands above it.
    pub(super) above: Body,
    braces: Braces,
}

/// Whether a block has braces when there is nothing in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Braces {
    WhenNeeded,
    Always,
}

impl Block {
    /// A block that may be left out when it is empty.
    pub(super) fn new(head: impl Into<Clause>) -> Self {
        Self {
            head: head.into(),
            body: Body::default(),
            above: Body::default(),
            braces: Braces::WhenNeeded,
        }
    }

    /// A block whose braces the language asks for.
    pub(super) fn with_braces(head: impl Into<Clause>) -> Self {
        Self {
            braces: Braces::Always,
            ..Self::new(head)
        }
    }

    fn render(&self, depth: usize, out: &mut String) {
        self.above.render(depth, out);
        let indent = " ".repeat(depth * INDENT);
        out.push_str(&indent);
        let opens = !self.body.is_empty() || self.braces == Braces::Always;
        let after = if opens { 2 } else { 0 };
        out.push_str(&joined(&self.head.lines(depth, after), depth));
        match (opens, self.body.is_empty()) {
            (false, _) => {}
            (true, true) => out.push_str(" { }"),
            (true, false) => {
                out.push_str(" {\n");
                self.body.render(depth + 1, out);
                out.push_str(&indent);
                out.push('}');
            }
        }
        out.push('\n');
    }
}

fn joined(lines: &[String], depth: usize) -> String {
    lines.join(&format!("\n{}", " ".repeat((depth + 1) * INDENT)))
}

/// A text in quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    let text = on_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// A text on one line.
fn on_line(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = text.chars().map(printable).collect();
    line.trim().to_owned()
}

/// Whether the language reads this text as one word that stands for itself.
pub(super) fn is_word(text: &str) -> bool {
    let breaks = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '{' | '}' | ',' | '=' | '"' | '\u{feff}')
    };
    let pairs = ["//", "->", "<-"];
    !text.is_empty()
        && !text.starts_with('$')
        && !text.contains(breaks)
        && !pairs.iter().any(|pair| text.contains(pair))
}

/// A word that reminds of a text: its letters and digits, and hyphens between.
pub(super) fn slug(text: &str) -> SmolStr {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_start_matches(['_', '-']).trim_end_matches('-');
    if out.is_empty() {
        SmolStr::new_static("unnamed")
    } else {
        out.into()
    }
}
