//! What two threads got, explained: is there an order of all operations, each thread's in its own, in which a model returns the same?

use std::fmt::Debug;
use std::sync::Barrier;
use std::thread;

/// What an object is to do, step by step.
pub(crate) trait Model: Clone {
    type Step: Copy + Debug + Send + Sync;
    type Outcome: PartialEq + Debug + Send;

    fn apply(&mut self, step: Self::Step) -> Self::Outcome;
}

/// A step, and what it came to.
pub(crate) type History<M> = [(<M as Model>::Step, <M as Model>::Outcome)];

/// Lets two threads do their steps at the same time, and looks for an order that explains what they got.
pub(crate) fn check<M: Model>(model: &M, steps: [&[M::Step]; 2], apply: impl Fn(M::Step) -> M::Outcome + Sync) {
    let begin = Barrier::new(2);
    let [first, second] = thread::scope(|scope| {
        let threads = steps.map(|steps| {
            let (begin, apply) = (&begin, &apply);
            scope.spawn(move || {
                begin.wait();
                steps.iter().map(|step| (*step, apply(*step))).collect::<Vec<_>>()
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(is_explained(model, [&first, &second]), "no order explains\n{first:?}\nand\n{second:?}");
}

pub(crate) fn is_explained<M: Model>(model: &M, histories: [&History<M>; 2]) -> bool {
    if histories.iter().all(|history| history.is_empty()) {
        return true;
    }
    (0..2).any(|thread| {
        let Some(((step, outcome), rest)) = histories[thread].split_first() else { return false };
        let mut model = model.clone();
        let mut left = histories;
        left[thread] = rest;
        model.apply(*step) == *outcome && is_explained(&model, left)
    })
}
