//! Values of properties: read, or a reason why they cannot be.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Spanned, did_you_mean};
use crate::diag::{Change, Finding, Id as FindingId, Safety, Setting, Severity};
use crate::import::{Data, Symbol, Value};
use crate::net::{PrefixError, parse_address, parse_prefix};

use super::Builder;
use super::entity::body;
use super::gap::not_known;
use crate::estate::Unknown;

/// A value, or why there is none.
pub(super) type Read<T> = Result<Spanned<T>, Unknown>;

/// What was probably meant where a value is refused.
struct Better {
    text: String,
    help: String,
}

/// The value as messages show it.
pub(super) fn shown(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".into(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        Data::Text(text) => text.to_string(),
        Data::Array(_) => "[…]".into(),
        Data::Object(_) => "{…}".into(),
        Data::Unknown(symbol) => symbol.text.to_string(),
    }
}

impl Builder<'_> {
    /// Remembers where a value is written when that is not where it is used.
    pub(super) fn place(&mut self, value: &Value) {
        if let Some(written) = value.written {
            self.places.insert(value.span, written);
        }
    }

    /// Why a value is not known.
    pub(super) fn unknown(&mut self, value: &Value, symbol: &Symbol) -> Unknown {
        self.place(value);
        let text = match &value.data {
            Data::Text(text) => text.to_string().into(),
            _ => symbol.text.clone(),
        };
        not_known(text, value.span)
    }

    /// Reports a value that Azure does not take.
    pub(super) fn refuse(&mut self, value: &Value, expected: &str) -> Unknown {
        self.refuse_with(value, expected, None)
    }

    fn refuse_with(&mut self, value: &Value, expected: &str, better: Option<Better>) -> Unknown {
        self.place(value);
        let message = format!("Azure does not take `{}` here", shown(value));
        let mut finding =
            Finding::new(FindingId::TG0032, message).at(value.span, format!("expected {expected}"));
        if let Some(Better { text, help }) = better {
            let change = Change::Value {
                at: value.span,
                to: Setting::Text(text.clone()),
            };
            let title = format!("write {text}");
            finding = finding.help(help).propose(title, Safety::Unsafe, [change]);
        }
        if let Some(written) = value.written {
            finding = finding.related(written, "its value is written here");
            // Templates use an empty default for what has to be given.
            if value.known_text().is_some_and(|text| text.is_empty()) {
                finding = finding.severity(Severity::Warning).assumed();
            }
        }
        self.findings.push(finding);
        not_known(
            format!("`{}`, which Azure does not take", shown(value)),
            value.span,
        )
    }

    /// A known string. Numbers are taken as their digits, as Azure does.
    pub(super) fn text(&mut self, value: &Value, expected: &str) -> Read<SmolStr> {
        if let Some(symbol) = value.unknown() {
            return Err(self.unknown(value, symbol));
        }
        self.place(value);
        match &value.data {
            Data::Text(text) => Ok(Spanned::new(text.to_string().into(), value.span)),
            Data::Int(number) => Ok(Spanned::new(number.to_string().into(), value.span)),
            _ => Err(self.refuse(value, expected)),
        }
    }

    /// A string of a certain form.
    pub(super) fn parsed<T>(
        &mut self,
        value: &Value,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Read<T> {
        let text = self.text(value, expected)?;
        match parse(text.value.trim()) {
            Some(parsed) => Ok(Spanned::new(parsed, text.span)),
            None => Err(self.refuse(value, expected)),
        }
    }

    /// One of the words that a property knows, in any case.
    pub(super) fn choice<T: Copy>(&mut self, value: &Value, choices: &[(&str, T)]) -> Read<T> {
        let choice = |text: &str| {
            let mut choices = choices.iter();
            let same = choices.find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
            same.map(|(_, choice)| *choice)
        };
        if let Some(known) = value.known_text().and_then(|text| choice(text)) {
            self.place(value);
            return Ok(Spanned::new(known, value.span));
        }
        let names: Vec<String> = choices
            .iter()
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let expected = match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => names.concat(),
        };
        let text = self.text(value, &expected)?;
        if let Some(known) = choice(&text.value) {
            return Ok(Spanned::new(known, text.span));
        }
        // A sign such as `*` is near to every short word, and means something else.
        let words = choices.iter().map(|(name, _)| *name);
        let words = words.filter(|name| name.chars().all(char::is_alphabetic));
        let near = did_you_mean(&text.value, words).filter(|_| text.value.len() > 2);
        let better = near.map(|near| Better {
            text: near.to_owned(),
            help: format!("did you mean `{near}`?"),
        });
        Err(self.refuse_with(value, &expected, better))
    }

    /// A truth value.
    pub(super) fn switch(&mut self, value: &Value) -> Read<bool> {
        if let Some(known) = value.known_bool() {
            self.place(value);
            return Ok(Spanned::new(known, value.span));
        }
        match value.unknown() {
            Some(symbol) => Err(self.unknown(value, symbol)),
            None => Err(self.refuse(value, "`true` or `false`")),
        }
    }

    /// A whole number.
    pub(super) fn number(&mut self, value: &Value, expected: &str) -> Read<u32> {
        match value
            .known_int()
            .and_then(|number| u32::try_from(number).ok())
        {
            Some(number) => {
                self.place(value);
                Ok(Spanned::new(number, value.span))
            }
            None => self.parsed(value, expected, |_| None),
        }
    }

    /// A port; 0 is none.
    pub(super) fn port(&mut self, value: &Value) -> Read<u16> {
        self.parsed(value, "a port from 1 to 65535", |text| {
            text.parse().ok().filter(|port| *port > 0)
        })
    }

    /// An address.
    pub(super) fn address(&mut self, value: &Value) -> Read<IpAddr> {
        self.parsed(value, "an IPv4 or IPv6 address", parse_address)
    }

    /// A prefix of a network, subnet or route, where Azure refuses bits behind the prefix length
    /// (Azure's own words, `InvalidCIDRNotation`).
    pub(super) fn prefix(&mut self, value: &Value) -> Read<IpNet> {
        let expected = "a prefix such as 10.10.0.0/16";
        let text = self.text(value, expected)?;
        match parse_prefix(text.value.trim()) {
            Ok(prefix) => Ok(Spanned::new(prefix, text.span)),
            Err(PrefixError::Malformed) => Err(self.refuse(value, expected)),
            Err(PrefixError::HostBits(network)) => {
                let better = Better {
                    text: network.to_string(),
                    help: format!("the network is `{network}`"),
                };
                let expected = "a prefix without bits behind its length";
                Err(self.refuse_with(value, expected, Some(better)))
            }
        }
    }

    /// The known elements of a list, each read; and why the others are not known.
    pub(super) fn list<T>(
        &mut self,
        value: Option<&Value>,
        mut read: impl FnMut(&mut Self, &Value) -> Result<T, Unknown>,
    ) -> (Vec<T>, Vec<Unknown>) {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        let Some(value) = value else {
            return (known, unknown);
        };
        match (value.items(), value.unknown()) {
            (Some(items), _) => {
                for item in items.iter().filter(|item| !item.is_null()) {
                    match read(self, item) {
                        Ok(item) => known.push(item),
                        Err(why) => unknown.push(why),
                    }
                }
            }
            (None, Some(symbol)) => unknown.push(self.unknown(value, symbol)),
            (None, None) => unknown.push(self.refuse(value, "a list")),
        }
        (known, unknown)
    }

    /// Elements of a list of which nothing is known, and the list itself when it is not.
    pub(super) fn unknown_elements(&mut self, value: &Value) -> Vec<Unknown> {
        let (_, unknown) = self.list(Some(value), |builder, item| match &body(item).data {
            Data::Unknown(symbol) => Err(builder.unknown(item, symbol)),
            _ => Ok(()),
        });
        unknown
    }
}
