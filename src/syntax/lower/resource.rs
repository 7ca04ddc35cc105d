//! Clauses that every resource may have: `existing` and `ignore`.

use crate::base::Span;
use crate::diag::{Finding, Id};
use crate::estate::Home;
use crate::intent::Ignore;
use crate::syntax::tree::{self, CommonClause};

use super::{Lowering, Once};

impl Lowering<'_> {
    /// Applies a common clause; gives the home it sets, if it sets one. `scope` is the block around.
    pub(super) fn common(
        &mut self,
        clause: &CommonClause,
        once: &mut Once,
        scope: Option<Span>,
    ) -> Option<Home> {
        match clause {
            CommonClause::Ignore(ignore) => {
                self.ignore(ignore, scope.unwrap_or(ignore.id.span));
                None
            }
            CommonClause::Existing(existing) => {
                if !self.first_time(once, "existing", existing.keyword.span) {
                    return None;
                }
                let mut text = |word: &Option<tree::Word>, what| {
                    word.as_ref().and_then(|word| self.text(word, what))
                };
                Some(Home::Existing {
                    resource_group: text(&existing.resource_group, "a resource group"),
                    subscription: text(&existing.subscription, "a subscription"),
                })
            }
        }
    }

    pub(super) fn ignore(&mut self, ignore: &tree::Ignore, scope: Span) {
        let Some(id) = Id::from_code(&ignore.id.value) else {
            let finding = Finding::new(
                Id::TG0022,
                format!("there is no finding `{}`", ignore.id.value),
            )
            .at(ignore.id.span, "not known")
            .help("ids look like TG1001; `tidegate rule` lists them");
            self.report(finding);
            return;
        };
        if ignore.reason.value.trim().is_empty() {
            let finding = Finding::new(Id::TG0010, "an ignore needs a reason")
                .at(ignore.reason.span, "empty");
            self.report(finding);
            return;
        }
        let until = ignore.until.as_ref().and_then(|word| self.date(word));
        self.intent.ignores.push(Ignore {
            id,
            scope,
            reason: ignore.reason.value.to_string(),
            until,
            span: ignore.id.span,
        });
    }
}
