//! The order in which a queue gives its items back.

/// The order in which a queue gives its items back.
///
/// None of the functions runs foreign code: they run under the queue's internal lock.
///
/// # Examples
///
/// ```
/// use raddle::queue::{Order, Shell};
/// use std::collections::VecDeque;
///
/// /// Those that are marked urgent first.
/// struct Urgent(VecDeque<(bool, &'static str)>);
///
/// impl Order for Urgent {
///     type Item = (bool, &'static str);
///
///     fn new() -> Self {
///         Self(VecDeque::new())
///     }
///
///     fn len(&self) -> usize {
///         self.0.len()
///     }
///
///     fn push(&mut self, item: Self::Item) {
///         if item.0 { self.0.push_front(item) } else { self.0.push_back(item) }
///     }
///
///     fn pop(&mut self) -> Option<Self::Item> {
///         self.0.pop_front()
///     }
///
///     fn unpop(&mut self, item: Self::Item) {
///         self.0.push_front(item);
///     }
///
///     fn for_each(&self, visit: &mut dyn FnMut(&Self::Item)) {
///         self.0.iter().for_each(visit);
///     }
/// }
///
/// let letters = Shell::<Urgent>::bounded(10);
/// letters.put((false, "a bill")).unwrap();
/// letters.put((true, "a telegram")).unwrap();
/// assert_eq!(letters.get(), Ok((true, "a telegram")));
/// ```
pub trait Order: Send {
    /// What it holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// fn first<O: Order>(order: &mut O) -> Option<O::Item> {
    ///     order.pop()
    /// }
    ///
    /// let mut order = Fifo::new();
    /// order.push("letter");
    /// assert_eq!(first(&mut order), Some("letter"));
    /// ```
    type Item: Send;

    /// Without items.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// assert!(Fifo::<u32>::new().is_empty());
    /// ```
    fn new() -> Self;
    /// Without items, and in all else like this one, whose items may be half changed: what takes its place.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// let mut order = Fifo::new();
    /// order.push(1);
    /// assert_eq!(order.renewed().len(), 0);
    /// ```
    #[must_use]
    fn renewed(&self) -> Self
    where
        Self: Sized,
    {
        Self::new()
    }
    /// How many items there are.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// let mut order = Fifo::new();
    /// order.push(1);
    /// assert_eq!(order.len(), 1);
    /// ```
    fn len(&self) -> usize;
    /// Whether there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Lifo, Order};
    ///
    /// let mut order = Lifo::new();
    /// order.push(1);
    /// assert!(!order.is_empty());
    /// ```
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Takes an item in.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Lifo, Order};
    ///
    /// let mut order = Lifo::new();
    /// order.push(1);
    /// order.push(2);
    /// assert_eq!(order.pop(), Some(2));
    /// ```
    fn push(&mut self, item: Self::Item);
    /// Gives the next item out.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// let mut order = Fifo::new();
    /// order.push(1);
    /// assert_eq!((order.pop(), order.pop()), (Some(1), None));
    /// ```
    fn pop(&mut self) -> Option<Self::Item>;
    /// Takes an item back that was given out and is the next one again.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// let mut order = Fifo::new();
    /// order.push(1);
    /// order.push(2);
    /// let first = order.pop().unwrap();
    /// order.unpop(first);
    /// assert_eq!(order.pop(), Some(1));
    /// ```
    fn unpop(&mut self, item: Self::Item);
    /// Shows all items.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Order};
    ///
    /// let mut order = Fifo::new();
    /// order.push(1);
    /// order.push(2);
    /// let mut sum = 0;
    /// order.for_each(&mut |item| sum += item);
    /// assert_eq!(sum, 3);
    /// ```
    fn for_each(&self, visit: &mut dyn FnMut(&Self::Item));
    /// Whether the items go out as they came in. Then a queue keeps them elsewhere, where they can be put and got at the same time, and asks the order for
    /// nothing but what takes its place.
    ///
    /// # Examples
    ///
    /// ```
    /// use raddle::queue::{Fifo, Lifo, Order};
    ///
    /// assert!(Fifo::<u32>::new().is_first_in_first_out());
    /// assert!(!Lifo::<u32>::new().is_first_in_first_out());
    /// ```
    fn is_first_in_first_out(&self) -> bool {
        false
    }
}
