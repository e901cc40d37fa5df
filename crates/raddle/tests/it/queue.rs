use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use raddle::park::{Deadline, Thread, Waiter};
use raddle::queue::{Fifo, GetError, JoinError, Order, PutError, Queue, ShutDown, SimpleQueue, TooManyDone};
use raddle::sync::TimedOut;
use raddle::thread::WaitKind;

use crate::support::{Crew, LONG, SHORT, assert_not, assert_send, assert_sync};

#[test]
fn every_form_puts_and_gets_in_order() {
    let queue = Queue::bounded(4);
    queue.put(1).unwrap();
    queue.try_put(2).unwrap();
    queue.put_timeout(3, LONG).unwrap();
    queue.put_until(4, Instant::now() + LONG).unwrap();
    assert_eq!((queue.len(), queue.is_full(), queue.is_empty(), queue.capacity()), (4, true, false, 4));
    assert_eq!(queue.get(), Ok(1));
    assert_eq!(queue.try_get(), Ok(2));
    assert_eq!(queue.get_timeout(LONG), Ok(3));
    assert_eq!(queue.get_until(Instant::now() + LONG), Ok(4));
    assert!(queue.is_empty() && !queue.is_full());
}

#[test]
fn a_limited_form_gives_up_and_gives_back() {
    let queue = Queue::bounded(1);
    assert_eq!(queue.try_get(), Err(GetError::Empty));
    assert_eq!(queue.get_timeout(SHORT), Err(GetError::Empty));
    assert_eq!(queue.get_until(Instant::now() + SHORT), Err(GetError::Empty));
    queue.put("in".to_owned()).unwrap();
    assert_eq!(queue.try_put("out".to_owned()), Err(PutError::Full("out".to_owned())));
    assert_eq!(queue.put_timeout("out".to_owned(), SHORT), Err(PutError::Full("out".to_owned())));
    assert_eq!(queue.put_until("out".to_owned(), Instant::now() + SHORT), Err(PutError::Full("out".to_owned())));
    assert_eq!((queue.waiting(), queue.unfinished(), queue.len()), ((0, 0, 0), 1, 1));
}

#[test]
fn items_go_to_those_who_wait_in_their_order() {
    let (queue, got, crew) = (Queue::new(), Mutex::new(vec![0; 5]), Crew::new());
    std::thread::scope(|scope| {
        for number in 0..5 {
            let (queue, got, crew) = (&queue, &got, &crew);
            scope.spawn(move || {
                crew.join();
                let item = queue.get().unwrap();
                got.lock().unwrap()[number] = item;
            });
            crew.until_blocked(number + 1, WaitKind::QueueGet);
        }
        assert_eq!(queue.waiting(), (5, 0, 0));
        for item in 10..15 {
            queue.put(item).unwrap();
        }
    });
    assert_eq!(*got.lock().unwrap(), [10, 11, 12, 13, 14]);
    assert_eq!((queue.len(), queue.unfinished()), (0, 5));
}

#[test]
fn an_item_is_handed_only_to_one_who_waits() {
    let queue = SimpleQueue::new();
    assert_eq!(queue.try_hand(1), Err(1));
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let getter = scope.spawn(|| {
            crew.join();
            queue.get()
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        assert_eq!(queue.try_hand(2), Ok(()));
        assert_eq!(queue.try_hand(3), Err(3));
        assert_eq!(getter.join().unwrap(), 2);
    });
    assert!(queue.is_empty());

    let closed = Queue::new();
    closed.shutdown();
    assert_eq!((closed.try_hand("item"), closed.unfinished()), (Err("item"), 0));
}

#[test]
fn restarting_forgets_the_items_and_keeps_who_waits() {
    let queue = Queue::bounded(1);
    queue.put(1).unwrap();
    let crew = Crew::new();
    std::thread::scope(|scope| {
        let joiner = scope.spawn(|| {
            crew.join();
            queue.join();
        });
        crew.until_blocked(1, WaitKind::QueueJoin);
        assert_eq!(queue.restart(Fifo::new(), 3), [1]);
        joiner.join().unwrap();
    });
    assert_eq!((queue.len(), queue.unfinished(), queue.capacity()), (0, 0, 3));
    for item in 0..3 {
        queue.put(item).unwrap();
    }
    let crew = Crew::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            queue.put(3).unwrap();
        });
        crew.until_blocked(1, WaitKind::QueuePut);
        assert_eq!(queue.restart(Fifo::new(), 0), [0, 1, 2]);
    });
    assert_eq!((queue.get(), queue.unfinished()), (Ok(3), 1));
}

#[test]
fn free_places_go_to_those_who_wait_in_their_order() {
    let (queue, crew) = (Queue::bounded(1), Crew::new());
    queue.put(0).unwrap();
    std::thread::scope(|scope| {
        for number in 1..6 {
            let (queue, crew) = (&queue, &crew);
            scope.spawn(move || {
                crew.join();
                queue.put(number).unwrap();
            });
            crew.until_blocked(number, WaitKind::QueuePut);
        }
        assert_eq!((queue.waiting(), queue.unfinished()), ((0, 5, 0), 1));
        for number in 0..6 {
            assert_eq!(queue.get(), Ok(number));
        }
    });
    assert_eq!(queue.unfinished(), 6);
}

#[test]
fn a_larger_capacity_lets_those_in_who_wait() {
    let (queue, crew) = (Queue::bounded(1), Crew::new());
    queue.put(0).unwrap();
    std::thread::scope(|scope| {
        // More than are woken in one go.
        for number in 1..=30 {
            let (queue, crew) = (&queue, &crew);
            scope.spawn(move || {
                crew.join();
                queue.put(number).unwrap();
            });
            crew.until_blocked(number, WaitKind::QueuePut);
        }
        queue.set_capacity(3);
        assert_eq!((queue.len(), queue.waiting()), (3, (0, 28, 0)));
        queue.set_capacity(0);
        assert_eq!((queue.len(), queue.waiting()), (31, (0, 0, 0)));
        queue.set_capacity(2);
        assert!(queue.is_full());
    });
    assert_eq!(queue.drain(), (0..=30).collect::<Vec<_>>());
    assert_eq!(queue.unfinished(), 31);
}

#[test]
fn conserves_items_between_many_threads() {
    for capacity in [0, 1, 64] {
        let (queue, sum) = (Queue::bounded(capacity), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Ok(item) = queue.get() {
                        sum.fetch_add(item, Ordering::SeqCst);
                        queue.task_done().unwrap();
                    }
                });
            }
            let putters: Vec<_> =
                (0..3).map(|_| scope.spawn(|| (0..3_000).for_each(|item| queue.put(item).unwrap()))).collect();
            for putter in putters {
                putter.join().unwrap();
            }
            queue.join();
            queue.shutdown();
        });
        assert_eq!(sum.into_inner(), 3 * (0..3_000).sum::<usize>());
    }
}

#[test]
fn joining_waits_for_the_work() {
    let (queue, crew) = (Queue::new(), Crew::new());
    queue.join();
    assert!(queue.try_join());
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    assert!(!queue.try_join());
    assert_eq!(queue.join_timeout(SHORT), Err(TimedOut));
    assert_eq!(queue.join_until(Instant::now() + SHORT), Err(TimedOut));
    std::thread::scope(|scope| {
        // More than are woken in one go.
        for _ in 0..20 {
            scope.spawn(|| {
                crew.join();
                queue.join();
            });
        }
        crew.until_blocked(20, WaitKind::QueueJoin);
        queue.task_done().unwrap();
        assert_eq!(queue.waiting(), (0, 0, 20));
        queue.task_done().unwrap();
    });
    assert_eq!(queue.task_done(), Err(TooManyDone));
    queue.set_unfinished(1);
    assert!(!queue.try_join());
    queue.set_unfinished(0);
    queue.join();
}

#[test]
fn joining_may_be_interrupted() {
    let (queue, crew) = (Queue::new(), Crew::new());
    queue.put(()).unwrap();
    std::thread::scope(|scope| {
        let joining = scope.spawn(|| {
            crew.join();
            queue.join_with(Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::QueueJoin);
        crew.interrupt(0, || joining.is_finished());
        assert_eq!(joining.join().unwrap(), Err(JoinError::Aborted));
    });
    assert_eq!(queue.waiting(), (0, 0, 0));
    assert_eq!(queue.join_with(Deadline::PASSED, &mut Thread), Err(JoinError::TimedOut));
}

#[test]
fn shutting_down_ends_all_waits() {
    let (queue, crew) = (Queue::<u32>::new(), Crew::new());
    std::thread::scope(|scope| {
        let getting: Vec<_> = (0..20)
            .map(|_| {
                scope.spawn(|| {
                    crew.join();
                    queue.get()
                })
            })
            .collect();
        crew.until_blocked(20, WaitKind::QueueGet);
        queue.shutdown();
        for thread in getting {
            assert_eq!(thread.join().unwrap(), Err(ShutDown(())));
        }
    });
    assert!(queue.is_shut_down());
    assert_eq!(queue.put(1), Err(ShutDown(1)));
    assert_eq!(queue.try_put(1), Err(PutError::ShutDown(1)));
    assert_eq!(queue.try_get(), Err(GetError::ShutDown));
}

#[test]
fn what_is_in_a_queue_that_is_shut_down_can_be_got() {
    let (queue, crew) = (Queue::bounded(2), Crew::new());
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    std::thread::scope(|scope| {
        let putting = scope.spawn(|| {
            crew.join();
            queue.put(3)
        });
        crew.until_blocked(1, WaitKind::QueuePut);
        queue.shutdown();
        assert_eq!(putting.join().unwrap(), Err(ShutDown(3)));
    });
    assert_eq!((queue.get(), queue.get(), queue.get()), (Ok(1), Ok(2), Err(ShutDown(()))));
}

#[test]
fn shutting_down_now_gives_the_items_back_and_ends_the_work() {
    let (queue, crew) = (Queue::new(), Crew::new());
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            crew.join();
            queue.join();
        });
        crew.until_blocked(1, WaitKind::QueueJoin);
        assert_eq!(queue.shutdown_now(), [1, 2]);
    });
    assert_eq!((queue.unfinished(), queue.try_get()), (0, Err(GetError::ShutDown)));
}

// Without the probe nobody can tell which of two waits a thread is in.
#[cfg(feature = "probe")]
#[test]
fn retiring_tells_all_and_gives_the_content() {
    let (queue, crew) = (Queue::bounded(1), Crew::new());
    queue.put(1).unwrap();
    std::thread::scope(|scope| {
        let putting = scope.spawn(|| {
            crew.join();
            queue.put_with(2, Deadline::NEVER, &mut Thread)
        });
        let joining = scope.spawn(|| {
            crew.join();
            queue.join_with(Deadline::NEVER, &mut Thread)
        });
        crew.until_blocked(1, WaitKind::QueuePut);
        crew.until_blocked(1, WaitKind::QueueJoin);
        let retired = queue.retire();
        assert_eq!((retired.items, retired.unfinished, retired.is_shut_down), (vec![1], 1, false));
        assert_eq!(putting.join().unwrap(), Err(PutError::Retired(2)));
        assert_eq!(joining.join().unwrap(), Err(JoinError::Retired));
    });
    assert!(queue.is_retired());
    assert_eq!(queue.try_get(), Err(GetError::Retired));
    assert_eq!(queue.try_put(1), Err(PutError::Retired(1)));
}

#[test]
fn an_abort_gives_the_item_back() {
    let (queue, crew) = (Queue::bounded(1), Crew::new());
    queue.put(1).unwrap();
    std::thread::scope(|scope| {
        let putting = scope.spawn(|| {
            crew.join();
            queue.put_with(2, Deadline::NEVER, &mut crew.interruptible(|| ControlFlow::Break(())))
        });
        crew.until_blocked(1, WaitKind::QueuePut);
        crew.interrupt(0, || putting.is_finished());
        assert_eq!(putting.join().unwrap(), Err(PutError::Aborted(Some(2))));
    });
    assert_eq!((queue.waiting(), queue.unfinished()), ((0, 0, 0), 1));
    assert_eq!(queue.get(), Ok(1));
    assert_eq!(queue.try_get(), Err(GetError::Empty));
}

#[test]
fn an_item_that_meets_an_abort_goes_back_to_the_front() {
    let (queue, crew) = (Queue::new(), Crew::new());
    let (inside, (go_on, told)) = (AtomicUsize::new(0), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        let (queue, crew, inside) = (&queue, &crew, &inside);
        let getting = scope.spawn(move || {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                inside.fetch_add(1, Ordering::SeqCst);
                told.recv().unwrap();
                ControlFlow::Break(())
            });
            queue.get_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        crew.interrupt(0, || inside.load(Ordering::SeqCst) == 1);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        assert_eq!(queue.len(), 1, "the first item was handed to the thread whose handler runs");
        go_on.send(()).unwrap();
        assert_eq!(getting.join().unwrap(), Err(GetError::Aborted));
        assert_eq!((queue.try_get(), queue.try_get()), (Ok(1), Ok(2)));
    });
}

#[test]
fn an_item_that_meets_an_abort_goes_to_the_next_who_waits() {
    let (queue, crew) = (Queue::new(), Crew::new());
    let (inside, (go_on, told)) = (AtomicUsize::new(0), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        let (queue, crew, inside) = (&queue, &crew, &inside);
        let stopped = scope.spawn(move || {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                inside.fetch_add(1, Ordering::SeqCst);
                told.recv().unwrap();
                ControlFlow::Break(())
            });
            queue.get_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        let next = scope.spawn(move || {
            crew.join();
            queue.get()
        });
        crew.until_blocked(2, WaitKind::QueueGet);
        crew.interrupt(0, || inside.load(Ordering::SeqCst) == 1);
        queue.put(1).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(stopped.join().unwrap(), Err(GetError::Aborted));
        assert_eq!(next.join().unwrap(), Ok(1));
    });
}

#[test]
fn a_handler_may_use_the_queue_that_its_thread_waits_for() {
    let (queue, crew) = (Queue::new(), Crew::new());
    std::thread::scope(|scope| {
        let getting = scope.spawn(|| {
            crew.join();
            let mut waiter = crew.interruptible(|| {
                queue.put(7).unwrap();
                ControlFlow::Continue(())
            });
            queue.get_with(Deadline::NEVER, &mut waiter)
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        crew.interrupt(0, || getting.is_finished());
        assert_eq!(getting.join().unwrap(), Ok(7));
    });
}

#[test]
fn a_panicking_waiter_leaves_nothing_linked() {
    let (queue, crew) = (Queue::new(), Crew::new());
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            crew.join();
            queue.get_with(Deadline::NEVER, &mut crew.interruptible(|| panic!("on purpose")))
        });
        crew.until_blocked(1, WaitKind::QueueGet);
        crew.interrupt(0, || panicking.is_finished());
        assert!(panicking.join().is_err());
    });
    assert_eq!(queue.waiting(), (0, 0, 0));
    queue.put(1).unwrap();
    assert_eq!(queue.get(), Ok(1));
}

#[test]
fn items_may_use_the_queue_when_they_are_dropped() {
    use std::sync::Arc;

    struct Refill(Arc<Queue<Option<Refill>>>);

    impl Drop for Refill {
        fn drop(&mut self) {
            self.0.put(None).unwrap();
        }
    }

    let queue = Arc::new(Queue::bounded(2));
    queue.put(Some(Refill(Arc::clone(&queue)))).unwrap();
    drop(queue.get().unwrap());
    assert!(queue.get().unwrap().is_none());
    let extra = Some(Refill(Arc::clone(&queue)));
    queue.put(None).unwrap();
    queue.set_capacity(1);
    // The refused item comes back, and is dropped outside.
    let refused = queue.try_put(extra);
    assert!(matches!(&refused, Err(PutError::Full(Some(_)))));
    queue.set_capacity(0);
    drop(refused);
    assert_eq!(queue.len(), 2);
    queue.drain();
}

#[test]
fn works_while_a_thread_ends() {
    static ENDED: Mutex<Vec<u32>> = Mutex::new(Vec::new());

    struct AtEnd;

    impl Drop for AtEnd {
        fn drop(&mut self) {
            let queue = Queue::new();
            assert!(queue.get_timeout(SHORT).is_err());
            queue.put(5).unwrap();
            ENDED.lock().unwrap().push(queue.get().unwrap());
        }
    }

    thread_local! {
        static AT_END: AtEnd = const { AtEnd };
    }

    std::thread::spawn(|| AT_END.with(|_| {})).join().unwrap();
    assert_eq!(*ENDED.lock().unwrap(), [5]);
}

#[test]
fn shows_its_items_and_itself_without_waiting() {
    let queue = Queue::bounded(3);
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    let mut seen = Vec::new();
    queue.for_each(&mut |item| seen.push(*item));
    assert_eq!(seen, [1, 2]);
    assert_eq!(format!("{queue:?}"), "Queue { len: 2, capacity: 3, unfinished: 2, is_shut_down: false }");
    assert_eq!(format!("{:?}", PutError::Full(())), "Full(..)");
    assert_eq!(GetError::Empty.to_string(), "the queue is empty");
}

#[test]
fn goes_where_its_items_may_go() {
    assert_send::<Queue<std::cell::Cell<u8>>>();
    assert_sync::<Queue<std::cell::Cell<u8>>>();
    // An item that may not leave its thread cannot be in a queue at all: the order asks for `Send`.
    assert_not!(std::rc::Rc<u8>: Send);
}

/// A chain of threads, each of which takes the multiples of one prime out of what it passes on: as many queues as primes, of one place each.
#[test]
fn sieves_primes_through_a_chain_of_queues() {
    const PRIMES: [u32; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    std::thread::scope(|scope| {
        let mut source = Arc::new(Queue::bounded(1));
        let numbers = Arc::clone(&source);
        scope.spawn(move || {
            let mut number = 2;
            while numbers.put(number).is_ok() {
                number += 1;
            }
        });
        for expected in PRIMES {
            let prime = source.get().unwrap();
            assert_eq!(prime, expected);
            let (before, after) = (source, Arc::new(Queue::bounded(1)));
            source = Arc::clone(&after);
            scope.spawn(move || {
                // Whoever puts into a queue that is shut down shuts down the one before.
                let _ = before.iter().filter(|number| number % prime != 0).find(|number| after.put(*number).is_err());
                before.shutdown_now();
            });
        }
        source.shutdown();
    });
}

/// A queue lives as long as its one item is on its way, again and again: what the last use of a queue leaves is not there for the next, at the same place.
#[test]
fn brings_one_item_through_each_of_many_queues() {
    for number in 0..300 {
        let queue = Arc::new(Queue::new());
        let putter = Arc::clone(&queue);
        let thread = std::thread::spawn(move || putter.put(number).unwrap());
        assert_eq!(queue.get(), Ok(number));
        drop(queue);
        thread.join().unwrap();
    }
}

/// One place is a lock: who has put into it is alone until the item is got.
#[test]
fn excludes_others_by_one_place() {
    let (place, inside, total) = (Queue::bounded(1), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    place.put(()).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    total.fetch_add(1, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    place.get().unwrap();
                }
            });
        }
    });
    assert_eq!(total.into_inner(), 800);
}

/// Items that were got, that are left and that came back are dropped once each, also if they have no size.
#[test]
fn drops_each_item_once() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Empty;
    impl Drop for Empty {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::SeqCst);
        }
    }

    let queue = Queue::bounded(3);
    for _ in 0..3 {
        assert!(queue.try_put(Empty).is_ok());
    }
    drop(queue.try_put(Empty));
    assert_eq!(DROPPED.load(Ordering::SeqCst), 1);
    drop(queue.get());
    assert_eq!(DROPPED.load(Ordering::SeqCst), 2);
    drop(queue);
    assert_eq!(DROPPED.load(Ordering::SeqCst), 4);
}

/// Does something whenever it is about to let go of the processor, before or in the line.
struct Eventful<const LOOKS: u32, F>(F);

impl<const LOOKS: u32, F: FnMut()> Waiter for Eventful<LOOKS, F> {
    const LOOKS_BEFORE_SLEEP: u32 = LOOKS;

    fn sleep<R>(&mut self, sleep: impl FnOnce() -> R) -> R {
        (self.0)();
        sleep()
    }

    fn is_interruptible(&self) -> bool {
        false
    }

    fn interrupted(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn before_the_line(act: impl FnMut()) -> Eventful<1, impl FnMut()> {
    Eventful(act)
}

fn in_the_line(act: impl FnMut()) -> Eventful<0, impl FnMut()> {
    Eventful(act)
}

#[test]
fn a_getter_lets_others_run_before_it_gets_in_line() {
    let queue = Queue::new();
    let mut seen = Vec::new();
    let act = || {
        seen.push(queue.waiting());
        queue.put(1).unwrap();
    };
    assert_eq!(queue.get_with(Deadline::NEVER, &mut before_the_line(act)), Ok(1));
    assert_eq!((seen, queue.len()), (vec![(0, 0, 0)], 0));

    let mut seen = Vec::new();
    let act = || {
        seen.push(queue.waiting());
        queue.put(2).unwrap();
    };
    assert_eq!(queue.get_with(Deadline::NEVER, &mut in_the_line(act)), Ok(2));
    assert_eq!((seen, queue.len()), (vec![(1, 0, 0)], 0));
}

#[test]
fn a_putter_lets_others_run_before_it_gets_in_line() {
    for capacity in [1, 2, 10] {
        let queue = Queue::bounded(capacity);
        (0..capacity).for_each(|number| queue.put(number).unwrap());
        let mut seen = Vec::new();
        let act = || {
            seen.push(queue.waiting());
            assert_eq!(queue.get(), Ok(0));
        };
        assert_eq!(queue.put_with(capacity, Deadline::NEVER, &mut before_the_line(act)), Ok(()));
        assert_eq!((seen, queue.waiting()), (vec![(0, 0, 0)], (0, 0, 0)));
        assert!(queue.drain().into_iter().eq(1..=capacity));
        assert_eq!(queue.unfinished(), capacity + 1);
    }
}

#[test]
fn what_ends_a_wait_ends_letting_others_run() {
    let queue = Queue::<u32>::bounded(2);
    assert_eq!(queue.get_with(Deadline::NEVER, &mut before_the_line(|| queue.shutdown())), Err(GetError::ShutDown));
    let queue = Queue::<u32>::bounded(2);
    let retire = || drop(queue.retire());
    assert_eq!(queue.get_with(Deadline::NEVER, &mut before_the_line(retire)), Err(GetError::Retired));

    let full = || {
        let queue = Queue::bounded(2);
        queue.put(1).unwrap();
        queue.put(2).unwrap();
        queue
    };
    let queue = full();
    let put = queue.put_with(3, Deadline::NEVER, &mut before_the_line(|| queue.shutdown()));
    assert_eq!((put, queue.drain()), (Err(PutError::ShutDown(3)), vec![1, 2]));
    let queue = full();
    let put = queue.put_with(3, Deadline::NEVER, &mut before_the_line(|| drop(queue.retire())));
    assert_eq!(put, Err(PutError::Retired(3)));
}

/// Whoever has let others run gets in line behind those who are there, and what it waits for passes it by.
#[test]
fn those_in_line_are_served_before_those_who_let_others_run() {
    let queue = Queue::bounded(2);
    queue.put(1).unwrap();
    queue.put(2).unwrap();
    let (turns, crew) = (AtomicUsize::new(0), Crew::new());
    std::thread::scope(|scope| {
        let (queue, crew) = (&queue, &crew);
        // Before it gets in line, another thread does.
        let act = || match turns.fetch_add(1, Ordering::SeqCst) {
            0 => {
                scope.spawn(move || {
                    crew.join();
                    queue.put(3).unwrap();
                });
                crew.until_blocked(1, WaitKind::QueuePut);
            }
            _ => {
                if queue.waiting() == (0, 2, 0) {
                    assert_eq!((queue.get(), queue.get()), (Ok(1), Ok(2)));
                }
            }
        };
        assert_eq!(queue.put_with(4, Deadline::NEVER, &mut before_the_line(act)), Ok(()));
    });
    assert_eq!(queue.drain(), [3, 4]);
}

/// Only who finds the queue itself full, and not the memory that it has so far, lets others run.
#[test]
fn a_queue_grows_without_letting_others_run() {
    for queue in [Queue::new(), Queue::bounded(100)] {
        let never = || unreachable!("there is room");
        (0..50).for_each(|item| assert_eq!(queue.put_with(item, Deadline::NEVER, &mut before_the_line(never)), Ok(())));
        assert_eq!(queue.drain(), (0..50).collect::<Vec<_>>());
    }
}

/// The number may be set to any, and no item is lost, or seen twice, when it cannot grow any more.
#[test]
fn the_most_unfinished_items_there_can_be() {
    let queue = Queue::new();
    queue.put(Box::new(1)).unwrap();
    queue.set_unfinished(usize::MAX);
    queue.put(Box::new(2)).unwrap();
    assert_eq!(queue.get(), Ok(Box::new(1)));
    assert_eq!((queue.unfinished(), queue.len()), (usize::MAX, 1));
    assert_eq!(queue.get(), Ok(Box::new(2)));
}

#[test]
fn an_item_that_panics_when_dropped_keeps_no_other_from_it() {
    struct Counts<'a>(&'a AtomicUsize, bool);

    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
            assert!(!self.1, "it panics");
        }
    }

    let dropped = AtomicUsize::new(0);
    let queue = Queue::new();
    for panics in [false, true, false, false] {
        assert!(queue.put(Counts(&dropped, panics)).is_ok());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(queue))).is_err());
    assert_eq!(dropped.into_inner(), 4);
}

#[test]
fn a_queue_may_be_used_where_panics_are_caught() {
    fn may_be_used<T: UnwindSafe + RefUnwindSafe>() {}

    may_be_used::<Queue<Box<u8>>>();
    may_be_used::<SimpleQueue<Box<u8>>>();
}
