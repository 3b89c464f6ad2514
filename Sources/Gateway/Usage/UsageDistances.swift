// How many requests are passed over between two that are looked at.

import Usage

/// Distances drawn at random, with ``Sampling/interval`` as their mean.
///
/// The numbers are those of Marsaglia's xorshift (Journal of Statistical Software 8, 2003): no client gains by guessing them.
struct UsageDistances {
    private var state: UInt64

    /// Distances that follow from `seed`.
    init(seed: UInt64) { state = seed == 0 ? 1 : seed }

    /// From ``Sampling/shortest`` to ``Sampling/longest``, each as likely.
    mutating func next() -> UInt64 {
        state ^= state &<< 13
        state ^= state &>> 7
        state ^= state &<< 17
        return Sampling.shortest &+ (state &>> 32) % (Sampling.longest &- Sampling.shortest &+ 1)
    }
}
