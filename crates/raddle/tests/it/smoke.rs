use raddle::queue::Queue;
use raddle::sync::*;
use std::time::Duration;

#[test]
fn lock_contended() {
    let n = Lock::new(0u64);
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..100_000 {
                    *n.acquire() += 1;
                }
            });
        }
    });
    assert_eq!(*n.acquire(), 400_000);
}
#[test]
fn sizes() {
    assert_eq!(std::mem::size_of::<Lock<()>>(), 32);
}
#[test]
fn semaphore() {
    let n = Semaphore::new(2);
    let inside = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|s| {
        for _ in 0..6 {
            s.spawn(|| {
                for _ in 0..50_000 {
                    let _g = n.guard();
                    let i = inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    assert!(i < 2);
                    inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                }
            });
        }
    });
}
#[test]
fn queue() {
    for cap in [0, 1, 64] {
        let q = Queue::bounded(cap);
        let sum = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| {
                    for i in 0..20_000u64 {
                        q.put(i).unwrap();
                    }
                });
            }
            for _ in 0..4 {
                s.spawn(|| {
                    while let Ok(i) = q.get() {
                        sum.fetch_add(i, std::sync::atomic::Ordering::SeqCst);
                        q.task_done().unwrap();
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(20));
            q.join();
            while sum.load(std::sync::atomic::Ordering::SeqCst) < 4 * (0..20_000u64).sum::<u64>() {
                std::thread::yield_now();
            }
            q.shutdown();
        });
    }
}
#[test]
fn condition_pingpong() {
    let t = Lock::new(0u32);
    let c = Condition::new();
    std::thread::scope(|s| {
        for me in 0..3 {
            let (t, c) = (&t, &c);
            s.spawn(move || {
                for _ in 0..20_000 {
                    let mut g = t.acquire();
                    while *g % 3 != me {
                        let _ = c.wait_timeout(&mut g, Duration::from_secs(20)).unwrap();
                    }
                    *g += 1;
                    c.notify_all(&g);
                }
            });
        }
    });
    assert_eq!(*t.acquire(), 60_000);
}
#[test]
fn barrier_event() {
    let b = Barrier::new(4);
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                for _ in 0..5_000 {
                    b.wait().unwrap();
                }
            });
        }
    });
    let b = Barrier::new(2);
    assert!(b.wait_timeout(Duration::from_millis(5)).is_err());
    assert!(b.is_broken());
    let e = Event::new();
    assert!(e.wait_timeout(Duration::from_millis(5)).is_err());
    std::thread::scope(|s| {
        for _ in 0..20 {
            s.spawn(|| e.wait());
        }
        while e.waiting() < 20 {
            std::thread::yield_now();
        }
        e.set();
    });
}
