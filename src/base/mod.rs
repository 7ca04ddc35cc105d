//! Source files and places in them.
//!
//! Everything a user can point at lives in a [`SourceMap`]: policies, catalogs, parameter files.
//! A [`Span`] is a byte range on character boundaries in one of them; an [`Origin`] says why an
//! element exists at all.

mod date;
mod digits;
mod files;
mod line_index;
mod origin;
mod source;
mod suggest;

pub use date::Date;
pub use digits::grouped;
pub use files::{FileReader, MemoryFiles, ReadError};
pub use line_index::{LineColumn, LineIndex};
pub use origin::Origin;
pub use source::{FileId, SourceFile, SourceMap, Span, Spanned};
pub use suggest::{did_you_mean, did_you_mean_help};
