//! Where what a compiled template says is written in Bicep.
//!
//! There are two ways to know. A map of Bicep's library leads from line to line. Without one, a template that was
//! compiled just now has the shape of its source: what lies under `properties` of a resource in the template is written
//! under `properties` of its declaration. That way is followed as far as the source is a literal, and ends at the last
//! literal that is certain. A template that lies beside its source may be older than it, so it is followed by its map
//! only, and only when the map fits.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};

use crate::base::{self, FileId, FileReader, Span};
use crate::diag::{Finding, Label};
use crate::import::ignores;
use crate::import::json::{Document, Json};
use crate::intent::Ignore;

use super::matching::{by_content, by_symbol};
use super::outline::{Declaration, Declares, Outline, beside};
use super::source_map::SourceMap;

/// How many files one template may be made of.
const MAX_FILES: usize = 1_000;

/// From places in compiled templates to places in Bicep.
#[derive(Debug, Default)]
pub struct Places {
    files: BTreeMap<Utf8PathBuf, Source>,
    ways: BTreeMap<FileId, Way>,
}

/// A Bicep file.
#[derive(Debug)]
struct Source {
    id: FileId,
    path: Utf8PathBuf,
    outline: Outline,
}

#[derive(Debug)]
enum Way {
    Lines(SourceMap),
    Shape {
        document: Document,
        source: Utf8PathBuf,
    },
}

/// A value on the way from the root of a document to a place.
#[derive(Debug, Clone, Copy)]
struct Step<'d> {
    /// The key that leads to it; `None` in a list.
    key: Option<Json<'d>>,
    /// How many stand before it.
    index: usize,
    value: Json<'d>,
}

impl Step<'_> {
    fn is(&self, name: &str) -> bool {
        self.key.is_some_and(|key| key.is_text(name))
    }
}

impl Places {
    /// Whether there is nothing to lead anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ways.is_empty()
    }

    /// Takes in a template, or parameters, that `source` was compiled to just now.
    pub fn add_compiled(
        &mut self,
        document: &Document,
        source: &Utf8Path,
        sources: &mut base::SourceMap,
        reader: &dyn FileReader,
    ) {
        let mut open = vec![source.to_owned()];
        while let Some(path) = open.pop() {
            if self.files.len() >= MAX_FILES || !self.read(&path, sources, reader) {
                continue;
            }
            if let Some(read) = self.files.get(&path) {
                let folder = path.parent().unwrap_or(Utf8Path::new(""));
                let modules = read.outline.uses();
                let modules = modules.filter(|(kind, _)| *kind == Declares::Module);
                open.extend(
                    modules
                        .filter_map(|(_, written)| beside(folder, written))
                        .filter(|path| is_bicep(path) && !self.files.contains_key(path)),
                );
            }
        }
        if self.files.contains_key(source) {
            let way = Way::Shape {
                document: document.clone(),
                source: source.to_owned(),
            };
            self.ways.insert(document.file(), way);
        }
    }

    /// Takes in a template with its map.
    ///
    /// # Errors
    /// Why the map does not fit the template and the files that it leads to.
    pub fn add_mapped(
        &mut self,
        template: &Document,
        map: SourceMap,
        sources: &mut base::SourceMap,
        reader: &dyn FileReader,
    ) -> Result<(), String> {
        for path in map.files().take(MAX_FILES) {
            if !self.files.contains_key(path) && !self.read(path, sources, reader) {
                return Err(format!("`{path}` cannot be read"));
            }
        }
        self.hold(template, &map, sources)?;
        self.ways.insert(template.file(), Way::Lines(map));
        Ok(())
    }

    /// Holds a map against what it leads to: what stands on a line of the template stands on the line of the source
    /// too, its key or its value. One that was made from other files does not fit by chance.
    fn hold(
        &self,
        template: &Document,
        map: &SourceMap,
        sources: &base::SourceMap,
    ) -> Result<(), String> {
        let lines: Vec<&str> = template.text().lines().collect();
        let (mut fitting, mut checked) = (0_usize, 0_usize);
        for (target, path, line) in map.pairs() {
            let source = self.files.get(path).and_then(|file| sources.get(file.id));
            let source = source.and_then(|file| file.text().lines().nth(line as usize));
            let (Some(target), Some(source)) = (lines.get(target as usize), source) else {
                return Err("it names lines that are not there".to_owned());
            };
            let texts: Vec<&str> = target.split('"').skip(1).step_by(2).collect();
            if let Some(key) = texts.first() {
                checked += 1;
                fitting += usize::from(
                    source.contains(key) || texts.get(1).is_some_and(|text| source.contains(text)),
                );
            }
        }
        if fitting * 2 < checked {
            return Err("it was made from other files".to_owned());
        }
        Ok(())
    }

    /// Reads a file, and says whether it could be read.
    fn read(
        &mut self,
        path: &Utf8Path,
        sources: &mut base::SourceMap,
        reader: &dyn FileReader,
    ) -> bool {
        if self.files.contains_key(path) {
            return true;
        }
        let id = match sources.find(path) {
            Some(id) => id,
            None => match reader.read(path) {
                Ok(text) => sources.add(path, text),
                Err(_) => return false,
            },
        };
        let Some(file) = sources.get(id) else {
            return false;
        };
        let source = Source {
            id,
            path: path.to_owned(),
            outline: Outline::new(file.shared_text()),
        };
        self.files.insert(path.to_owned(), source);
        true
    }

    /// Moves a finding to where its places are written in Bicep. When its first place is not known there, it stays where
    /// it is with all of its places.
    pub fn apply(&self, finding: &mut Finding, sources: &base::SourceMap) {
        let Some(primary) = &mut finding.primary else {
            return;
        };
        let Some(span) = self.place(primary.span, sources) else {
            return;
        };
        primary.span = span;
        let further = finding.related.iter_mut().chain(&mut finding.path);
        for label in further {
            if let Some(span) = self.place(label.span, sources) {
                label.span = span;
            }
        }
        // Two places of the template may be one place of its source.
        let mut seen: Vec<Label> = finding.primary.iter().cloned().collect();
        finding.related.retain(|label| {
            let new = !seen.contains(label);
            seen.push(label.clone());
            new
        });
    }

    /// Where a place of a template is written.
    #[must_use]
    pub fn place(&self, span: Span, sources: &base::SourceMap) -> Option<Span> {
        match self.ways.get(&span.file)? {
            Way::Lines(map) => {
                let line = sources.get(span.file)?.line_column(span.start).line;
                let (path, line) = map.source(line.checked_sub(1)?)?;
                let file = self.files.get(path)?;
                let text = sources.get(file.id)?;
                let start = text.line_start(line + 1) as usize;
                let written = text.text().get(start..)?.lines().next()?;
                let indent = written.len() - written.trim_start().len();
                let end = start + written.trim_end().len();
                Some(sources.span(file.id, (start + indent).min(end), end))
            }
            Way::Shape { document, source } => {
                let steps = steps(document.root()?, span);
                let file = self.files.get(source)?;
                let target = Target { span };
                let (id, range) = self.in_template(file, document.root()?, &steps, &target)?;
                Some(sources.span(id, range.start, range.end))
            }
        }
    }

    /// What comments of the Bicep files silence.
    pub fn ignores(&self, findings: &mut Vec<Finding>, sources: &base::SourceMap) -> Vec<Ignore> {
        let mut all = Vec::new();
        for file in self.files.values() {
            let outline = &file.outline;
            for comment in outline.comments() {
                let span = sources.span(file.id, comment.start, comment.end);
                let following = || {
                    let range = outline.following(comment.end)?;
                    Some(sources.span(file.id, range.start, range.end))
                };
                let text = sources.get(file.id).map_or("", base::SourceFile::text);
                let found = ignores::from_comment(text, span, following);
                match found {
                    None => {}
                    Some(Ok(ignore)) => all.push(ignore),
                    Some(Err(finding)) => findings.push(*finding),
                }
            }
        }
        all
    }

    fn in_template(
        &self,
        file: &Source,
        template: Json<'_>,
        steps: &[Step<'_>],
        target: &Target,
    ) -> Option<(FileId, Range<usize>)> {
        let (first, rest) = steps.split_first()?;
        let (second, rest) = rest.split_first()?;
        let outline = &file.outline;
        let named = |kind: Declares, name: &str| {
            let declarations = outline.declarations();
            let mut found = declarations
                .iter()
                .filter(|one| one.kind == kind && one.name == name);
            found.next()
        };
        let name = |step: &Step<'_>| Some(step.key?.as_str()?.into_owned());
        if first.is("resources") {
            return self.in_resource(file, first.value, second, rest, target);
        }
        let (declaration, value) = if first.is("parameters") {
            let found = named(Declares::Parameter, &name(second)?)?;
            // A template has a default; a parameter file has a value.
            let value = rest.split_first().filter(|(step, _)| {
                step.is("defaultValue") || (step.is("value") && template.get("resources").is_none())
            });
            (found, value.map(|(_, rest)| rest))
        } else if first.is("variables") && second.is("copy") {
            let (copied, _) = rest.split_first()?;
            let variable = copied.value.get("name")?.as_str()?;
            (named(Declares::Variable, &variable)?, None)
        } else if first.is("variables") {
            (named(Declares::Variable, &name(second)?)?, Some(rest))
        } else if first.is("outputs") {
            let found = named(Declares::Output, &name(second)?)?;
            let value = rest.split_first().filter(|(step, _)| step.is("value"));
            (found, value.map(|(_, rest)| rest))
        } else {
            return None;
        };
        let head = declaration.head.clone();
        let range = match (value, declaration.value) {
            (Some(steps), Some(at)) if !steps.is_empty() => {
                descend(outline, at, head, steps, target)
            }
            (Some(_), Some(at)) => outline.value_range(at),
            _ => head,
        };
        Some((file.id, range))
    }

    fn in_resource(
        &self,
        file: &Source,
        resources: Json<'_>,
        step: &Step<'_>,
        rest: &[Step<'_>],
        target: &Target,
    ) -> Option<(FileId, Range<usize>)> {
        let outline = &file.outline;
        let declaration = match step.key {
            Some(key) => by_symbol(outline, &key.as_str()?)?,
            None => by_content(outline, resources, step.value)?,
        };
        if let Some(inner) = self.in_module(file, declaration, rest, target) {
            return Some(inner);
        }
        let head = declaration.head.clone();
        let body = declaration.value.and_then(|value| outline.body(value));
        let range = match (rest, body) {
            ([first, ..], Some(_)) if first.is("type") || first.is("apiVersion") => {
                declaration.target.clone().unwrap_or(head)
            }
            ([first, second, rest @ ..], Some(body))
                if declaration.kind == Declares::Module
                    && first.is("properties")
                    && second.is("parameters") =>
            {
                given(outline, body, head, rest, target)
            }
            ([first, ..], Some(_))
                if declaration.kind == Declares::Module && first.is("properties") =>
            {
                head
            }
            (steps, Some(body)) => descend(outline, body, head, steps, target),
            (_, None) => head,
        };
        Some((file.id, range))
    }

    /// A place in the template of a module, when its file is known.
    fn in_module(
        &self,
        file: &Source,
        declaration: &Declaration,
        steps: &[Step<'_>],
        target: &Target,
    ) -> Option<(FileId, Range<usize>)> {
        if declaration.kind != Declares::Module {
            return None;
        }
        let [first, template, rest @ ..] = steps else {
            return None;
        };
        if !first.is("properties") || !template.is("template") {
            return None;
        }
        let written = file.outline.content(declaration.target.clone()?)?;
        let folder = file.path.parent().unwrap_or(Utf8Path::new(""));
        let module = self.files.get(&beside(folder, written)?)?;
        self.in_template(module, template.value, rest, target)
    }
}

fn is_bicep(path: &Utf8Path) -> bool {
    let extension = path.extension();
    extension.is_some_and(|extension| extension.eq_ignore_ascii_case("bicep"))
}

/// What is looked for.
struct Target {
    span: Span,
}

/// The way from the root to the innermost value that a place lies in, or whose key it is.
fn steps(root: Json<'_>, span: Span) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut here = root;
    loop {
        let members = here.members().enumerate();
        let mut inner = members
            .map(|(index, (key, value))| Step {
                key: Some(key),
                index,
                value,
            })
            .filter(|step| {
                let key = step.key.map_or(step.value, |key| key);
                key.span().to(step.value.span()).contains(span)
            });
        let mut items = here.items().enumerate().filter_map(|(index, value)| {
            let step = Step {
                key: None,
                index,
                value,
            };
            value.span().contains(span).then_some(step)
        });
        let Some(step) = inner.next().or_else(|| items.next()) else {
            return steps;
        };
        steps.push(step);
        here = step.value;
    }
}

/// The place of a parameter that a module is given, behind `params` of its declaration.
fn given(
    outline: &Outline,
    body: usize,
    head: Range<usize>,
    steps: &[Step<'_>],
    target: &Target,
) -> Range<usize> {
    let parameters = || {
        let (_, object) = outline.member(body, "params")?;
        let (parameter, rest) = steps.split_first()?;
        let name = parameter.key?.as_str()?;
        let (key, value) = outline.member(object, &name)?;
        let whole = outline.range_of(key).start..outline.value_range(value).end;
        let steps = rest.split_first().filter(|(step, _)| step.is("value"));
        Some(match steps {
            Some((_, steps)) if !steps.is_empty() => {
                descend(outline, value, outline.range_of(key), steps, target)
            }
            Some((step, _)) if step.value.span().contains(target.span) => {
                outline.value_range(value)
            }
            _ => whole,
        })
    };
    parameters().unwrap_or(head)
}

/// Follows keys and indices through literals, and gives the last place that is certain: all of the way a value, a key
/// or both, as far as it went a key or an element.
fn descend(
    outline: &Outline,
    start: usize,
    otherwise: Range<usize>,
    steps: &[Step<'_>],
    target: &Target,
) -> Range<usize> {
    let mut best = otherwise;
    let mut at = start;
    let mut left = steps;
    while let Some((step, rest)) = left.split_first() {
        let last = rest.is_empty();
        match step.key {
            // A loop over a property is a list `copy` in the template, whose `input` is the body of the loop.
            Some(key) if key.is_text("copy") && step.value.is_array() => {
                let looped = || {
                    let (copied, rest) = rest.split_first()?;
                    let name = copied.value.get("name")?.as_str()?;
                    let (key, value) = outline.member(at, &name)?;
                    let input = rest.split_first().filter(|(step, _)| step.is("input"));
                    Some((key, value, input.map(|(_, rest)| rest)))
                };
                let Some((key, value, input)) = looped() else {
                    return best;
                };
                best = outline.range_of(key);
                match (input, outline.loop_body(value)) {
                    (Some(rest), Some(body)) => {
                        (at, left) = (body, rest);
                        if rest.is_empty() {
                            best = outline.value_range(body);
                        }
                    }
                    _ => return best,
                }
                continue;
            }
            Some(key) => {
                let found = key.as_str().and_then(|name| outline.member(at, &name));
                let Some((written, value)) = found else {
                    return best;
                };
                let name = outline.range_of(written);
                let range = outline.value_range(value);
                best = match last {
                    true if step.value.span().contains(target.span) => range,
                    true if key.span().contains(target.span) => name,
                    true => name.start..range.end,
                    false => name,
                };
                at = value;
            }
            None => {
                let Some(item) = outline.item(at, step.index) else {
                    return best;
                };
                best = outline.value_range(item);
                at = item;
            }
        }
        left = rest;
    }
    best
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::MemoryFiles;

    const MAIN: &str = "\
param prefix string = '10.0.0.0/24'
param ports array
var names = {
  hub: [ 'a', 'b' ]
}
resource table 'Microsoft.Network/routeTables@2024-05-01' = if (prefix != '') {
  name: 'to-hub'
  properties: {
    routes: [for port in ports: {
      name: port.name
      properties: {
        nextHopType: 'Internet'
      }
    }]
  }
}
resource net 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: names.hub[0]
  properties: union(extra, { subnets: [] })
  resource inner 'subnets' = {
    name: 'one'
    properties: { addressPrefix: prefix }
  }
}
resource other 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'other'
  tags: { 'odd key': 'x', plain: 'y' }
}
module m 'm.bicep' = {
  params: { size: 3 }
}
output id string = net.id
";

    const MODULE: &str = "param size int\nresource ip 'Microsoft.Network/publicIPAddresses@2024-05-01' = {\n  name: 'ip'\n}\n";

    /// A template without symbolic names; the marks `«…»` are the places asked for.
    const LISTED: &str = r#"{"resources": [
  {"type": "Microsoft.Network/routeTables", "apiVersion": "2024-05-01", "name": "«to-hub»",
   "condition": «"[not(equals(parameters('prefix'), ''))]"»,
   "properties": {"copy": [{"name": "routes", "count": «"[length(parameters('ports'))]"», "input": {
     "name": «"[parameters('ports')[copyIndex('routes')].name]"»,
     "properties": {«"nextHopType": "Internet"»}}}]}},
  {"type": «"Microsoft.Network/virtualNetworks/subnets"», "apiVersion": "2024-05-01",
   "name": "[format('{0}/{1}', variables('names').hub[0], 'one')]", "properties": {"addressPrefix": "«[parameters('prefix')]»"}},
  {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": "other", "tags": {"odd key": «"x"»}},
  {"type": "Microsoft.Network/virtualNetworks", "apiVersion": "2024-05-01", "name": «"[variables('names').hub[0]]"»},
  {"type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": «"m-deployment"»,
   "properties": {"parameters": {"size": {"value": «3»}}, "template": {
     "parameters": {«"size": {"type": "int"}»},
     "resources": [{"type": "Microsoft.Network/publicIPAddresses", "apiVersion": "2024-05-01", "name": «"ip"», "sku": {"name": «"Standard"»}}]}}}],
 "parameters": {"prefix": {"type": "string", "defaultValue": «"10.0.0.0/24"»}, "ports": «{"type": "array"}»},
 "variables": {"names": {"hub": ["a", «"b"»]}},
 "outputs": {"id": {"type": "string", "value": «"[resourceId('x')]"»}},
 "contentVersion": «"1.0.0.0"»
}"#;

    /// One with them.
    const NAMED: &str = r#"{"resources": {
  "net": {"type": "Microsoft.Network/virtualNetworks", "name": «"[variables('names').hub[0]]"», "properties": «"[union({}, {})]"»},
  "net::inner": {"name": "x", "properties": {"addressPrefix": «"[parameters('prefix')]"»}},
  "m": {"type": "Microsoft.Resources/deployments", "properties": {"template": {
    "resources": {"ip": {"name": «"ip"»}}}}},
  "gone": {"name": «"x"»}
}}"#;

    /// The places in Bicep of the marked places of a template.
    fn found(marked: &str, main: &str) -> Vec<String> {
        let mut text = String::new();
        let mut marks = Vec::new();
        for part in marked.split_inclusive(['«', '»']) {
            text.push_str(part.trim_end_matches(['«', '»']));
            if part.ends_with(['«', '»']) {
                marks.push(text.len());
            }
        }
        let reader = MemoryFiles(
            [("i/main.bicep", main), ("i/m.bicep", MODULE)]
                .map(|(path, text)| (path.into(), text.to_owned()))
                .into(),
        );
        let mut sources = base::SourceMap::default();
        let id = sources.add("i/main.json", text.clone());
        let document = crate::import::json::parse(id, &Arc::from(text.as_str())).unwrap();
        let mut places = Places::default();
        places.add_compiled(
            &document,
            Utf8Path::new("i/main.bicep"),
            &mut sources,
            &reader,
        );
        let marks = marks.chunks(2).map(|ends| {
            let span = sources.span(id, ends[0], ends[1]);
            let Some(place) = places.place(span, &sources) else {
                return "nowhere".to_owned();
            };
            let text = sources
                .text(place)
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned();
            format!(
                "{} {text}",
                sources.describe(place).trim_start_matches("i/")
            )
        });
        marks.collect()
    }

    #[test]
    fn what_is_listed_is_found_by_type_and_name() {
        assert_eq!(
            found(LISTED, MAIN),
            [
                "main.bicep:7:9 'to-hub'",
                "main.bicep:6:1 resource table 'Microsoft.Network/routeTables@2024-05-01'",
                "main.bicep:9:5 routes",
                "main.bicep:10:13 port.name",
                "main.bicep:12:9 nextHopType: 'Internet'",
                "main.bicep:20:18 'subnets'",
                "main.bicep:22:34 prefix",
                "main.bicep:27:22 'x'",
                "main.bicep:18:9 names.hub[0]",
                "main.bicep:29:1 module m 'm.bicep'",
                "main.bicep:30:19 3",
                "m.bicep:1:1 param size",
                "m.bicep:3:9 'ip'",
                "m.bicep:2:1 resource ip 'Microsoft.Network/publicIPAddresses@2024-05-01'",
                "main.bicep:1:23 '10.0.0.0/24'",
                "main.bicep:2:1 param ports",
                "main.bicep:4:15 'b'",
                "main.bicep:32:20 net.id",
                "nowhere",
            ]
        );
    }

    #[test]
    fn symbolic_names_say_what_is_what() {
        assert_eq!(
            found(NAMED, MAIN),
            [
                "main.bicep:18:9 names.hub[0]",
                "main.bicep:19:15 union(extra, { subnets: [] })",
                "main.bicep:22:34 prefix",
                "m.bicep:3:9 'ip'",
                "nowhere",
            ]
        );
    }

    #[test]
    fn what_could_be_two_is_none() {
        let twice = MAIN.replace("'other'", "names.hub[1]");
        let places = found(LISTED, &twice);
        assert_eq!(places[7..9], ["nowhere", "nowhere"], "{places:?}");
    }

    #[test]
    fn a_source_of_another_shape_leads_nowhere_wrong() {
        for main in [
            "",
            "resource",
            "param prefix string",
            "module m 'm.bicep' = {",
        ] {
            for place in found(LISTED, main) {
                let (at, text) = place.split_once(' ').unwrap_or((&place, ""));
                // A head has a blank in it; the module is whole.
                let fits = text.contains(' ') || at.starts_with("m.bicep");
                assert!(at == "nowhere" || fits, "{main}: {place}");
            }
        }
    }
}
