//! The pages about causes hold against the language: their examples parse.

use tidegate::azure::Cause;
use tidegate::base::SourceMap;
use tidegate::syntax::parse;

use super::policy::{Block, blocks, lines};

#[test]
fn every_example_parses() {
    let mut examples = 0;
    for cause in Cause::ALL {
        for Block { line, text } in blocks(cause.doc(), "egress") {
            let mut sources = SourceMap::default();
            let file = sources.add(cause.slug(), text);
            let read = parse(&sources, file);
            let findings = lines(&sources, &read.findings);
            assert_eq!(findings, "", "{cause}: the example in line {line}");
            examples += 1;
        }
    }
    assert!(examples > 0);
}
