//! From words to values. Each function gives `None` and a finding when the word is no such value.

use std::fmt::Display;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use ipnet::IpNet;
use smol_str::SmolStr;

use crate::base::{Date, Spanned, did_you_mean_help};
use crate::diag::{Edit, Finding, Id, Safety};
use crate::net::{
    AddressRange, AppProtocol, Fqdn, NameError, PrefixError, Service, ServiceError, Transport,
    parse_address, parse_prefix,
};
use crate::syntax::tree::Word;

use super::Lowering;
use super::parameter::Text;

impl Lowering<'_> {
    /// The text of a word; a parameter without a value is a finding that names `what` it should have been.
    pub(super) fn text(&mut self, word: &Word, what: &str) -> Option<SmolStr> {
        match self.parameters.text(word, &mut self.findings)? {
            Text::Known(text) => Some(text),
            Text::Open(name) => {
                let finding = self.parameters.needs_value(&name, word, what);
                self.report(finding);
                None
            }
        }
    }

    /// A name that is not looked up, such as that of a rule; the word itself when its parameter has no value.
    pub(super) fn name(&mut self, word: &Word) -> SmolStr {
        self.text(word, "a name")
            .unwrap_or_else(|| word.value.clone())
    }

    /// The word with its parameter replaced by its value.
    pub(super) fn word(&mut self, word: &Word, what: &str) -> Option<Word> {
        let text = self.text(word, what)?;
        Some(Spanned::new(text, word.span))
    }

    pub(super) fn malformed(&mut self, word: &Word, text: &str, expected: impl Display) {
        self.report(malformed(word, text, expected));
    }

    pub(super) fn prefix(&mut self, word: &Word) -> Option<Spanned<IpNet>> {
        let text = self.text(word, "a prefix")?;
        self.prefix_of(word, &text)
    }

    pub(super) fn prefix_of(&mut self, word: &Word, text: &str) -> Option<Spanned<IpNet>> {
        match parse_prefix(text) {
            Ok(prefix) => Some(Spanned::new(prefix, word.span)),
            Err(PrefixError::HostBits(network)) => {
                let address = text.split('/').next().unwrap_or(text);
                let finding = Finding::new(Id::TG0005, format!("`{text}` has host bits set"))
                    .at(word.span, format!("the network is {network}"))
                    .help(format!(
                        "write {network} for the network, or {address} for the one address"
                    ))
                    .fix(
                        format!("write {network}"),
                        Safety::Unsafe,
                        vec![Edit {
                            span: word.span,
                            text: network.to_string(),
                        }],
                    );
                self.report(finding);
                None
            }
            Err(error) => {
                self.malformed(word, text, error);
                None
            }
        }
    }

    pub(super) fn prefixes(&mut self, words: &[Word]) -> Vec<Spanned<IpNet>> {
        words.iter().filter_map(|word| self.prefix(word)).collect()
    }

    pub(super) fn address(&mut self, word: &Word) -> Option<Spanned<IpAddr>> {
        let text = self.text(word, "an address")?;
        match parse_address(&text) {
            Some(address) => Some(Spanned::new(address, word.span)),
            None => {
                self.malformed(
                    word,
                    &text,
                    "expected an IPv4 or IPv6 address such as 10.10.0.4",
                );
                None
            }
        }
    }

    pub(super) fn addresses(&mut self, words: &[Word]) -> Vec<Spanned<IpAddr>> {
        words.iter().filter_map(|word| self.address(word)).collect()
    }

    /// A prefix or a range.
    pub(super) fn prefix_or_range(
        &mut self,
        word: &Word,
    ) -> Option<Result<Spanned<IpNet>, Spanned<AddressRange>>> {
        let text = self.text(word, "a prefix")?;
        match AddressRange::parse(&text) {
            Some(range) => Some(Err(Spanned::new(range, word.span))),
            None => self.prefix_of(word, &text).map(Ok),
        }
    }

    pub(super) fn domain(&mut self, word: &Word) -> Option<Spanned<Fqdn>> {
        let text = self.text(word, "a domain name")?;
        match text.parse() {
            Ok(name) => Some(Spanned::new(name, word.span)),
            Err(error) => {
                let finding = name_finding(word, &text, &error);
                self.report(finding);
                None
            }
        }
    }

    pub(super) fn service(&mut self, word: &Word) -> Option<Spanned<Service>> {
        let text = self.text(word, "a service")?;
        match text.parse::<Service>() {
            Ok(service) => Some(Spanned::new(service, word.span)),
            Err(error) => {
                let protocol = text.split('/').next().unwrap_or(&text);
                let known = Transport::ALL
                    .map(Transport::keyword)
                    .into_iter()
                    .chain(AppProtocol::ALL.map(AppProtocol::keyword));
                let help = (error == ServiceError::UnknownProtocol)
                    .then(|| did_you_mean_help(protocol, known))
                    .flatten();
                self.report(malformed(word, &text, error).maybe_help(help));
                None
            }
        }
    }

    pub(super) fn services(&mut self, words: &[Word]) -> Vec<Spanned<Service>> {
        words.iter().filter_map(|word| self.service(word)).collect()
    }

    pub(super) fn date(&mut self, word: &Word) -> Option<Spanned<Date>> {
        self.parsed(word, "a date")
    }

    /// A value whose type knows how to read it and what to say otherwise.
    pub(super) fn parsed<T>(&mut self, word: &Word, what: &str) -> Option<Spanned<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        let text = self.text(word, what)?;
        match text.parse() {
            Ok(value) => Some(Spanned::new(value, word.span)),
            Err(error) => {
                self.malformed(word, &text, error);
                None
            }
        }
    }

    pub(super) fn number<T: FromStr>(&mut self, word: &Word, expected: &str) -> Option<Spanned<T>> {
        let text = self.text(word, "a number")?;
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse().ok().filter(|_| digits) {
            Some(value) => Some(Spanned::new(value, word.span)),
            None => {
                self.malformed(word, &text, expected);
                None
            }
        }
    }

    pub(super) fn port(&mut self, word: &Word) -> Option<Spanned<u16>> {
        const PORT: &str = "expected a port from 1 to 65535";
        let port = self.number::<NonZeroU16>(word, PORT)?;
        Some(port.map(NonZeroU16::get))
    }

    pub(super) fn switch(&mut self, word: &Word) -> Option<Spanned<bool>> {
        self.choice(word, "a switch", &[("on", true), ("off", false)])
    }

    /// One of a few words, in any case.
    pub(super) fn choice<T: Copy>(
        &mut self,
        word: &Word,
        what: &str,
        choices: &[(&str, T)],
    ) -> Option<Spanned<T>> {
        let text = self.text(word, what)?;
        if let Some((_, value)) = choices
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text))
        {
            return Some(Spanned::new(*value, word.span));
        }
        let names = || choices.iter().map(|(name, _)| *name);
        let help = did_you_mean_help(&text, names());
        let known = format!("it can be: {}", names().collect::<Vec<_>>().join(", "));
        let finding = Finding::new(Id::TG0004, format!("`{text}` is not {what}"))
            .at(word.span, "not known")
            .maybe_help(help)
            .help(known);
        self.report(finding);
        None
    }
}

fn malformed(word: &Word, text: &str, expected: impl Display) -> Finding {
    Finding::new(Id::TG0004, format!("{expected}, found `{text}`")).at(word.span, "malformed")
}

/// What is wrong with a domain name or pattern.
pub(super) fn name_finding(word: &Word, text: &str, error: &NameError) -> Finding {
    let id = match error {
        NameError::WildcardNotFirst | NameError::Wildcard => Id::TG0006,
        _ => Id::TG0004,
    };
    let finding = Finding::new(id, format!("`{text}` is not a domain name: {error}"))
        .at(word.span, "malformed");
    if *error == NameError::WildcardNotFirst {
        let below = text
            .rsplit('*')
            .next()
            .unwrap_or("")
            .trim_start_matches(['.', '-']);
        let wider = (below.contains('.')).then(|| {
            format!("the narrowest pattern Azure Firewall takes is `*.{below}`, which allows more")
        });
        return finding.maybe_help(wider);
    }
    finding
}
