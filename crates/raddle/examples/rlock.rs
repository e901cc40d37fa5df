//! A reentrant lock: functions that lock, and call each other.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::cell::RefCell;

use raddle::sync::RLock;
use raddle::thread;

/// A diary in which entries are made under the lock, one by one or as a page.
struct Diary {
    // A reentrant lock gives shared access: its holder may be inside more than once.
    lines: RLock<RefCell<Vec<String>>>,
}

impl Diary {
    fn write(&self, line: String) {
        self.lines.acquire().borrow_mut().push(line);
    }

    /// No other thread's line comes between those of a page: `write` takes the lock that this function has.
    fn write_page(&self, writer: &str) {
        let _page = self.lines.acquire();
        for number in 1..=3 {
            self.write(format!("{writer} {number}"));
        }
    }
}

fn main() {
    let diary = Diary { lines: RLock::new(RefCell::new(Vec::new())) };
    thread::scope(|scope| {
        for writer in ["Anne", "Samuel"] {
            let diary = &diary;
            scope
                .spawn(move || (0..50).for_each(|_| diary.write_page(writer)))
                .expect("the system has a thread for us");
        }
    });
    let lines = diary.lines.acquire();
    let lines = lines.borrow();
    let pages_are_whole = lines.chunks(3).all(|page| {
        let writer = page[0].split(' ').next().expect("a name");
        page.iter().zip(1..).all(|(line, number)| *line == format!("{writer} {number}"))
    });
    println!("{} lines, every page whole: {pages_are_whole}", lines.len());
}
