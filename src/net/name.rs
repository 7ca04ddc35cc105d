//! Domain names and the name patterns that Azure Firewall knows.

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

/// Why a text is no domain name or pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is there.
    #[error("a name must not be empty")]
    Empty,
    /// Longer than DNS allows.
    #[error("a name has at most 253 characters; this one has {0}")]
    TooLong(usize),
    /// A part between dots is empty, such as in `a..b`.
    #[error("a part between two dots is empty")]
    EmptyLabel,
    /// A part between dots is longer than DNS allows.
    #[error("a part between dots has at most 63 characters; `{0}` has more")]
    LabelTooLong(SmolStr),
    /// Not a letter, digit, hyphen, underscore or dot.
    #[error("`{0}` cannot stand in a domain name{hint}", hint = if .0.is_ascii() { "" } else { "; write the punycode form (xn--…)" })]
    BadCharacter(char),
    /// A part begins or ends with a hyphen.
    #[error("`{0}` begins or ends with a hyphen")]
    Hyphen(SmolStr),
    /// An asterisk anywhere but first.
    #[error("an asterisk may only be the first character of a name")]
    WildcardNotFirst,
    /// An asterisk where one exact name is needed.
    #[error("a wildcard cannot stand here: one exact name is needed")]
    Wildcard,
}

/// A fully qualified domain name, lower-cased, without a final dot.
///
/// Letters, digits, hyphens and underscores, at most 63 in a label and 253 in all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fqdn(SmolStr);

impl Fqdn {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fqdn {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.starts_with('*') {
            return Err(NameError::Wildcard);
        }
        checked(text).map(Self)
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The names an application rule can match (facts/azure-semantics §3.7): an asterisk only at the far left.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FqdnPattern {
    /// `*`: every name.
    Any,
    /// `www.contoso.com`: that name only.
    Exact(Fqdn),
    /// `*.contoso.com`: any name below it at any depth, not `contoso.com` itself.
    Below(Fqdn),
    /// `*contoso.com`: any name that ends so, `contoso.com` and `evilcontoso.com` among them.
    Suffix(SmolStr),
}

impl FromStr for FqdnPattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix('*') {
            None => text.parse().map(Self::Exact),
            Some("") => Ok(Self::Any),
            Some(rest) => match rest.strip_prefix('.') {
                Some(parent) => checked(parent).map(|name| Self::Below(Fqdn(name))),
                None => checked(rest).map(Self::Suffix),
            },
        }
    }
}

impl FqdnPattern {
    /// Whether it stands for a name. `*.x` does not stand for `x`; `*x` stands for whatever ends in `x`.
    #[must_use]
    pub fn covers(&self, name: &Fqdn) -> bool {
        let name = name.as_str();
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact.as_str() == name,
            Self::Below(parent) => name
                .strip_suffix(parent.as_str())
                .is_some_and(|before| before.len() > 1 && before.ends_with('.')),
            Self::Suffix(end) => name.ends_with(end.as_str()),
        }
    }
}

impl fmt::Display for FqdnPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(name) => name.fmt(f),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Suffix(text) => write!(f, "*{text}"),
        }
    }
}

fn checked(text: &str) -> Result<SmolStr, NameError> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.contains('*') {
        return Err(NameError::WildcardNotFirst);
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.'))
    {
        return Err(NameError::BadCharacter(bad));
    }
    if text.len() > 253 {
        return Err(NameError::TooLong(text.len()));
    }
    for label in text.split('.') {
        match label.len() {
            0 => return Err(NameError::EmptyLabel),
            64.. => return Err(NameError::LabelTooLong(label.into())),
            _ if label.starts_with('-') || label.ends_with('-') => {
                return Err(NameError::Hyphen(label.into()));
            }
            _ => {}
        }
    }
    Ok(SmolStr::from(text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_know_where_the_asterisk_may_stand() {
        let kind = |text: &str| text.parse::<FqdnPattern>();
        assert!(matches!(kind("*").unwrap(), FqdnPattern::Any));
        assert!(
            matches!(kind("MCR.microsoft.com").unwrap(), FqdnPattern::Exact(name) if name.as_str() == "mcr.microsoft.com")
        );
        assert!(matches!(
            kind("*.contoso.com").unwrap(),
            FqdnPattern::Below(_)
        ));
        assert!(matches!(
            kind("*contoso.com").unwrap(),
            FqdnPattern::Suffix(_)
        ));
        assert_eq!(kind("www.*.com"), Err(NameError::WildcardNotFirst));
        assert_eq!(kind("www.contoso.*"), Err(NameError::WildcardNotFirst));
        assert_eq!("*.contoso.com".parse::<Fqdn>(), Err(NameError::Wildcard));
    }

    #[test]
    fn names_follow_dns() {
        for good in [
            "a",
            "a.b",
            "_dmarc.contoso.com",
            "xn--bcher-kva.example",
            "1.example.com.",
        ] {
            assert!(good.parse::<Fqdn>().is_ok(), "{good}");
        }
        let long = format!("{}.com", "a".repeat(64));
        for bad in [
            "",
            ".",
            "a..b",
            "-a.com",
            "a-.com",
            "bücher.example",
            "a b",
            &long,
            &"a.".repeat(200),
        ] {
            assert!(bad.parse::<Fqdn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn wildcards_take_what_azure_says() {
        let cases = [
            ("www.contoso.com", "www.contoso.com", true),
            ("www.contoso.com", "a.www.contoso.com", false),
            ("*.contoso.com", "any.contoso.com", true),
            ("*.contoso.com", "a.b.contoso.com", true),
            ("*.contoso.com", "contoso.com", false),
            ("*.contoso.com", "evilcontoso.com", false),
            ("*contoso.com", "contoso.com", true),
            ("*contoso.com", "example.anycontoso.com", true),
            ("*contoso.com", "evilcontoso.com", true),
            ("*contoso.com", "contoso.com.evil.org", false),
            ("*", "anything.example", true),
        ];
        for (pattern, name, expected) in cases {
            let pattern: FqdnPattern = pattern.parse().unwrap();
            assert_eq!(
                pattern.covers(&name.parse().unwrap()),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
