//! Markdown for a comment on a pull request. What a comment does not hold is left out with a notice, details first.

use crate::report::explanation::placed;
use crate::report::held::flow_words;
use crate::report::markdown::{COMMENT, MARK, code, inline};
use crate::report::shortened::shortened;
use crate::report::words::sentence;
use crate::verify::{Change, Told};

use super::{LINE, MOST, Section, View, assumed, from, measured, note, sections, summary, told};

/// Room for the notice about what was left out.
const NOTICE: usize = 200;

/// An answer as Markdown.
#[must_use]
pub fn markdown(view: &View<'_>) -> String {
    let difference = view.difference;
    let mut out = format!(
        "{MARK}\n### Egress from {} to {}\n\n**{}**\n",
        code(view.names.0),
        code(view.names.1),
        inline(&summary(difference))
    );
    let mut left_out = 0;
    for section in sections(difference) {
        let table = table(view, &section);
        if length(&out) + length(&table) + NOTICE > COMMENT {
            left_out += section.changes.len();
            continue;
        }
        out.push_str(&table);
        for change in section.changes.iter().take(MOST) {
            let details = details(view, change);
            if length(&out) + length(&details) + NOTICE > COMMENT {
                left_out += 1;
                continue;
            }
            out.push_str(&details);
        }
    }
    let lone = [
        (&difference.only_before, "Only before"),
        (&difference.only_after, "Only after"),
        (&difference.too_large, "Too large to decide"),
    ];
    for (subnets, when) in lone.iter().filter(|(subnets, _)| !subnets.is_empty()) {
        let shown: Vec<String> = subnets.iter().take(MOST).map(|it| code(it)).collect();
        let more = match subnets.len().saturating_sub(MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        push(
            &mut out,
            &mut left_out,
            &format!("\n{when}: {}{more}\n", shown.join(", ")),
        );
    }
    for doubted in difference.doubted.iter().take(MOST) {
        let mut text = format!(
            "\nNot known on either side, for different reasons: {}\n\n",
            code(&doubted.subnet)
        );
        for (word, doubts) in [("before", &doubted.before), ("after", &doubted.after)] {
            for doubt in doubts.iter().take(MOST) {
                text.push_str(&format!("- {word}: {}\n", inline(doubt)));
            }
        }
        push(&mut out, &mut left_out, &text);
    }
    if left_out > 0 {
        out.push_str(&format!(
            "\n> Left out, for a comment holds no more: details of {left_out} changes.\n"
        ));
    }
    out
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn push(out: &mut String, left_out: &mut usize, text: &str) {
    if length(out) + length(text) + NOTICE > COMMENT {
        *left_out += 1;
    } else {
        out.push_str(text);
    }
}

fn table(view: &View<'_>, section: &Section<'_>) -> String {
    let mut out = format!(
        "\n#### {}: {}\n\n| flows | from | before | after |\n|---|---|---|---|\n",
        sentence(section.title).trim_end_matches('.'),
        section.changes.len()
    );
    for change in section.changes.iter().take(MOST) {
        let first = change.flows.first().map(|line| shortened(line, LINE / 2));
        let more = match change.flows.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let side = |told: &Told, sources| match told.elements.first() {
            Some(element) => inline(&placed(sources, element)),
            None => super::word(told.verdict).to_owned(),
        };
        let (before, after) = match &change.example {
            Some(it) => (side(&it.before, view.before), side(&it.after, view.after)),
            None => (
                super::word(change.was).to_owned(),
                super::word(change.is).to_owned(),
            ),
        };
        out.push_str(&format!(
            "| {}{more} | {} | {} | {} |\n",
            cell(&code(&first.unwrap_or_default())),
            cell(&code(&from(change))),
            in_table(&before),
            in_table(&after)
        ));
    }
    let more = section.changes.len().saturating_sub(MOST);
    if more > 0 {
        out.push_str(&format!("\nand {more} more\n"));
    }
    out
}

/// Code inside a table, in which a bar ends the cell even between backticks.
fn cell(code: &str) -> String {
    code.replace('|', "\\|")
}

/// Text that [`inline`] has made, whose bars outside of code have their backslash already.
fn in_table(text: &str) -> String {
    text.replace("\\|", "|").replace('|', "\\|")
}

fn details(view: &View<'_>, change: &Change) -> String {
    let mut lines = Vec::new();
    for line in &change.flows {
        lines.push(code(&shortened(line, LINE)));
    }
    if let Some(example) = &change.example {
        lines.push(format!("such as {}", code(&flow_words(&example.flow))));
        let before = told(&example.before, view.before);
        lines.push(format!("before: {}", inline(&before)));
        let after = told(&example.after, view.after);
        lines.push(format!("after: {}", inline(&after)));
    }
    let measures = measured(change);
    lines.extend(measures.iter().map(|it| inline(it)));
    lines.extend(note(change).map(|it| inline(&it)));
    let assumed = assumed(change).into_iter();
    lines.extend(assumed.map(|it| format!("assumed: {}", inline(it))));
    let title = change.flows.first().map(|line| shortened(line, LINE / 2));
    let title = escaped(&title.unwrap_or_default());
    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
    format!("\n<details><summary><code>{title}</code></summary>\n\n{lines}\n</details>\n")
}

/// A text inside of HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('*', "&#42;")
        .replace('_', "&#95;")
        .replace('@', "&#64;")
        .replace('`', "&#96;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_do_not_end_cells() {
        assert_eq!(cell(&code("a|b")), "`a\\|b`");
        assert_eq!(in_table(&inline("a|b `c|d`")), "a\\|b `c\\|d`");
        assert_eq!(
            escaped("a -> *.b_c <d> & `e`"),
            "a -&gt; &#42;.b&#95;c &lt;d&gt; &amp; &#96;e&#96;"
        );
    }
}
