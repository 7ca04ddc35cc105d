//! The declarations of a Bicep file and where they stand, and the literals that are written in them.

use std::ops::Range;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::lexer::{self, Kind, Token};
use super::straight;

/// How deep resources may be declared in one another.
const MAX_NESTING: usize = 16;

/// What a statement declares or uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declares {
    /// `param`
    Parameter,
    /// `var`
    Variable,
    /// `output`
    Output,
    /// `resource`
    Resource,
    /// `module`
    Module,
    /// `using`, `extends` and `import … from`: another file.
    Use,
}

/// One statement. Ranges are of bytes, positions are of tokens.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    /// What it declares.
    pub(super) kind: Declares,
    /// The name; empty for what has none.
    pub(super) name: String,
    /// From the keyword to the name, or to the text behind it.
    pub(super) head: Range<usize>,
    /// The text behind the name: a type, or a path.
    pub(super) target: Option<Range<usize>>,
    /// Whether the resource is there already.
    pub(super) existing: bool,
    /// Where the value begins.
    pub(super) value: Option<usize>,
    /// The resource in whose body it stands.
    pub(super) parent: Option<usize>,
}

/// A Bicep file as far as places need it.
#[derive(Debug)]
pub struct Outline {
    text: Arc<str>,
    tokens: Vec<Token>,
    comments: Vec<Range<usize>>,
    declarations: Vec<Declaration>,
}

impl Outline {
    /// Reads a file.
    #[must_use]
    pub fn new(text: Arc<str>) -> Self {
        let read = lexer::tokens(&text);
        let mut outline = Self {
            text,
            tokens: read.tokens,
            comments: read.comments,
            declarations: Vec::new(),
        };
        outline.read_declarations();
        outline
    }

    pub(super) fn declarations(&self) -> &[Declaration] {
        &self.declarations
    }

    pub(super) fn comments(&self) -> &[Range<usize>] {
        &self.comments
    }

    /// The files that it uses, as they are written: modules, and what it is built on.
    pub(super) fn uses(&self) -> impl Iterator<Item = (Declares, &str)> {
        let declarations = self.declarations.iter();
        declarations
            .filter(|one| matches!(one.kind, Declares::Module | Declares::Use))
            .filter_map(|one| Some((one.kind, self.content(one.target.clone()?)?)))
    }

    pub(super) fn source(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or("")
    }

    /// What stands between the quotes of a text, when it says just that: nothing interpolated, nothing escaped.
    pub(super) fn content(&self, range: Range<usize>) -> Option<&str> {
        let inner = self.source(range).strip_prefix('\'')?.strip_suffix('\'')?;
        let plain = !inner.contains(['\\', '\'']) && !inner.contains("${");
        plain.then_some(inner)
    }

    fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).copied()
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.token(at).map(|token| token.kind)
    }

    fn is(&self, at: usize, sign: u8) -> bool {
        self.kind(at) == Some(Kind::Sign(sign))
    }

    pub(super) fn range_of(&self, at: usize) -> Range<usize> {
        self.token(at).map_or(0..0, |token| token.start..token.end)
    }

    fn word(&self, at: usize) -> &str {
        match self.kind(at) {
            Some(Kind::Word) => self.source(self.range_of(at)),
            _ => "",
        }
    }

    fn is_text(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Text)
    }

    fn skip_breaks(&self, mut at: usize) -> usize {
        while self.kind(at) == Some(Kind::Break) {
            at += 1;
        }
        at
    }

    /// Where what starts here ends: before the next line or comma, or before the bracket that closes around it. At
    /// least one token is passed unless such a bracket stands here.
    fn end_of(&self, start: usize, separator: Option<u8>) -> usize {
        let mut depth = 0_usize;
        let mut at = start;
        while let Some(kind) = self.kind(at) {
            match kind {
                Kind::Sign(b'{' | b'[' | b'(') => depth += 1,
                Kind::Sign(b'}' | b']' | b')') if depth == 0 => return at,
                Kind::Sign(b'}' | b']' | b')') => depth -= 1,
                Kind::Break if depth == 0 && at > start => return at,
                Kind::Sign(sign) if depth == 0 && Some(sign) == separator => return at,
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// The bytes of the value that starts at a token.
    pub(super) fn value_range(&self, at: usize) -> Range<usize> {
        let end = self.end_of(at, Some(b','));
        let start = self.range_of(at).start;
        let last = self.range_of(end.saturating_sub(1).max(at)).end;
        start..last.max(start)
    }

    fn read_declarations(&mut self) {
        // Where statements are to be looked for: from, to, in whose body, how deep.
        let mut open = vec![(0, self.tokens.len(), None, 0)];
        while let Some((from, to, parent, depth)) = open.pop() {
            let mut at = from;
            while at < to {
                at = self.skip_decorators(at);
                let read = self.statement(at, parent);
                let next = self.end_of(at, parent.map(|_| b',')).max(at + 1);
                if let Some(read) = read {
                    let body = read.value.filter(|_| read.kind == Declares::Resource);
                    let body = body.and_then(|value| self.body(value));
                    if let Some(body) = body.filter(|_| depth < MAX_NESTING) {
                        let end = self.closing(body).unwrap_or(self.tokens.len());
                        open.push((body + 1, end, Some(self.declarations.len()), depth + 1));
                    }
                    self.declarations.push(read);
                }
                at = next;
            }
        }
    }

    /// The bracket that closes the one here.
    fn closing(&self, start: usize) -> Option<usize> {
        let mut depth = 0_usize;
        let mut at = start;
        loop {
            match self.kind(at)? {
                Kind::Sign(b'{' | b'[' | b'(') => depth += 1,
                Kind::Sign(b'}' | b']' | b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Behind the decorators and line ends that stand here.
    fn skip_decorators(&self, mut at: usize) -> usize {
        loop {
            at = self.skip_breaks(at);
            if !self.is(at, b'@') {
                return at;
            }
            at = self.end_of(at, None).max(at + 1);
        }
    }

    fn statement(&self, at: usize, parent: Option<usize>) -> Option<Declaration> {
        let kind = match self.word(at) {
            "resource" => Declares::Resource,
            // Bodies declare resources and nothing else; other words are keys there.
            _ if parent.is_some() => return None,
            "param" => Declares::Parameter,
            "var" => Declares::Variable,
            "output" => Declares::Output,
            "module" => Declares::Module,
            "using" | "extends" | "import" => Declares::Use,
            _ => return None,
        };
        let end = self.end_of(at, None);
        if kind == Declares::Use {
            let text = (at + 1..end).find(|at| self.is_text(*at))?;
            return Some(Declaration {
                kind,
                name: String::new(),
                head: self.range_of(at).start..self.range_of(text).end,
                target: Some(self.range_of(text)),
                existing: false,
                value: None,
                parent,
            });
        }
        let name = self.word(at + 1);
        if name.is_empty() {
            return None;
        }
        let has_target = matches!(kind, Declares::Resource | Declares::Module);
        let target = has_target
            .then(|| self.is_text(at + 2).then(|| self.range_of(at + 2)))
            .flatten();
        if has_target && target.is_none() {
            return None;
        }
        let last = target.clone().unwrap_or_else(|| self.range_of(at + 1));
        Some(Declaration {
            kind,
            name: name.to_owned(),
            head: self.range_of(at).start..last.end,
            target,
            existing: self.word(at + 3) == "existing",
            value: self.assigned(at + 2, end),
            parent,
        })
    }

    /// Where the value behind the `=` of a statement begins. The type before it may have brackets of its own.
    fn assigned(&self, from: usize, end: usize) -> Option<usize> {
        let mut at = from;
        while at < end {
            if self.is(at, b'=') {
                return Some(self.skip_breaks(at + 1));
            }
            let bracket = matches!(self.kind(at), Some(Kind::Sign(b'{' | b'[' | b'(')));
            at = match self.closing(at).filter(|_| bracket) {
                Some(closing) => closing + 1,
                None => at + 1,
            };
        }
        None
    }

    /// The brace of the body of a resource or module: behind a condition, or in a loop.
    pub(super) fn body(&self, value: usize) -> Option<usize> {
        let mut at = value;
        if self.is(at, b'[') {
            at = self.loop_body(at)?;
        }
        if self.word(at) == "if" && self.is(at + 1, b'(') {
            at = self.skip_breaks(self.closing(at + 1)? + 1);
        }
        self.is(at, b'{').then_some(at)
    }

    /// What a loop gives for each element: behind the colon of `[for x in y: …]`.
    pub(super) fn loop_body(&self, bracket: usize) -> Option<usize> {
        if !self.is(bracket, b'[') || self.word(self.skip_breaks(bracket + 1)) != "for" {
            return None;
        }
        let end = self.closing(bracket)?;
        let mut at = bracket + 1;
        while at < end {
            if self.is(at, b':') {
                return Some(self.skip_breaks(at + 1));
            }
            let opens = matches!(self.kind(at), Some(Kind::Sign(b'{' | b'[' | b'(')));
            at = match self.closing(at).filter(|_| opens) {
                Some(closing) => closing + 1,
                None => at + 1,
            };
        }
        None
    }

    /// A key of an object that starts here, and where its value begins.
    pub(super) fn member(&self, brace: usize, key: &str) -> Option<(usize, usize)> {
        if !self.is(brace, b'{') {
            return None;
        }
        let end = self.closing(brace)?;
        let mut at = brace + 1;
        while at < end {
            at = self.skip_decorators(at);
            let written = match self.kind(at)? {
                Kind::Word => Some(self.word(at)),
                Kind::Text => self.content(self.range_of(at)),
                _ => None,
            };
            let colon = self.skip_breaks(at + 1);
            if written == Some(key) && self.is(colon, b':') {
                return Some((at, self.skip_breaks(colon + 1)));
            }
            at = self.end_of(at, Some(b',')).max(at + 1);
        }
        None
    }

    /// Where an element of a list that starts here begins. A loop has none.
    pub(super) fn item(&self, bracket: usize, index: usize) -> Option<usize> {
        if !self.is(bracket, b'[') || self.loop_body(bracket).is_some() {
            return None;
        }
        let end = self.closing(bracket)?;
        let mut at = bracket + 1;
        let mut left = index;
        loop {
            while self.is(at, b',') || self.kind(at) == Some(Kind::Break) {
                at += 1;
            }
            // What is spread into a list gives as many elements as it has.
            if at >= end || self.is(at, b'.') {
                return None;
            }
            if left == 0 {
                return Some(at);
            }
            left -= 1;
            at = self.end_of(at, Some(b',')).max(at + 1);
        }
    }

    /// What follows a place, with its decorators: to the end of its last line. For instructions that cover it.
    pub(super) fn following(&self, offset: usize) -> Option<Range<usize>> {
        let first = self.tokens.partition_point(|token| token.start < offset);
        let first = self.skip_breaks(first);
        let start = self.token(first)?.start;
        let statement = self.skip_decorators(first);
        let end = self.end_of(statement, None);
        let last = self.range_of(end.checked_sub(1)?.max(first)).end;
        Some(start..last.max(start))
    }
}

/// The files beside it that a Bicep file uses, as paths from where its own path counts from.
///
/// Modules of registries and template specs (`br:`, `ts:`) are none.
#[must_use]
pub fn local_references(path: &Utf8Path, text: &str) -> Vec<Utf8PathBuf> {
    let outline = Outline::new(text.into());
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let uses = outline.uses();
    uses.filter_map(|(_, written)| beside(folder, written))
        .collect()
}

/// The template that a `.bicepparam` file gives values to: its path, or what stands there instead of one.
///
/// # Errors
/// The words behind `using`, when they name no file; empty when there is no `using`.
pub fn parameters_of_whom(path: &Utf8Path, text: &str) -> Result<Utf8PathBuf, String> {
    let outline = Outline::new(text.into());
    let folder = path.parent().unwrap_or(Utf8Path::new(""));
    let mut declarations = outline.declarations().iter();
    let using = declarations.find(|one| {
        one.kind == Declares::Use && outline.source(one.head.clone()).starts_with("using")
    });
    let Some(target) = using.and_then(|using| using.target.clone()) else {
        return Err(String::new());
    };
    let content = outline.content(target.clone());
    let file = content.and_then(|written| beside(folder, written));
    file.ok_or_else(|| outline.source(target).to_owned())
}

/// The file that a reference means, unless it names something in a registry.
pub(super) fn beside(folder: &Utf8Path, written: &str) -> Option<Utf8PathBuf> {
    let remote = written.contains(':') || written.starts_with('/') || written.is_empty();
    (!remote).then(|| straight(&folder.join(written)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
targetScope = 'resourceGroup' // of the network
@description('where ${x}')
param location string = resourceGroup().location
param rules {
  name: string
}[] = [
  { name: 'a', ports: [ '1', '2' ] }
  {
    name: 'b'
    'odd key': 3
  }
]
@secure()
param secret string
var names = [for rule in rules: '${rule.name}-x']
resource net 'Microsoft.Network/virtualNetworks@2024-05-01' = if (location == 'x') {
  name: 'net'
  resource inner 'subnets' = {
    name: 'one'
    resource deeper 'things@2024-01-01' = { name: 'z' }
  }
  properties: { dhcpOptions: { dnsServers: ['1.2.3.4'] } }
}
resource all 'Microsoft.Network/routeTables@2024-05-01' = [for (n, i) in [ { a: 1 } ]: if (i > 0) {
  name: n.a
}]
resource old 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = { name: 'old' }
module m 'modules/a.bicep' = { params: { x: 1 } }
module far 'br/public:avm/res/x:1.0.0' = { }
import { t } from '../types.bicep'
output id string = net.id
"#;

    fn shown() -> Vec<String> {
        let outline = Outline::new(FILE.into());
        let mut shown: Vec<(usize, String)> = Vec::new();
        for one in outline.declarations() {
            let parent = one.parent.map(|at| outline.declarations()[at].name.clone());
            let value = one.value.map(|at| outline.source(outline.value_range(at)));
            let first = value.and_then(|value| value.lines().next()).unwrap_or("-");
            shown.push((
                one.head.start,
                format!(
                    "{:?} {} {:?} {} {} = {first}",
                    one.kind,
                    one.name,
                    one.target.clone().map(|target| outline.source(target)),
                    one.existing,
                    parent.unwrap_or_default()
                ),
            ));
        }
        shown.sort();
        shown.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn statements_are_found_with_their_values() {
        assert_eq!(
            shown(),
            [
                "Parameter location None false  = resourceGroup().location",
                "Parameter rules None false  = [",
                "Parameter secret None false  = -",
                "Variable names None false  = [for rule in rules: '${rule.name}-x']",
                "Resource net Some(\"'Microsoft.Network/virtualNetworks@2024-05-01'\") false  = if (location == 'x') {",
                "Resource inner Some(\"'subnets'\") false net = {",
                "Resource deeper Some(\"'things@2024-01-01'\") false inner = { name: 'z' }",
                "Resource all Some(\"'Microsoft.Network/routeTables@2024-05-01'\") false  = [for (n, i) in [ { a: 1 } ]: if (i > 0) {",
                "Resource old Some(\"'Microsoft.Network/networkSecurityGroups@2024-05-01'\") true  = { name: 'old' }",
                "Module m Some(\"'modules/a.bicep'\") false  = { params: { x: 1 } }",
                "Module far Some(\"'br/public:avm/res/x:1.0.0'\") false  = { }",
                "Use  Some(\"'../types.bicep'\") false  = -",
                "Output id None false  = net.id",
            ]
        );
    }

    #[test]
    fn literals_are_followed_by_key_and_index() {
        let outline = Outline::new(FILE.into());
        let value = |name: &str| {
            let declarations = outline.declarations();
            let found = declarations.iter().find(|one| one.name == name);
            found.and_then(|one| one.value).unwrap()
        };
        let text = |at: usize| outline.source(outline.value_range(at));
        let rules = value("rules");
        let second = outline.item(rules, 1).unwrap();
        let (_, odd) = outline.member(second, "odd key").unwrap();
        assert_eq!(text(odd), "3");
        let first = outline.item(rules, 0).unwrap();
        let (_, ports) = outline.member(first, "ports").unwrap();
        assert_eq!(text(outline.item(ports, 1).unwrap()), "'2'");
        assert_eq!(outline.item(rules, 2), None);
        let net = outline.body(value("net")).unwrap();
        let (_, properties) = outline.member(net, "properties").unwrap();
        let (_, dhcp) = outline.member(properties, "dhcpOptions").unwrap();
        let (_, servers) = outline.member(dhcp, "dnsServers").unwrap();
        assert_eq!(text(outline.item(servers, 0).unwrap()), "'1.2.3.4'");
        let all = outline.body(value("all")).unwrap();
        assert_eq!(text(outline.member(all, "name").unwrap().1), "n.a");
        assert_eq!(
            outline.item(value("names"), 0),
            None,
            "a loop has no elements"
        );
    }

    #[test]
    fn files_are_referred_to_from_where_they_stand() {
        let path = Utf8Path::new("infra/main.bicep");
        assert_eq!(
            local_references(path, FILE),
            ["infra/modules/a.bicep", "types.bicep"]
        );
    }

    #[test]
    fn parameter_files_say_whose_they_are() {
        let of = |text: &str| parameters_of_whom(Utf8Path::new("env/prod.bicepparam"), text);
        assert_eq!(
            of("using '../main.bicep'\nparam a = 1"),
            Ok("main.bicep".into())
        );
        assert_eq!(of("using 'br:x.io/y:1'"), Err("'br:x.io/y:1'".to_owned()));
        assert_eq!(of("using none"), Err(String::new()));
    }

    #[test]
    fn any_text_is_read() {
        for text in [
            "",
            "resource",
            "resource a",
            "param a = ",
            "module m 'x' = [for",
            "}}}",
            "var a = {",
            "@",
        ] {
            let outline = Outline::new(text.into());
            for one in outline.declarations() {
                if let Some(value) = one.value {
                    let _ = (
                        outline.body(value),
                        outline.item(value, 0),
                        outline.member(value, "a"),
                    );
                }
            }
            let _ = outline.following(0);
        }
    }
}
