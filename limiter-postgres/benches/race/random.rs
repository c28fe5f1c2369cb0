//! Keys by chance, the same in each run.

/// A linear congruential generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new() -> Self {
        Self(0x5DEE_CE66D)
    }

    pub(crate) fn below(&mut self, most: usize) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * most as u64) >> 32) as u32
    }
}
