//! Findings silenced in JSON: by a comment, or by `metadata` where comments cannot stand.
//!
//! A comment `// tidegate: ignore TG4010 "reason" until 2027-01-31` on a line of its own covers the value that
//! follows, at the end of a line that line. `"metadata": {"tidegate": {"ignore": [{"id": …, "reason": …, "until":
//! …}]}}` covers the object that has it.

use crate::base::{Date, Span, Spanned};
use crate::diag::{Finding, Id};
use crate::intent::Ignore;

use super::json::{Document, Json};

/// The word that makes a comment one of ours.
const MARK: &str = "tidegate:";

/// Reads what a file silences.
pub(super) fn read(document: &Document, findings: &mut Vec<Finding>) -> Vec<Ignore> {
    let mut ignores = Vec::new();
    for comment in document.comments() {
        let following = || following(document, *comment);
        match from_comment(document.text(), *comment, following) {
            None => {}
            Some(Ok(ignore)) => ignores.push(ignore),
            Some(Err(finding)) => findings.push(*finding),
        }
    }
    if document.text().contains("\"tidegate\"") {
        for root in document.roots() {
            from_metadata(root, &mut ignores, findings);
        }
    }
    ignores
}

/// What a comment silences: on a line of its own what follows it, at the end of a line that line. `None` when it is not
/// for this program.
pub(super) fn from_comment(
    text: &str,
    comment: Span,
    following: impl FnOnce() -> Option<Span>,
) -> Option<Result<Ignore, Box<Finding>>> {
    let (words, span) = instruction(text, comment)?;
    let found = from_words(words, span).map(|found| {
        let scope = line_before(text, comment).unwrap_or_else(|| following().unwrap_or(comment));
        found.covering(scope)
    });
    Some(found)
}

/// What is to be silenced, without where.
struct Instruction {
    id: Id,
    reason: String,
    until: Option<Spanned<Date>>,
    span: Span,
}

impl Instruction {
    fn covering(self, scope: Span) -> Ignore {
        Ignore {
            id: self.id,
            scope,
            reason: self.reason,
            until: self.until,
            span: self.span,
        }
    }
}

/// The words of a comment behind the mark, and their place.
fn instruction(text: &str, comment: Span) -> Option<(&str, Span)> {
    let text = text.get(comment.start as usize..comment.end as usize)?;
    let inner = text.get(2..)?;
    let inner = inner.strip_suffix("*/").unwrap_or(inner);
    let words = inner.trim_start().strip_prefix(MARK)?;
    let offset = words.as_ptr() as usize - text.as_ptr() as usize;
    let trimmed = words.trim_start();
    let start = comment.start + u32::try_from(offset + words.len() - trimmed.len()).ok()?;
    let words = trimmed.trim_end();
    let span = Span {
        start,
        end: start + u32::try_from(words.len()).ok()?,
        ..comment
    };
    Some((words, span))
}

fn malformed(span: Span, why: impl Into<String>) -> Box<Finding> {
    let finding = Finding::new(Id::TG0035, why)
        .at(span, "not understood")
        .help("write: tidegate: ignore TG4010 \"why it may stay\" until 2027-01-31");
    Box::new(finding)
}

fn from_words(words: &str, span: Span) -> Result<Instruction, Box<Finding>> {
    let Some(rest) = words.strip_prefix("ignore").map(str::trim_start) else {
        return Err(malformed(span, "the only instruction is `ignore`"));
    };
    let (code, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let id = id_of(code, span)?;
    let quoted = rest
        .trim_start()
        .strip_prefix('"')
        .and_then(|rest| rest.split_once('"'));
    let Some((reason, rest)) = quoted.filter(|(reason, _)| !reason.trim().is_empty()) else {
        return Err(malformed(span, "an ignore needs a reason in double quotes"));
    };
    let until = match rest.trim() {
        "" => None,
        more => Some(last_day(
            more.strip_prefix("until").unwrap_or(more).trim(),
            span,
        )?),
    };
    Ok(Instruction {
        id,
        reason: reason.to_owned(),
        until,
        span,
    })
}

fn id_of(code: &str, span: Span) -> Result<Id, Box<Finding>> {
    Id::from_code(code).ok_or_else(|| {
        let finding = Finding::new(Id::TG0022, format!("there is no finding `{code}`"))
            .at(span, "not known")
            .help("ids look like TG1001; `tidegate rule` lists them");
        Box::new(finding)
    })
}

fn last_day(text: &str, span: Span) -> Result<Spanned<Date>, Box<Finding>> {
    text.parse()
        .map(|date| Spanned::new(date, span))
        .map_err(|error| malformed(span, format!("{error}, not `{text}`")))
}

/// The line that a comment ends; `None` when it stands alone.
fn line_before(text: &str, comment: Span) -> Option<Span> {
    let before = text.get(..comment.start as usize).unwrap_or("");
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let alone = before
        .get(line_start..)
        .is_none_or(|line| line.trim().is_empty());
    let start = u32::try_from(line_start).unwrap_or(comment.start);
    (!alone).then_some(Span { start, ..comment })
}

/// The value behind a comment.
fn following(document: &Document, comment: Span) -> Option<Span> {
    let root = document.roots().next()?;
    next_value(root, comment.end)
}

/// The first value that starts behind a place: a member with its key, an element, or the root itself.
fn next_value(root: Json<'_>, after: u32) -> Option<Span> {
    let mut here = root;
    if here.span().start >= after {
        return Some(here.span());
    }
    loop {
        let mut inner = None;
        for (key, value) in here.members() {
            if key.span().start >= after {
                return Some(key.span().to(value.span()));
            }
            if value.span().end > after {
                inner = Some(value);
                break;
            }
        }
        for item in here.items() {
            if item.span().start >= after {
                return Some(item.span());
            }
            if item.span().end > after {
                inner = Some(item);
                break;
            }
        }
        here = inner?;
    }
}

/// Looks for `metadata` in all objects. The parser bounds how deep they lie.
fn from_metadata(value: Json<'_>, ignores: &mut Vec<Ignore>, findings: &mut Vec<Finding>) {
    let list = value.at(&["metadata", "tidegate", "ignore"]);
    for entry in list.into_iter().flat_map(|list| list.items()) {
        match from_entry(entry) {
            Ok(found) => ignores.push(found.covering(value.span())),
            Err(finding) => findings.push(*finding),
        }
    }
    for (_, inner) in value.members() {
        from_metadata(inner, ignores, findings);
    }
    for inner in value.items() {
        from_metadata(inner, ignores, findings);
    }
}

fn from_entry(entry: Json<'_>) -> Result<Instruction, Box<Finding>> {
    let span = entry.span();
    let text = |key: &str| entry.get(key).and_then(Json::as_str);
    let Some(code) = text("id") else {
        return Err(malformed(span, "an entry of `ignore` needs an `id`"));
    };
    let id = id_of(&code, span)?;
    let Some(reason) = text("reason").filter(|reason| !reason.trim().is_empty()) else {
        return Err(malformed(span, "an entry of `ignore` needs a `reason`"));
    };
    let until = match (entry.get("until"), text("until")) {
        (Some(place), Some(day)) => Some(last_day(&day, place.content_span())?),
        (Some(place), None) => return Err(malformed(place.span(), "`until` is a date in quotes")),
        (None, _) => None,
    };
    Ok(Instruction {
        id,
        reason: reason.into_owned(),
        until,
        span,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::FileId;

    /// The text that each ignore covers, and the messages.
    fn covered(text: &str) -> (Vec<String>, Vec<String>) {
        let document = crate::import::json::parse(FileId::default(), &Arc::from(text)).unwrap();
        let mut findings = Vec::new();
        let ignores = read(&document, &mut findings);
        let covered = ignores.iter().map(|ignore| {
            let until = ignore.until.map(|until| format!(" until {}", until.value));
            format!(
                "{} {}{}: {}",
                ignore.id,
                ignore.reason,
                until.unwrap_or_default(),
                text.get(ignore.scope.start as usize..ignore.scope.end as usize)
                    .unwrap()
            )
        });
        let messages = findings.into_iter().map(|finding| finding.message);
        (covered.collect(), messages.collect())
    }

    #[test]
    fn comments_cover_what_follows_or_their_line() {
        let text = "{
  // tidegate: ignore TG4001 \"jump host\" until 2027-01-31
  \"a\": [1,
    2],
  \"b\": 3, // tidegate: ignore TG1002 \"agreed\"
  \"c\": [
    /* tidegate: ignore TG9002 \"known\" */
    {\"d\": 4}
  ]
}";
        let (covered, messages) = covered(text);
        assert_eq!(messages, [""; 0]);
        assert_eq!(
            covered,
            [
                "TG4001 jump host until 2027-01-31: \"a\": [1,\n    2]",
                "TG1002 agreed:   \"b\": 3, // tidegate: ignore TG1002 \"agreed\"",
                "TG9002 known: {\"d\": 4}",
            ]
        );
    }

    #[test]
    fn metadata_covers_its_object() {
        let text = r#"{"r": {"metadata": {"tidegate": {"ignore": [{"id": "TG1002", "reason": "agreed"}]}}}}"#;
        let (covered, messages) = covered(text);
        assert_eq!(messages, [""; 0]);
        assert!(
            covered[0].starts_with("TG1002 agreed: {\"metadata\""),
            "{covered:?}"
        );
    }

    #[test]
    fn what_is_not_understood_is_reported() {
        for (text, message) in [
            (
                "// tidegate: ignore TG1002\n{}",
                "an ignore needs a reason in double quotes",
            ),
            (
                "// tidegate: ignore TG1 \"x\"\n{}",
                "there is no finding `TG1`",
            ),
            (
                "// tidegate: forget TG1002 \"x\"\n{}",
                "the only instruction is `ignore`",
            ),
            (
                "// tidegate: ignore TG1002 \"x\" until soon\n{}",
                "expected a date such as 2027-01-31, not `soon`",
            ),
            (
                r#"{"metadata": {"tidegate": {"ignore": [{"id": "TG1002"}]}}}"#,
                "an entry of `ignore` needs a `reason`",
            ),
        ] {
            assert_eq!(covered(text).1, [message], "{text}");
        }
    }
}
