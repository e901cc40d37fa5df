//! The slot of a future, and a handful of values that say what it must do.

use raddle::futures::{Begun, Cancelled, NotDone, Slot, Stage};
use raddle::park::{Deadline, Thread};

use crate::bytes::Bytes;
use crate::interleaving::{self, Model};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Begin,
    Cancel,
    Finish(u8),
    Fail(u8),
    Retire,
    AddCallback(u8),
    TakeCallback,
    Wait,
    Stage,
    Ending,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Begun(Begun),
    /// Callbacks for the caller to call.
    Callbacks(Vec<u8>),
    CancelledBefore,
    TooLate,
    Retired,
    Refused(Stage, u8),
    Content(Stage, Option<u8>, Vec<u8>),
    Kept,
    Back(u8),
    Taken(Option<u8>),
    Waited(Result<(), NotDone>),
    Stage(Stage),
    Ending(Option<(Stage, u8)>),
}

pub(crate) fn alone(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let (slot, mut model, mut done) = (Slot::new(), Values::new(), Vec::new());
    while let Some(step) = step(&mut bytes) {
        let (outcome, expected) = (apply(&slot, step), model.apply(step));
        assert_eq!(outcome, expected, "{step:?} after {done:?}");
        done.push(step);
    }
    assert_eq!(slot.into_outcome(), model.outcome);
}

pub(crate) fn together(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let slot = Slot::new();
    let mut sequence = || (0..5).map_while(|_| step(&mut bytes)).collect::<Vec<_>>();
    interleaving::check(&Values::new(), [&sequence(), &sequence()], |step| apply(&slot, step));
}

fn step(bytes: &mut Bytes<'_>) -> Option<Step> {
    Some(match bytes.below(16)? {
        0..2 => Step::Begin,
        2..4 => Step::Cancel,
        4 => Step::Finish(bytes.next()?),
        5 => Step::Fail(bytes.next()?),
        6 if bytes.below(4)? == 0 => Step::Retire,
        6..9 => Step::AddCallback(bytes.next()?),
        9 => Step::TakeCallback,
        10..12 => Step::Wait,
        12..14 => Step::Stage,
        _ => Step::Ending,
    })
}

/// The model.
#[derive(Clone)]
struct Values {
    stage: Stage,
    outcome: Option<u8>,
    callbacks: Vec<u8>,
}

impl Values {
    fn new() -> Self {
        Self { stage: Stage::Pending, outcome: None, callbacks: Vec::new() }
    }

    fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Pending | Stage::Running)
    }

    fn settle(&mut self, stage: Stage, outcome: u8) -> Outcome {
        if !self.is_open() {
            return Outcome::Refused(self.stage, outcome);
        }
        (self.stage, self.outcome) = (stage, Some(outcome));
        Outcome::Callbacks(std::mem::take(&mut self.callbacks))
    }
}

impl Model for Values {
    type Step = Step;
    type Outcome = Outcome;

    fn apply(&mut self, step: Step) -> Outcome {
        match step {
            Step::Begin => Outcome::Begun(match self.stage {
                Stage::Pending => {
                    self.stage = Stage::Running;
                    Begun::Run
                }
                Stage::Cancelled => {
                    self.stage = Stage::CancelledAndNotified;
                    Begun::Cancelled
                }
                stage => Begun::Misplaced(stage),
            }),
            Step::Cancel => match self.stage {
                Stage::Pending => {
                    self.stage = Stage::Cancelled;
                    Outcome::Callbacks(std::mem::take(&mut self.callbacks))
                }
                Stage::Cancelled | Stage::CancelledAndNotified => Outcome::CancelledBefore,
                Stage::Retired => Outcome::Retired,
                _ => Outcome::TooLate,
            },
            Step::Finish(outcome) => self.settle(Stage::Finished, outcome),
            Step::Fail(outcome) => self.settle(Stage::Failed, outcome),
            Step::Retire => {
                let before = std::mem::replace(&mut self.stage, Stage::Retired);
                let outcome = self.outcome.filter(|_| before.has_outcome());
                Outcome::Content(before, outcome, std::mem::take(&mut self.callbacks))
            }
            Step::AddCallback(callback) if self.is_open() => {
                self.callbacks.push(callback);
                Outcome::Kept
            }
            Step::AddCallback(callback) => Outcome::Back(callback),
            Step::TakeCallback => Outcome::Taken(self.callbacks.pop()),
            Step::Wait => Outcome::Waited(match self.stage {
                Stage::Pending | Stage::Running => Err(NotDone::TimedOut),
                Stage::Retired => Err(NotDone::Retired),
                _ => Ok(()),
            }),
            Step::Stage => Outcome::Stage(self.stage),
            Step::Ending => {
                Outcome::Ending(self.outcome.filter(|_| self.stage.has_outcome()).map(|outcome| (self.stage, outcome)))
            }
        }
    }
}

fn apply(slot: &Slot<u8, u8>, step: Step) -> Outcome {
    match step {
        Step::Begin => Outcome::Begun(slot.begin()),
        Step::Cancel => match slot.cancel() {
            Cancelled::Now(callbacks) => Outcome::Callbacks(callbacks),
            Cancelled::Before => Outcome::CancelledBefore,
            Cancelled::No => Outcome::TooLate,
            Cancelled::Retired => Outcome::Retired,
        },
        Step::Finish(outcome) => settled(slot.finish(outcome)),
        Step::Fail(outcome) => settled(slot.fail(outcome)),
        Step::Retire => {
            let retired = slot.retire();
            Outcome::Content(retired.stage, retired.outcome.copied(), retired.callbacks)
        }
        Step::AddCallback(callback) => slot.add_callback(callback).map_or_else(Outcome::Back, |()| Outcome::Kept),
        Step::TakeCallback => Outcome::Taken(slot.take_callback()),
        Step::Wait => Outcome::Waited(slot.wait_with(Deadline::PASSED, &mut Thread)),
        Step::Stage => Outcome::Stage(slot.stage()),
        Step::Ending => Outcome::Ending(slot.ending().map(|(stage, outcome)| (stage, *outcome))),
    }
}

fn settled(result: Result<Vec<u8>, (Stage, u8)>) -> Outcome {
    result.map_or_else(|(stage, outcome)| Outcome::Refused(stage, outcome), Outcome::Callbacks)
}
