//! Pools of two workers: one task at a time, and 20,000 at once, with their results.

use raddle::futures::{Future, ThreadPoolExecutor};

use crate::measure::{Bench, Contender};

const WORKERS: usize = 2;
const ONE_BY_ONE: usize = 5_000;
const MANY: usize = 20_000;

pub(crate) fn rows(bench: &mut Bench) {
    let pools = Pools {
        raddle: ThreadPoolExecutor::builder().workers(WORKERS).build(),
        rayon: rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build().unwrap(),
        rusty_pool: rusty_pool::Builder::new().core_size(WORKERS).max_size(WORKERS).build(),
        threadpool: threadpool::ThreadPool::new(WORKERS),
    };
    bench.row("pool, one task at a time", ONE_BY_ONE, &pools.round_trip());
    bench.row("pool, 20,000 tasks", MANY, &pools.batch());
}

struct Pools {
    raddle: ThreadPoolExecutor,
    rayon: rayon::ThreadPool,
    rusty_pool: rusty_pool::ThreadPool,
    threadpool: threadpool::ThreadPool,
}

impl Pools {
    fn round_trip(&self) -> Vec<Contender<'_>> {
        vec![
            ("raddle", Box::new(|| one_by_one(|task| self.submit(task).result().unwrap()))),
            ("rayon and oneshot", Box::new(|| one_by_one(|task| self.spawn(task).recv().unwrap()))),
            ("rusty_pool", Box::new(|| one_by_one(|task| self.evaluate(task).await_complete()))),
            ("threadpool and oneshot", Box::new(|| one_by_one(|task| self.execute(task).recv().unwrap()))),
        ]
    }

    fn batch(&self) -> Vec<Contender<'_>> {
        vec![
            ("raddle", Box::new(|| many(|task| self.submit(task), |future| future.result().unwrap()))),
            ("rayon and oneshot", Box::new(|| many(|task| self.spawn(task), |receiver| receiver.recv().unwrap()))),
            ("rusty_pool", Box::new(|| many(|task| self.evaluate(task), rusty_pool::JoinHandle::await_complete))),
            (
                "threadpool and oneshot",
                Box::new(|| many(|task| self.execute(task), |receiver| receiver.recv().unwrap())),
            ),
        ]
    }

    fn submit(&self, task: usize) -> Future<usize> {
        self.raddle.submit(move || task).unwrap()
    }

    fn spawn(&self, task: usize) -> oneshot::Receiver<usize> {
        let (sender, receiver) = oneshot::channel();
        self.rayon.spawn(move || sender.send(task).unwrap());
        receiver
    }

    fn evaluate(&self, task: usize) -> rusty_pool::JoinHandle<usize> {
        self.rusty_pool.evaluate(move || task)
    }

    fn execute(&self, task: usize) -> oneshot::Receiver<usize> {
        let (sender, receiver) = oneshot::channel();
        self.threadpool.execute(move || sender.send(task).unwrap());
        receiver
    }
}

fn one_by_one(run: impl Fn(usize) -> usize) {
    (0..ONE_BY_ONE).for_each(|task| assert_eq!(run(task), task));
}

fn many<F>(submit: impl Fn(usize) -> F, result: impl Fn(F) -> usize) {
    let futures: Vec<F> = (0..MANY).map(submit).collect();
    assert_eq!(futures.into_iter().map(result).sum::<usize>(), MANY * (MANY - 1) / 2);
}
