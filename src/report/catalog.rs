//! Catalogs as text.
