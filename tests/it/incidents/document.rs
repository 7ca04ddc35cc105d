//! Incident files as trees of values that keep their order.

use std::cell::RefCell;
use std::str::FromStr;

use serde_json::{Map, Value};

use super::path::same_name;

/// Reads a YAML text. `Off` and `on` are words, as in YAML 1.2.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| error.without_snippet().to_string())
}

/// What could not be understood.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<String>>);

impl Problems {
    pub(super) fn note(&self, problem: String) {
        let mut problems = self.0.borrow_mut();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// A scalar as text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// How a list item is called in a path.
pub(super) fn name_of(item: &Value) -> Option<String> {
    let Value::Object(map) = item else {
        return text_of(item);
    };
    let text = |key: &str| map.get(key).and_then(text_of);
    if let Some(name) = text("name") {
        return Some(name);
    }
    if let (Some(from), Some(to)) = (text("from"), text("to")) {
        return Some(format!("{from}->{to}"));
    }
    let keys = ["id", "ip", "vnet", "principal", "domain", "prefix", "port"];
    keys.into_iter().find_map(text)
}

/// The place of the item of that name in a list, when there is one.
pub(super) fn find_item(list: &[Value], name: &str) -> Option<usize> {
    let position = |wanted: &dyn Fn(&str) -> bool| {
        let named = |item: &Value| name_of(item).is_some_and(|name| wanted(&name));
        list.iter().position(named)
    };
    position(&|own| same_name(own, name)).or_else(|| {
        let start = name.strip_suffix("...")?;
        position(&|own| own.starts_with(start))
    })
}

/// One mapping, whose keys are taken one by one. Keys left over when it goes out of scope are noted as unknown.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
    taken: RefCell<Vec<&'static str>>,
    problems: &'a Problems,
}

/// Keys for people, which hold nothing that decides.
const REMARKS: [&str; 2] = ["note", "notes"];

impl Drop for Fields<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let taken = self.taken.borrow();
        for key in self.map.keys() {
            if !taken.contains(&key.as_str()) && !REMARKS.contains(&key.as_str()) {
                let path = self.path_of(key);
                self.problems.note(format!("unknown key {path}"));
            }
        }
    }
}

impl<'a> Fields<'a> {
    /// The keys of a value that must be a mapping.
    pub(super) fn of(value: &'a Value, path: &str, problems: &'a Problems) -> Option<Self> {
        let Value::Object(map) = value else {
            problems.note(format!("{path} is no mapping: {value}"));
            return None;
        };
        Some(Self {
            path: path.to_owned(),
            map,
            taken: RefCell::default(),
            problems,
        })
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(super) fn problem(&self, key: &str, what: impl std::fmt::Display) {
        self.problems.note(format!("{}: {what}", self.path_of(key)));
    }

    /// Takes keys that decide nothing.
    pub(super) fn skip(&self, keys: &[&'static str]) {
        self.taken.borrow_mut().extend(keys);
    }

    /// The value, `null` included.
    pub(super) fn raw(&self, key: &'static str) -> Option<&'a Value> {
        self.taken.borrow_mut().push(key);
        self.map.get(key)
    }

    /// The value, unless it is `null`.
    pub(super) fn get(&self, key: &'static str) -> Option<&'a Value> {
        self.raw(key).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        let value = self.get(key)?;
        let text = text_of(value);
        if text.is_none() {
            self.problem(key, format_args!("expected a text, not {value}"));
        }
        text
    }

    /// The text of one of several spellings of a key.
    pub(super) fn text_any(&self, keys: &[&'static str]) -> Option<String> {
        let mut found = None;
        for key in keys {
            found = found.or(self.text(key));
        }
        found
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        match self.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("enabled") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("disabled") => Some(false),
            other => {
                self.problem(key, format_args!("expected true or false, not {other}"));
                None
            }
        }
    }

    pub(super) fn parse<T: FromStr>(&self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.problem(key, format_args!("`{text}` does not read"));
        }
        parsed
    }

    /// The values of a list, or the one value that stands for a list of one.
    pub(super) fn list(&self, key: &'static str) -> &'a [Value] {
        match self.get(key) {
            None => &[],
            Some(Value::Array(list)) => list,
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// The texts of a list, or one text alone.
    pub(super) fn texts(&self, key: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for value in self.list(key) {
            match text_of(value) {
                Some(text) => texts.push(text),
                None => self.problem(key, format_args!("expected texts, not {value}")),
            }
        }
        texts
    }

    pub(super) fn map(&self, key: &'static str) -> Option<Fields<'a>> {
        Fields::of(self.get(key)?, &self.path_of(key), self.problems)
    }

    /// The keys of a value somewhere below.
    pub(super) fn nested(&self, value: &'a Value, path: &str) -> Option<Fields<'a>> {
        Fields::of(value, path, self.problems)
    }

    /// The mappings of a list, each with its path.
    pub(super) fn items(&self, key: &'static str) -> Vec<Fields<'a>> {
        let list = self.list(key).iter().enumerate();
        list.filter_map(|(at, item)| {
            let name = match item {
                Value::Object(_) => name_of(item).unwrap_or_else(|| at.to_string()),
                _ => at.to_string(),
            };
            let path = format!("{}[{name}]", self.path_of(key));
            Fields::of(item, &path, self.problems)
        })
        .collect()
    }

    /// The name, which every element has.
    pub(super) fn name(&self) -> String {
        self.text("name").unwrap_or_else(|| {
            self.problem("name", "missing");
            String::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_that_look_like_numbers_stay_texts() {
        let value = read("a: 10.0.0.0/16\nb: 2222.privatelink.io\nc: [::/0, 443, 1.2.3.4]\nd: null\ne: Off\nf: on\n")
            .unwrap();
        let shown = r#"{"a":"10.0.0.0/16","b":"2222.privatelink.io","c":["::/0",443,"1.2.3.4"],"d":null,"e":"Off","f":"on"}"#;
        assert_eq!(value.to_string(), shown);
    }

    #[test]
    fn keys_left_over_are_noted() {
        let value = read("a: 1\nb: {c: 2, note: x}\n").unwrap();
        let problems = Problems::default();
        {
            let fields = Fields::of(&value, "", &problems).unwrap();
            assert_eq!(fields.text("a").as_deref(), Some("1"));
            fields.map("b");
        }
        assert_eq!(problems.into_list(), ["unknown key b.c"]);
    }
}
