//! The documentation of the crate, proved by reading its sources: each public item has an example that runs, under headings that are fixed.
//!
//! Whether an example runs is what the tests of the documentation say; here is seen that there is one.

use std::collections::HashSet;

use crate::floors::sources;

/// What a reader looks for on a page, by its name.
const HEADINGS: [&str; 11] = [
    "States",
    "Fairness",
    "Timeouts",
    "Interruption",
    "Errors",
    "Panics",
    "Poisoning",
    "Safety",
    "Fork",
    "Differences from CPython",
    "Examples",
];

#[test]
fn every_public_item_has_an_example() {
    let sources = sources();
    let exported = exported(&sources);
    let mut examples = 0;
    let mut missing = Vec::new();
    for (path, text) in sources.iter().filter(|(path, _)| path != "model.rs") {
        for item in items(path, text, &exported) {
            if runs_an_example(&item.documentation) {
                examples += 1;
            } else {
                missing.push(format!("src/{path}:{}: `{}` has no example", item.line, item.name));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(examples > 400, "the reader has lost sight of most items: {examples}");
}

#[test]
fn every_heading_is_one_of_the_fixed_ones() {
    let sources = sources();
    let exported = exported(&sources);
    let mut unknown = Vec::new();
    for (path, text) in &sources {
        for item in items(path, text, &exported) {
            for heading in headings(&item.documentation).filter(|heading| !HEADINGS.contains(heading)) {
                unknown.push(format!("src/{path}:{}: `{}` has the heading `{heading}`", item.line, item.name));
            }
        }
    }
    assert!(unknown.is_empty(), "\n{}", unknown.join("\n"));
}

/// The test of the test: what is public is seen, and what is no example is not taken for one.
#[test]
fn what_is_missing_is_found() {
    let missing = |text: &str| {
        let exported = HashSet::from(["Lock".to_owned(), "Waiter".to_owned()]);
        items("sync/lock.rs", text, &exported)
            .into_iter()
            .filter(|item| !runs_an_example(&item.documentation))
            .map(|item| item.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(missing("/// A lock.\npub struct Lock<T> {"), ["Lock"]);
    assert_eq!(missing("/// ```\n/// use raddle;\n/// ```\n#[derive(Debug)]\npub struct Lock<T> {"), [""; 0]);
    assert_eq!(missing("/// ```text\n/// no code\n/// ```\npub struct Lock;"), ["Lock"]);
    assert_eq!(missing("pub struct Hidden;"), [""; 0]);
    assert_eq!(
        missing("impl<T: Fn() -> T> Lock<T> {\n    /// Why.\n    #[inline]\n    pub const fn new() {}\n}"),
        ["Lock::new"]
    );
    assert_eq!(missing("impl Hidden {\n    pub fn new() {}\n}"), [""; 0]);
    assert_eq!(missing("impl Clone for Lock {\n    fn clone() {}\n}"), [""; 0]);
    assert_eq!(missing("impl Lock {\n    #[doc(hidden)]\n    pub fn new() {}\n    pub(crate) fn old() {}\n}"), [""; 0]);
    assert_eq!(missing("/// ```\n/// 1;\n/// ```\npub trait Waiter {\n    fn sleep();\n}\n"), ["Waiter::sleep"]);
}

/// A public function, type, trait or constant, and what is written above it.
struct Item {
    name: String,
    line: usize,
    documentation: Vec<String>,
}

/// The public items of one source. A type is public if somebody re-exports it, a method if its type is.
fn items(path: &str, text: &str, exported: &HashSet<String>) -> Vec<Item> {
    let is_module = path.ends_with("mod.rs") || path == "lib.rs";
    let mut items = Vec::new();
    let mut documentation = Vec::new();
    let mut hidden = false;
    let mut owner = String::new();
    let mut in_trait = false;
    for (number, line) in text.lines().enumerate() {
        let code = line.trim();
        if let Some(words) = code.strip_prefix("///") {
            documentation.push(words.strip_prefix(' ').unwrap_or(words).to_owned());
            continue;
        }
        if code.starts_with("#[") {
            hidden |= code == "#[doc(hidden)]";
            continue;
        }
        let is_inner = line.starts_with(' ');
        if !is_inner {
            if let Some(of) = owner_of(code) {
                owner = of;
                in_trait = code.starts_with("pub trait");
            }
        }
        let name = match declared(code, is_inner && in_trait) {
            Some(name) if is_inner => exported.contains(&owner).then(|| format!("{owner}::{name}")),
            Some(name) => (is_module || exported.contains(name)).then(|| name.to_owned()),
            None => None,
        };
        let documentation = std::mem::take(&mut documentation);
        if let Some(name) = name.filter(|_| !hidden) {
            items.push(Item { name, line: number + 1, documentation });
        }
        hidden = false;
    }
    items
}

/// The name that a line declares, if it declares a public item. Inside a trait everything is public.
fn declared(code: &str, in_trait: bool) -> Option<&str> {
    let mut words = code.split_whitespace().skip_while(|word| ["const", "unsafe"].contains(word)).peekable();
    if words.next_if_eq(&"pub").is_none() && !in_trait {
        return None;
    }
    let constant = code.contains("const ") && !code.contains("fn ");
    let mut words = words.skip_while(|word| ["const", "unsafe"].contains(word)).peekable();
    if !constant {
        words.next_if(|word| ["fn", "struct", "enum", "trait", "type"].contains(word))?;
    }
    let name = words.next()?;
    name.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().filter(|name| !name.is_empty())
}

/// Whose functions follow, if a line begins an implementation or a trait. Those of a trait for a type are nobody's: the trait has the documentation.
fn owner_of(code: &str) -> Option<String> {
    let code = code.strip_prefix("pub ").unwrap_or(code);
    let code = code.strip_prefix("unsafe ").unwrap_or(code);
    let rest = match code.strip_prefix("trait ") {
        Some(rest) => rest,
        None => without_parameters(code.strip_prefix("impl")?),
    };
    let is_foreign = code.starts_with("impl") && rest.contains(" for ");
    let name = rest.trim_start().split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    Some(if is_foreign { String::new() } else { name.to_owned() })
}

/// What follows the generic parameters that a text may begin with.
fn without_parameters(text: &str) -> &str {
    let mut depth = 0;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => depth += 1,
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        before = letter;
        if depth == 0 {
            return if letter == '>' { &text[at + 1..] } else { text };
        }
    }
    text
}

/// The names that modules re-export.
fn exported(sources: &[(String, String)]) -> HashSet<String> {
    let mut exported = HashSet::new();
    for (_, text) in sources.iter().filter(|(path, _)| path.ends_with("mod.rs") || path == "lib.rs") {
        for statement in text.split(';').filter_map(|statement| statement.split("pub use ").nth(1)) {
            let names = statement.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            exported.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    exported
}

/// Whether there is a block of code that the tests of the documentation run.
fn runs_an_example(documentation: &[String]) -> bool {
    let mut fences = documentation.iter().filter(|line| line.starts_with("```"));
    while let Some(opening) = fences.next() {
        if ["```", "```should_panic"].contains(&opening.as_str()) {
            return true;
        }
        fences.next();
    }
    false
}

/// The headings, of which lines of code that are hidden from readers are none.
fn headings(documentation: &[String]) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    documentation.iter().filter_map(move |line| {
        is_code ^= line.starts_with("```");
        if is_code { None } else { line.strip_prefix("# ") }
    })
}
