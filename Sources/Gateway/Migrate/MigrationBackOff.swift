// When something that has failed is tried again.

/// The time of the next try: a second behind the first failure, twice as long behind each further one.
struct MigrationBackOff {
    private static let first: UInt64 = 1_000_000_000
    private static let longest: UInt64 = 30_000_000_000

    private var pause = MigrationBackOff.first
    private var due: UInt64?

    /// It has failed at `now`; how many nanoseconds are waited.
    mutating func failed(at now: UInt64) -> UInt64 {
        let wait = pause
        due = now &+ wait
        pause = min(2 * pause, Self.longest)
        return wait
    }

    /// Whether the time has come; said once for each failure.
    mutating func isDue(at now: UInt64) -> Bool {
        guard let due, due <= now else { return false }
        self.due = nil
        return true
    }

    /// There is something else to do.
    mutating func cancel() { due = nil }

    /// It has not failed: the next failure is the first one again.
    mutating func reset() { self = MigrationBackOff() }
}
