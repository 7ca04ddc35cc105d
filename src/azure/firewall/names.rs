//! Names in rules: exact, below a parent, or by their end
//! (MicrosoftDocs/azure-docs, articles/firewall/firewall-faq.yml).

use crate::net::{Fqdn, FqdnPattern};

/// Whether a pattern of an application rule covers a name. `*.x` does not cover `x`; `*x` covers whatever ends in `x`.
#[must_use]
pub fn covers(pattern: &FqdnPattern, name: &Fqdn) -> bool {
    let name = name.as_str();
    match pattern {
        FqdnPattern::Any => true,
        FqdnPattern::Exact(exact) => exact.as_str() == name,
        FqdnPattern::Below(parent) => name
            .strip_suffix(parent.as_str())
            .is_some_and(|before| before.len() > 1 && before.ends_with('.')),
        FqdnPattern::Suffix(end) => name.ends_with(end.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                covers(&pattern, &name.parse().unwrap()),
                expected,
                "{pattern} {name}"
            );
        }
    }
}
