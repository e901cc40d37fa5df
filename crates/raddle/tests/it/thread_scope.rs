use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use raddle::sync::Event;
use raddle::thread::{Builder, WaitKind, scope};

use crate::support::{Crew, until};

#[test]
fn threads_borrow() {
    let mut numbers = vec![1, 2, 3];
    let sum = AtomicUsize::new(0);
    let length = scope(|scope| {
        let length = scope.spawn(|| numbers.len()).unwrap();
        for _ in 0..3 {
            scope.spawn(|| sum.fetch_add(numbers.iter().sum::<usize>(), Ordering::Relaxed)).unwrap();
        }
        length.join().unwrap()
    });
    numbers.push(4);
    assert_eq!((length, sum.into_inner()), (3, 18));
}

#[test]
fn waits_for_all_also_for_those_started_by_others() {
    let (crew, event, ended) = (Crew::new(), Event::new(), AtomicUsize::new(0));
    std::thread::scope(|outside| {
        let over = outside.spawn(|| {
            crew.join();
            scope(|scope| {
                scope
                    .spawn(|| {
                        event.wait();
                        for _ in 0..20 {
                            scope
                                .spawn(|| {
                                    scope.spawn(|| ended.fetch_add(1, Ordering::SeqCst)).unwrap();
                                    ended.fetch_add(1, Ordering::SeqCst)
                                })
                                .unwrap();
                        }
                    })
                    .unwrap();
            });
            assert_eq!(ended.load(Ordering::SeqCst), 40);
        });
        crew.until_blocked(1, WaitKind::Join);
        event.set();
        over.join().unwrap();
    });
}

#[test]
fn a_panic_is_given_to_who_joins_or_else_goes_on_at_the_end() {
    let joined = scope(|scope| {
        let thread = scope.spawn(|| std::panic::resume_unwind(Box::new(1))).unwrap();
        thread.join().unwrap_err().into_panic().unwrap().downcast_ref() == Some(&1)
    });
    assert!(joined);

    let ended = AtomicUsize::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        scope(|scope| {
            drop(scope.spawn(|| std::panic::resume_unwind(Box::new(2))).unwrap());
            scope.spawn(|| ended.fetch_add(1, Ordering::SeqCst)).unwrap();
        });
    }));
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&2));
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

#[test]
fn a_panic_of_the_body_goes_on_after_all_have_ended() {
    let ended = AtomicUsize::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        scope(|scope| {
            scope.spawn(|| ended.fetch_add(1, Ordering::SeqCst)).unwrap();
            scope.spawn(|| std::panic::resume_unwind(Box::new(2))).unwrap();
            std::panic::resume_unwind(Box::new(3));
        });
    }));
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&3));
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

/// What a thread brings back may borrow as well: it is dropped before the scope is over, whoever drops it.
#[test]
fn outcomes_are_dropped_in_time() {
    struct Borrows<'a>(&'a AtomicUsize);
    impl Drop for Borrows<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    for _ in 0..50 {
        let drops = AtomicUsize::new(0);
        let kept = scope(|scope| {
            scope.spawn(|| Borrows(&drops)).unwrap();
            let kept = scope.spawn(|| Borrows(&drops)).unwrap();
            kept.join().unwrap()
        });
        assert_eq!(drops.load(Ordering::SeqCst), 1);
        drop(kept);
        assert_eq!(drops.into_inner(), 2);
    }
}

#[test]
fn threads_have_names() {
    scope(|scope| {
        let thread = Builder::new().name("borrower").spawn_scoped(scope, raddle::thread::current).unwrap();
        assert_eq!(thread.name(), "borrower");
        assert_eq!(thread.thread().clone(), thread.join().unwrap());
        assert!(format!("{scope:?}").starts_with("Scope"));
    });
}

#[test]
fn many_are_started_one_after_the_other() {
    let count = AtomicUsize::new(0);
    scope(|scope| {
        for number in 0..100 {
            scope.spawn(|| count.fetch_add(1, Ordering::SeqCst)).unwrap();
            until("it has run", || count.load(Ordering::SeqCst) == number + 1);
        }
    });
}
