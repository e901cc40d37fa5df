//! Queues of all orders, and a list that says what they must do.

use std::time::{Duration, Instant};

use raddle::queue::{GetError, LifoQueue, Order, PriorityQueue, PutError, Queue, Retired, Shell, SimpleQueue};
use raddle::sync::TimedOut;

use crate::bytes::Bytes;
use crate::interleaving::{self, Model};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fifo,
    Lifo,
    Priority,
    Simple,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Put(u8, Form),
    Get(Form),
    Hand(u8),
    TaskDone,
    Join(Form),
    ShutDown,
    ShutDownNow,
    SetCapacity(u8),
    SetUnfinished(u8),
    Drain,
    Restart(u8),
    Retire,
    Count,
    Look,
}

/// In which of its forms an operation is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Try,
    Timeout,
    Until,
    /// As long as it takes: only where it takes no time.
    Endless,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Item(u8),
    Items(Vec<u8>),
    Full(u8),
    Empty,
    ShutDown(Option<u8>),
    Retired(Option<u8>),
    Number(usize),
    NotTaken(u8),
    TooManyDone,
    WorkLeft,
    Content {
        items: Vec<u8>,
        unfinished: usize,
        is_shut_down: bool,
    },
    Seen {
        len: usize,
        is_full: bool,
        capacity: usize,
        unfinished: usize,
        is_shut_down: bool,
        is_retired: bool,
    },
    /// This kind of queue has no such operation.
    None,
}

/// Runs a sequence in one thread.
pub(crate) fn alone(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let Some((kind, capacity)) = begin(&mut bytes) else { return };
    let queue = Subject::new(kind, capacity);
    let mut model = List::new(kind, capacity);
    let mut done = Vec::new();
    while let Some(step) = step(&mut bytes, &model, true) {
        let (outcome, expected) = (queue.apply(step), model.apply(step));
        assert_eq!(outcome, expected, "{step:?} on a {kind:?} of {capacity}, after {done:?}");
        done.push(step);
    }
    // What is in it at the end is dropped with it.
}

/// Runs two short sequences in two threads.
pub(crate) fn together(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let Some((kind, capacity)) = begin(&mut bytes) else { return };
    let queue = Subject::new(kind, capacity);
    let model = List::new(kind, capacity);
    let mut sequence = || (0..6).map_while(|_| step(&mut bytes, &model, false)).collect::<Vec<_>>();
    interleaving::check(&model, [&sequence(), &sequence()], |step| queue.apply(step));
}

fn begin(bytes: &mut Bytes<'_>) -> Option<(Kind, u8)> {
    let kind = [Kind::Fifo, Kind::Lifo, Kind::Priority, Kind::Simple][usize::from(bytes.below(4)?)];
    let capacity = bytes.below(4)?;
    Some((kind, if kind == Kind::Simple { 0 } else { capacity }))
}

/// The next step. A model that is up to date allows the endless forms, where they would not wait.
fn step(bytes: &mut Bytes<'_>, model: &List, is_up_to_date: bool) -> Option<Step> {
    let choice = bytes.below(24)?;
    let form = [Form::Try, Form::Timeout, Form::Until, Form::Endless][usize::from(choice % 4)];
    let unless_it_waits =
        |waits: bool| if form == Form::Endless && (waits || !is_up_to_date) { Form::Try } else { form };
    let is_open = model.status == Status::Open;
    Some(match choice {
        0..7 => Step::Put(bytes.next()?, unless_it_waits(model.is_full() || model.status == Status::Retired)),
        7..13 => Step::Get(unless_it_waits(model.items.is_empty() && is_open || model.status == Status::Retired)),
        13 => Step::Hand(bytes.next()?),
        14..16 => Step::TaskDone,
        16 => Step::Join(unless_it_waits(model.unfinished > 0 || model.status == Status::Retired)),
        17 => Step::ShutDown,
        18 => Step::ShutDownNow,
        19 => Step::SetCapacity(bytes.below(4)?),
        20 => Step::SetUnfinished(bytes.below(3)?),
        21 if bytes.below(2)? == 0 => Step::Drain,
        21 => Step::Restart(bytes.below(4)?),
        22 if bytes.below(4)? == 0 => Step::Retire,
        // A look is many operations, between which another thread may do something.
        23 if is_up_to_date => Step::Look,
        _ => Step::Count,
    })
}

/// The model.
#[derive(Clone)]
struct List {
    kind: Kind,
    items: Vec<u8>,
    capacity: usize,
    unfinished: usize,
    status: Status,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Open,
    ShutDown,
    Retired,
}

impl List {
    fn new(kind: Kind, capacity: u8) -> Self {
        Self { kind, items: Vec::new(), capacity: capacity.into(), unfinished: 0, status: Status::Open }
    }

    fn is_full(&self) -> bool {
        self.capacity > 0 && self.items.len() >= self.capacity
    }

    fn pop(&mut self) -> Option<u8> {
        let next = match self.kind {
            Kind::Fifo | Kind::Simple => 0,
            Kind::Lifo => self.items.len().checked_sub(1)?,
            Kind::Priority => self.items.iter().enumerate().min_by_key(|(_, item)| **item)?.0,
        };
        (next < self.items.len()).then(|| self.items.remove(next))
    }

    fn take_all(&mut self) -> Vec<u8> {
        std::iter::from_fn(|| self.pop()).collect()
    }

    fn refusal(&self, item: Option<u8>) -> Option<Outcome> {
        match self.status {
            Status::Open => None,
            Status::ShutDown => Some(Outcome::ShutDown(item)),
            Status::Retired => Some(Outcome::Retired(item)),
        }
    }

    fn shut_down(&mut self) {
        if self.status == Status::Open {
            self.status = Status::ShutDown;
        }
    }

    fn has(&self, step: Step) -> bool {
        match step {
            Step::Put(..) | Step::Get(_) | Step::Count | Step::Look => true,
            Step::Hand(_) | Step::Drain => self.kind != Kind::Priority,
            Step::TaskDone | Step::Join(_) | Step::ShutDown | Step::ShutDownNow => self.kind != Kind::Simple,
            _ => matches!(self.kind, Kind::Fifo | Kind::Lifo),
        }
    }
}

impl Model for List {
    type Step = Step;
    type Outcome = Outcome;

    fn apply(&mut self, step: Step) -> Outcome {
        if !self.has(step) {
            return Outcome::None;
        }
        match step {
            Step::Put(item, _) => match self.refusal(Some(item)) {
                Some(refusal) => refusal,
                None if self.is_full() => Outcome::Full(item),
                None => {
                    self.items.push(item);
                    self.unfinished += 1;
                    Outcome::Done
                }
            },
            Step::Get(_) => match self.pop() {
                Some(item) => Outcome::Item(item),
                None => self.refusal(None).unwrap_or(Outcome::Empty),
            },
            // Nobody waits.
            Step::Hand(item) => Outcome::NotTaken(item),
            Step::TaskDone if self.unfinished == 0 => Outcome::TooManyDone,
            Step::TaskDone => {
                self.unfinished -= 1;
                Outcome::Done
            }
            Step::Join(form) => match self.status {
                Status::Retired if form != Form::Try => Outcome::WorkLeft,
                _ if self.unfinished > 0 => Outcome::WorkLeft,
                _ => Outcome::Done,
            },
            Step::ShutDown => {
                self.shut_down();
                Outcome::Done
            }
            Step::ShutDownNow => {
                let items = self.take_all();
                self.unfinished = self.unfinished.saturating_sub(items.len());
                self.shut_down();
                Outcome::Items(items)
            }
            Step::SetCapacity(capacity) => {
                self.capacity = capacity.into();
                Outcome::Done
            }
            Step::SetUnfinished(unfinished) => {
                self.unfinished = unfinished.into();
                Outcome::Done
            }
            Step::Drain => Outcome::Items(self.take_all()),
            Step::Restart(capacity) => {
                let items = self.take_all();
                (self.capacity, self.unfinished) = (capacity.into(), 0);
                Outcome::Items(items)
            }
            Step::Retire => {
                let (items, unfinished) = (self.take_all(), self.unfinished);
                let is_shut_down = self.status == Status::ShutDown;
                (self.unfinished, self.status) = (0, Status::Retired);
                Outcome::Content { items, unfinished, is_shut_down }
            }
            Step::Count => Outcome::Number(self.items.len()),
            Step::Look => Outcome::Seen {
                len: self.items.len(),
                is_full: self.is_full(),
                capacity: self.capacity,
                unfinished: if self.kind == Kind::Simple { 0 } else { self.unfinished },
                is_shut_down: self.status == Status::ShutDown,
                is_retired: self.status == Status::Retired,
            },
        }
    }
}

/// The queue itself.
enum Subject {
    Fifo(Queue<u8>),
    Lifo(LifoQueue<u8>),
    Priority(PriorityQueue<u8>),
    Simple(SimpleQueue<u8>),
}

impl Subject {
    fn new(kind: Kind, capacity: u8) -> Self {
        match kind {
            Kind::Fifo => Self::Fifo(Queue::bounded(capacity.into())),
            Kind::Lifo => Self::Lifo(LifoQueue::bounded(capacity.into())),
            Kind::Priority => Self::Priority(PriorityQueue::bounded(capacity.into())),
            Kind::Simple => Self::Simple(SimpleQueue::new()),
        }
    }

    fn apply(&self, step: Step) -> Outcome {
        match self {
            Self::Fifo(queue) => apply_to_shell(queue, step),
            Self::Lifo(queue) => apply_to_shell(queue, step),
            Self::Priority(queue) => apply_to_priority(queue, step),
            Self::Simple(queue) => apply_to_simple(queue, step),
        }
    }
}

fn apply_to_shell<O: Order<Item = u8>>(queue: &Shell<O>, step: Step) -> Outcome {
    match step {
        Step::Put(item, form) => put(match form {
            Form::Try => queue.try_put(item),
            Form::Timeout => queue.put_timeout(item, Duration::ZERO),
            Form::Until => queue.put_until(item, Instant::now()),
            Form::Endless => queue.put(item).map_err(|refused| PutError::ShutDown(refused.0)),
        }),
        Step::Get(form) => got(match form {
            Form::Try => queue.try_get(),
            Form::Timeout => queue.get_timeout(Duration::ZERO),
            Form::Until => queue.get_until(Instant::now()),
            Form::Endless => queue.get().map_err(|_| GetError::ShutDown),
        }),
        Step::Hand(item) => handed(queue.try_hand(item)),
        Step::TaskDone => queue.task_done().map_or(Outcome::TooManyDone, |()| Outcome::Done),
        Step::Join(form) => joined(match form {
            Form::Try => queue.try_join().then_some(()).ok_or(TimedOut),
            Form::Timeout => queue.join_timeout(Duration::ZERO),
            Form::Until => queue.join_until(Instant::now()),
            Form::Endless => {
                queue.join();
                Ok(())
            }
        }),
        Step::ShutDown => {
            queue.shutdown();
            Outcome::Done
        }
        Step::ShutDownNow => Outcome::Items(queue.shutdown_now()),
        Step::SetCapacity(capacity) => {
            queue.set_capacity(capacity.into());
            Outcome::Done
        }
        Step::SetUnfinished(unfinished) => {
            queue.set_unfinished(unfinished.into());
            Outcome::Done
        }
        Step::Drain => Outcome::Items(queue.drain()),
        Step::Restart(capacity) => Outcome::Items(queue.restart(O::new(), capacity.into())),
        Step::Retire => {
            let Retired { items, unfinished, is_shut_down } = queue.retire();
            Outcome::Content { items, unfinished, is_shut_down }
        }
        Step::Count => Outcome::Number(queue.len()),
        Step::Look => Outcome::Seen {
            len: queue.len(),
            is_full: queue.is_full(),
            capacity: queue.capacity(),
            unfinished: queue.unfinished(),
            is_shut_down: queue.is_shut_down(),
            is_retired: queue.is_retired(),
        },
    }
}

fn apply_to_priority(queue: &PriorityQueue<u8>, step: Step) -> Outcome {
    match step {
        Step::Put(item, form) => put(match form {
            Form::Try => queue.try_put(item),
            Form::Timeout => queue.put_timeout(item, Duration::ZERO),
            Form::Until => queue.put_until(item, Instant::now()),
            Form::Endless => queue.put(item).map_err(|refused| PutError::ShutDown(refused.0)),
        }),
        Step::Get(form) => got(match form {
            Form::Try => queue.try_get(),
            Form::Timeout => queue.get_timeout(Duration::ZERO),
            Form::Until => queue.get_until(Instant::now()),
            Form::Endless => queue.get().map_err(|_| GetError::ShutDown),
        }),
        Step::TaskDone => queue.task_done().map_or(Outcome::TooManyDone, |()| Outcome::Done),
        Step::Join(form) => joined(match form {
            Form::Try => queue.try_join().then_some(()).ok_or(TimedOut),
            Form::Timeout => queue.join_timeout(Duration::ZERO),
            Form::Until => queue.join_until(Instant::now()),
            Form::Endless => {
                queue.join();
                Ok(())
            }
        }),
        Step::ShutDown => {
            queue.shutdown();
            Outcome::Done
        }
        Step::ShutDownNow => {
            // They come in any order.
            let mut items = queue.shutdown_now();
            items.sort_unstable();
            Outcome::Items(items)
        }
        Step::Count => Outcome::Number(queue.len()),
        Step::Look => Outcome::Seen {
            len: queue.len(),
            is_full: queue.is_full(),
            capacity: queue.capacity(),
            unfinished: queue.unfinished(),
            is_shut_down: queue.is_shut_down(),
            is_retired: false,
        },
        _ => Outcome::None,
    }
}

fn apply_to_simple(queue: &SimpleQueue<u8>, step: Step) -> Outcome {
    match step {
        Step::Put(item, _) => {
            queue.put(item);
            Outcome::Done
        }
        Step::Get(form) => got(match form {
            Form::Try => queue.try_get().ok_or(GetError::Empty),
            Form::Timeout => queue.get_timeout(Duration::ZERO),
            Form::Until => queue.get_until(Instant::now()),
            Form::Endless => Ok(queue.get()),
        }),
        Step::Hand(item) => handed(queue.try_hand(item)),
        Step::Drain => Outcome::Items(queue.drain()),
        Step::Count => Outcome::Number(queue.len()),
        Step::Look => Outcome::Seen {
            len: queue.len(),
            is_full: false,
            capacity: 0,
            unfinished: 0,
            is_shut_down: false,
            is_retired: false,
        },
        _ => Outcome::None,
    }
}

fn put(result: Result<(), PutError<u8>>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(PutError::Full(item)) => Outcome::Full(item),
        Err(PutError::ShutDown(item)) => Outcome::ShutDown(Some(item)),
        Err(PutError::Retired(item)) => Outcome::Retired(Some(item)),
        Err(PutError::Aborted(_)) => unreachable!("nobody interrupts it"),
    }
}

fn got(result: Result<u8, GetError>) -> Outcome {
    match result {
        Ok(item) => Outcome::Item(item),
        Err(GetError::Empty) => Outcome::Empty,
        Err(GetError::ShutDown) => Outcome::ShutDown(None),
        Err(GetError::Retired) => Outcome::Retired(None),
        Err(GetError::Aborted) => unreachable!("nobody interrupts it"),
    }
}

fn handed(result: Result<(), u8>) -> Outcome {
    result.map_or_else(Outcome::NotTaken, |()| Outcome::Done)
}

fn joined(result: Result<(), TimedOut>) -> Outcome {
    result.map_or(Outcome::WorkLeft, |()| Outcome::Done)
}
