//! The hook is the process's, so all that is to be seen of it is in one test.

use std::sync::{Arc, Mutex};

use raddle::thread::{self, Builder, reset_excepthook, set_excepthook};

#[test]
fn hears_of_threads_that_panic() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    set_excepthook({
        let seen = Arc::clone(&seen);
        move |uncaught| {
            // Other tests have threads that panic as well.
            if uncaught.thread.name().starts_with("hook ") {
                assert_eq!(*uncaught.thread, thread::current());
                seen.lock().unwrap().push(format!("{}: {}", uncaught.thread.name(), uncaught.message()));
            }
            // Nobody minds.
            std::panic::resume_unwind(Box::new("the hook"));
        }
    });
    let panics = |name: &str, payload: Box<dyn std::any::Any + Send>| {
        let thread = Builder::new().name(name).spawn(move || std::panic::resume_unwind(payload)).unwrap();
        thread.join().unwrap_err().into_panic().unwrap()
    };
    let _ = panics("hook 1", Box::new("a text"));
    let _ = panics("hook 2", Box::new(String::from("another text")));
    assert_eq!(panics("hook 3", Box::new(3)).downcast_ref(), Some(&3));
    thread::spawn(|| ()).unwrap().join().unwrap();
    reset_excepthook();
    let _ = panics("hook 4", Box::new("nobody hears"));
    let expected = ["hook 1: a text", "hook 2: another text", "hook 3: a value that is not a text"];
    assert_eq!(*seen.lock().unwrap(), expected);
}
