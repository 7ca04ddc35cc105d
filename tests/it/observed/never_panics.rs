//! Whatever a file holds, reading it ends in what was seen or in an error.

use proptest::prelude::*;
use tidegate::explain::{Observed, Tried};

/// Pieces that the readers know.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"schema\": \"egress-probe/1\"",
    "\"rows\": [",
    "\"connectionStatus\": \"Unreachable\"",
    "\"ConnectionStatus\": 7",
    "\"hops\": [{\"type\": \"Source\", \"address\": \"10.0.0.4\", \"issues\": [",
    "{\"type\": \"NetworkSecurityRule\", \"context\": {\"RuleName\": \"UserRule_\"}}",
    "{\"type\": null, \"context\": [{\"key\": \"RuleName\"}]}",
    "]}]",
    "\"value\": [{\"message\": \"Mon - ERROR: Failed to curl a\"}]",
    "[stdout]\n",
    "Mon - SUCCESS: Successfully tested ",
    "Mon - ERROR: Failed to test DNS resolution to ",
    "Trace DNS request for ",
    "https://ä.example:99999/",
    " with returned status code 70000",
    "NXDOMAIN",
    "\n",
    "'",
];

fn reads(text: &str) {
    let tried = Tried::parse("www.contoso.com:443").unwrap();
    let _ = Observed::read(text, None);
    let _ = Observed::read(text, Some(&tried));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        reads(&text);
    }

    #[test]
    fn any_pieces_are_read_without_panic(
        pieces in prop::collection::vec(prop_oneof![
            3 => prop::sample::select(&PIECES[..]).prop_map(str::to_owned),
            1 => "\\PC{0,100}",
        ], 0..24),
    ) {
        reads(&pieces.concat());
    }
}
