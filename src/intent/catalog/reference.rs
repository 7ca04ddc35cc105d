//! Catalogs as people name them on a command line: `aks`, or `aks@2024-05` for what it was then.

use crate::base::Date;

/// A name, and what stands behind its `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogName<'t> {
    /// The name of a catalog.
    pub name: &'t str,
    /// Which state of it.
    pub at: Option<Moment<'t>>,
}

/// Which state of a catalog is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment<'t> {
    /// That at the end of a day, month or year: `2024-05-31`, `2024-05` or `2024`.
    Date {
        /// As it was written.
        written: &'t str,
        /// The last day of it.
        end: Date,
    },
    /// Something that is no date, such as a version of the product.
    Other(&'t str),
}

impl<'t> CatalogName<'t> {
    /// Takes a name apart.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let Some((name, written)) = text.split_once('@') else {
            return Self {
                name: text,
                at: None,
            };
        };
        let at = match end_of(written) {
            Some(end) => Moment::Date { written, end },
            None => Moment::Other(written),
        };
        Self { name, at: Some(at) }
    }
}

/// The last day of a year, a month or a day.
fn end_of(text: &str) -> Option<Date> {
    match text.len() {
        4 => format!("{text}-12-31").parse().ok(),
        7 => (28..=31)
            .rev()
            .find_map(|day| format!("{text}-{day}").parse().ok()),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_end_of_what_it_names() {
        let end = |text: &'static str| match CatalogName::parse(text).at {
            Some(Moment::Date { end, .. }) => end.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(end("aks@2024"), "2024-12-31");
        assert_eq!(end("aks@2024-02"), "2024-02-29");
        assert_eq!(end("aks@2023-02"), "2023-02-28");
        assert_eq!(end("aks@2024-05-03"), "2024-05-03");
        assert_eq!(end("aks"), "None");
        for other in [
            "aks@",
            "aks@2024-13",
            "aks@2024-5",
            "aks@20é",
            "aks@stable",
            "aks@2024-02-30",
        ] {
            assert!(end(other).starts_with("Some(Other("), "{other}");
        }
        assert_eq!(CatalogName::parse("a@b@c").name, "a");
    }
}
