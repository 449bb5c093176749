//! Something that there is twice: once for each end of a link, or for each direction.

use std::ops::{Index, IndexMut};

use super::Side;

/// One of each side; as directions, by the end that the bytes go to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BySide<T>([T; 2]);

impl<T> BySide<T> {
    pub fn new(client: T, server: T) -> Self {
        Self([client, server])
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }
}

impl<T> Index<Side> for BySide<T> {
    type Output = T;

    fn index(&self, side: Side) -> &T {
        &self.0[side as usize]
    }
}

impl<T> IndexMut<Side> for BySide<T> {
    fn index_mut(&mut self, side: Side) -> &mut T {
        &mut self.0[side as usize]
    }
}
