use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use raddle::thread::{self, Local};

use crate::support::assert_sync;
use crate::thread_exit::{is_program, run_alone};

/// Counts its drops.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn each_thread_has_its_own() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    static LOCAL: Local<RefCell<Vec<usize>>> = Local::new(|| {
        MADE.fetch_add(1, Ordering::SeqCst);
        RefCell::default()
    });
    let threads: Vec<_> = (0..4)
        .map(|number| {
            thread::spawn(move || {
                LOCAL.with(|list| list.borrow_mut().push(number));
                LOCAL.with(|list| list.borrow_mut().push(number));
                LOCAL.with(RefCell::take)
            })
            .unwrap()
        })
        .collect();
    for (number, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap(), [number, number]);
    }
    assert_eq!(MADE.load(Ordering::SeqCst), 4);
}

#[test]
fn is_dropped_before_its_thread_is_joined() {
    let drops = Arc::new(AtomicUsize::new(0));
    let local = {
        let drops = Arc::clone(&drops);
        Arc::new(Local::new(move || Counted(Arc::clone(&drops))))
    };
    for number in 1..=3 {
        let local = Arc::clone(&local);
        thread::spawn(move || local.with(|_| ())).unwrap().join().unwrap();
        assert_eq!(drops.load(Ordering::SeqCst), number);
    }
    // In other libraries' threads, before those are gone.
    let used = Arc::clone(&local);
    let own = std::thread::spawn(move || used.with(|_| thread::current()));
    own.join().unwrap().join().unwrap();
    assert_eq!(drops.load(Ordering::SeqCst), 4);
    assert!(format!("{local:?}").starts_with("Local"));
}

#[test]
fn a_new_one_does_not_find_the_values_of_an_old_one() {
    thread::spawn(|| {
        let drops = Arc::new(AtomicUsize::new(0));
        for number in 0..100 {
            let local = Local::new(|| Counted(Arc::clone(&drops)));
            local.with(|_| ());
            // At most those of the places that other tests have taken meanwhile are left.
            assert!(drops.load(Ordering::SeqCst) <= number);
            let other: Local<Cell<u64>, _> = Local::new(|| Cell::new(number as u64));
            other.with(|value| assert_eq!(value.get(), number as u64));
        }
        drops
    })
    .unwrap()
    .join()
    .map(|drops| assert_eq!(drops.load(Ordering::SeqCst), 100))
    .unwrap();
}

#[test]
fn may_be_used_while_it_is_made_used_and_dropped() {
    static INNER: Local<Cell<u32>> = Local::new(|| Cell::new(1));
    static OUTER: Local<u32> = Local::new(|| INNER.with(|inner| inner.replace(2)));
    /// Uses another one while it is dropped, which may be gone by then, and comes again.
    struct UsesAnother(Arc<AtomicUsize>);
    impl Drop for UsesAnother {
        fn drop(&mut self) {
            INNER.with(|inner| self.0.store(inner.get() as usize, Ordering::SeqCst));
        }
    }
    let seen = Arc::new(AtomicUsize::new(0));
    let local = {
        let seen = Arc::clone(&seen);
        Local::new(move || UsesAnother(Arc::clone(&seen)))
    };
    let thread = thread::spawn(move || {
        local.with(|_| {
            OUTER.with(|outer| {
                assert_eq!(*outer, 1);
                INNER.with(|inner| assert_eq!(inner.get(), 2));
                OUTER.with(|again| assert!(std::ptr::eq(outer, again)));
            });
        });
    });
    thread.unwrap().join().unwrap();
    assert!([1, 2].contains(&seen.load(Ordering::SeqCst)));
}

/// What `init` makes while it asks for the value itself is the value.
#[test]
fn a_recursive_init_makes_one_value() {
    thread_local!(static DEPTH: Cell<u32> = const { Cell::new(0) });
    static LOCAL: Local<u32> = Local::new(|| {
        let depth = DEPTH.replace(DEPTH.get() + 1);
        if depth < 3 { LOCAL.with(|inner| *inner + 10) } else { depth }
    });
    thread::spawn(|| assert_eq!(LOCAL.with(|value| *value), 3)).unwrap().join().unwrap();
}

#[test]
fn a_panic_of_a_drop_hurts_nobody() {
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("dropped"));
        }
    }
    static LOCAL: Local<Panics> = Local::new(|| Panics);
    assert_eq!(thread::spawn(|| LOCAL.with(|_| 5)).unwrap().join().unwrap(), 5);
}

/// The end of the main function drops values, but not those that its caller uses. In a process of its own: it closes all pools.
#[test]
fn a_value_in_use_is_not_dropped() {
    if !is_program() {
        assert!(run_alone("thread_local::a_value_in_use_is_not_dropped").status.success());
        return;
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&drops);
    thread::spawn(move || {
        let local = Local::new(|| Counted(Arc::clone(&counted)));
        local.with(|_| {
            raddle::main(|| ());
            assert_eq!(counted.load(Ordering::SeqCst), 0);
        });
        raddle::main(|| ());
        assert_eq!(counted.load(Ordering::SeqCst), 1);
    })
    .unwrap()
    .join()
    .unwrap();
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    assert_sync::<Local<Cell<u8>>>();
}
