//! A sequence of operations, as bytes that are used up.

pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl Bytes<'_> {
    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn below(&mut self, limit: u8) -> Option<u8> {
        self.next().map(|byte| byte % limit)
    }
}
