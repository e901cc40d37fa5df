//! A queue as an iterator.

use super::order::Order;
use super::shell::Shell;

impl<O: Order> Shell<O> {
    /// Gets the items, one by one, and waits for each, until the queue is shut down and empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::Queue;
    ///
    /// let queue = Queue::new();
    /// for number in 0..3 {
    ///     queue.put(number).unwrap();
    /// }
    /// queue.shutdown();
    /// assert_eq!(queue.iter().collect::<Vec<_>>(), [0, 1, 2]);
    /// ```
    pub fn iter(&self) -> Iter<'_, O> {
        Iter { queue: self }
    }
}

/// The items of a queue, until it is shut down and empty: see [`Shell::iter`].
///
/// # Examples
///
/// ```
/// use raddle::queue::Queue;
///
/// let lines = Queue::new();
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         lines.put("one").unwrap();
///         lines.put("two").unwrap();
///         lines.shutdown();
///     });
///     let mut read = Vec::new();
///     for line in &lines {
///         read.push(line);
///     }
///     assert_eq!(read, ["one", "two"]);
/// });
/// ```
#[derive(Debug)]
pub struct Iter<'a, O: Order> {
    queue: &'a Shell<O>,
}

impl<O: Order> Iterator for Iter<'_, O> {
    type Item = O::Item;

    fn next(&mut self) -> Option<O::Item> {
        self.queue.get().ok()
    }
}

impl<'a, O: Order> IntoIterator for &'a Shell<O> {
    type Item = O::Item;
    type IntoIter = Iter<'a, O>;

    fn into_iter(self) -> Iter<'a, O> {
        self.iter()
    }
}
