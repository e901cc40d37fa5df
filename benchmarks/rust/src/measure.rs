//! How the contenders of a row are compared.
//!
//! They take turns within each round, and another begins each time; what is shown is the median over the rounds of the ratio to the first one within a
//! round, so that what else the machine does touches all alike. More than 1: the first one, raddle, is faster. Each job checks its result.
//!
//! Criterion and divan take all samples of one contender before those of the next, and so compare one time of the machine with another. That is why neither
//! is used.

use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

/// A name, and the job done once.
pub(crate) type Contender<'a> = (&'static str, Box<dyn Fn() + 'a>);

pub(crate) struct Bench {
    pub(crate) rounds: usize,
    pub(crate) json: bool,
    /// Only rows that begin with one of these, unless there is none.
    pub(crate) names: Vec<String>,
    rows: Vec<Value>,
}

impl Default for Bench {
    fn default() -> Self {
        Bench { rounds: 15, json: false, names: Vec::new(), rows: Vec::new() }
    }
}

impl Bench {
    pub(crate) fn begin(&self) {
        if !self.json {
            println!("{} rounds, {} processors; more than 1: raddle is faster", self.rounds, processors());
        }
    }

    /// Runs the contenders in turns, and tells how the others compare with the first.
    pub(crate) fn row(&mut self, name: &str, operations: usize, contenders: &[Contender<'_>]) {
        if !self.names.is_empty() && !self.names.iter().any(|wanted| name.starts_with(wanted.as_str())) {
            return;
        }
        let mut times = vec![Vec::new(); contenders.len()];
        for round in 0..self.rounds {
            for place in 0..contenders.len() {
                let turn = (round + place) % contenders.len();
                let begin = Instant::now();
                contenders[turn].1();
                times[turn].push(begin.elapsed().as_secs_f64() * 1e9 / operations as f64);
            }
        }
        let ratios: Vec<Vec<f64>> =
            times.iter().map(|own| own.iter().zip(&times[0]).map(|(other, first)| other / first).collect()).collect();
        if self.json {
            self.rows.push(as_json(name, operations, contenders, &times, &ratios));
        } else {
            let (first, _) = contenders[0];
            print!("{name:26} {first} {:9.1} ns", quantile(&times[0], 0.5));
            for ((other, _), ratios) in contenders.iter().zip(&ratios).skip(1) {
                print!("   {other} {:.2}", quantile(ratios, 0.5));
            }
            println!();
        }
    }

    pub(crate) fn end(self) {
        if self.json {
            let told = json!({ "rounds": self.rounds, "processors": processors(), "rows": self.rows });
            println!("{told:#}");
        }
    }
}

/// Times are nanoseconds for one operation. Ratios are those to the first contender's time.
fn as_json(
    name: &str,
    operations: usize,
    contenders: &[Contender<'_>],
    times: &[Vec<f64>],
    ratios: &[Vec<f64>],
) -> Value {
    let contenders: Vec<Value> = contenders
        .iter()
        .zip(times.iter().zip(ratios))
        .map(|((name, _), (times, ratios))| {
            json!({
                "name": name,
                "time": quantile(times, 0.5),
                "least": quantile(times, 0.0),
                "ratio": quantile(ratios, 0.5),
                "low": quantile(ratios, 0.25),
                "high": quantile(ratios, 0.75),
            })
        })
        .collect();
    json!({ "name": name, "operations": operations, "contenders": contenders })
}

/// The value that so large a part of the others is not above.
fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[(part * (values.len() - 1) as f64).round() as usize]
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
