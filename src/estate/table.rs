//! Tables of resources, and typed ids into them.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Origin;

/// An element of a [`Table`] of `T`. Only a table makes ids, and tables never shrink, so an id always has its element.
pub struct Id<T> {
    index: u32,
    marker: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    fn new(index: usize) -> Self {
        Self {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            marker: PhantomData,
        }
    }
}

impl<T> Id<T> {
    /// Its place in the table, for tables kept beside it.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.index.cmp(&other.index)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.index.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.index)
    }
}

/// A growing list of elements, in the order in which they were declared.
///
/// Copies share the elements until one of them changes, so that trying a change on a copy of a large estate costs
/// what the change touches.
#[derive(Debug, PartialEq, Eq)]
pub struct Table<T>(Arc<Vec<T>>);

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone> Table<T> {
    /// Adds an element.
    pub fn push(&mut self, element: T) -> Id<T> {
        Arc::make_mut(&mut self.0).push(element);
        Id::new(self.0.len() - 1)
    }
}

impl<T> Table<T> {
    /// All elements with their ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Id<T>, &T)> + ExactSizeIterator {
        self.0
            .iter()
            .enumerate()
            .map(|(index, element)| (Id::new(index), element))
    }

    /// All ids.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = Id<T>> + use<T> {
        (0..self.0.len()).map(Id::new)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Index<Id<T>> for Table<T> {
    type Output = T;

    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from the table, and tables never shrink"
    )]
    fn index(&self, id: Id<T>) -> &T {
        &self.0[id.index as usize]
    }
}

impl<T: Clone> IndexMut<Id<T>> for Table<T> {
    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from the table, and tables never shrink"
    )]
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        &mut Arc::make_mut(&mut self.0)[id.index as usize]
    }
}

/// A reference as written, and what it refers to when that is known.
pub struct Ref<T> {
    /// The element, unless it is unknown.
    pub id: Option<Id<T>>,
    /// The name as written.
    pub name: SmolStr,
    /// Where it is written.
    pub origin: Origin,
}

impl<T> Ref<T> {
    /// A reference to a known element.
    pub fn known(id: Id<T>, name: impl Into<SmolStr>, origin: impl Into<Origin>) -> Self {
        Self {
            id: Some(id),
            name: name.into(),
            origin: origin.into(),
        }
    }
}

impl<T> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            name: self.name.clone(),
            origin: self.origin,
        }
    }
}
impl<T> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.name == other.name
    }
}
impl<T> Eq for Ref<T> {}
impl<T> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}{}",
            self.name,
            if self.id.is_some() { "" } else { " (unknown)" }
        )
    }
}
