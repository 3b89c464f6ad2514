// What is known of the keys under which the primary and the candidate may hold something else.

/// The keys that are being written, and those that are known to differ or not to; by the hashes of their names.
struct ShadowKeys {
    private struct Entry {
        var inFlight = 0
        /// When the last write ended, by ``clock``; zero before any.
        var lastEnd: UInt64 = 0
        /// Nil: as all keys of which nothing is known.
        var isStale: Bool?
        /// Of one that may differ: only because of writes at one time, which both servers have got.
        var isRaced = false
    }

    /// How a write has ended.
    enum Outcome {
        /// Both servers have it, or will; a whole write leaves the same on both whatever they held.
        case shadowed(isWhole: Bool)
        /// It did not get to the candidate.
        case lost
    }

    /// What it means that another write has met one of a write's keys.
    enum Meeting {
        /// That key is in doubt.
        case ofEach
        /// All its keys are, and also where something else that it depends on is known to have been met.
        case ofAll(isKnown: Bool)
    }

    private var entries: [UInt64: Entry] = [:]
    private(set) var clock: UInt64 = 0
    /// Writes that have begun and not ended.
    private var writeCount = 0
    /// Writes of what nobody knows that have begun and not ended.
    private(set) var wideWrites = 0
    /// When a write last began or ended, for whole groups of keys, by ``clock``.
    private var versions = [UInt64](repeating: 0, count: 4096)
    /// Whether keys of which nothing is known are taken to differ.
    private(set) var isStaleByDefault: Bool
    /// Sessions whose writes cannot be followed: while there are any, everything may differ.
    private var blindSessions = 0
    /// Whether any key was found to differ at any time.
    private(set) var hasStale: Bool

    /// Keys that are remembered; beyond, all that is not remembered is taken to differ.
    static let limit = 1 << 17

    init(isStaleByDefault: Bool) {
        self.isStaleByDefault = isStaleByDefault
        hasStale = isStaleByDefault
    }

    /// A time of its own, between all that is known.
    mutating func mark() -> UInt64 {
        clock += 1
        return clock
    }

    /// A write of `keys` has gone to the primary; the time of it is asked for again at its end.
    mutating func begin(_ keys: [UInt64]) -> UInt64 {
        writeCount += 1
        extend(keys)
        return clock
    }

    /// More keys of a write that has begun.
    mutating func extend(_ keys: [UInt64]) {
        clock += 1
        for key in keys {
            entries[key, default: Entry()].inFlight += 1
            touch(key)
        }
    }

    /// A write that began at `start` has been answered; whether both servers answer it alike, because they held the same
    /// before and nobody else wrote meanwhile.
    @discardableResult
    mutating func end(
        _ keys: [UInt64], began start: UInt64, _ outcome: Outcome, _ meeting: Meeting = .ofEach
    ) -> Bool {
        clock += 1
        writeCount -= 1
        var isReliable = !isStale(keys)
        var isMet = false
        if case .ofAll(let isKnown) = meeting {
            isMet = isKnown || keys.contains { self.isMet($0, since: start) }
            if isMet { isReliable = false }
        }
        for key in keys {
            guard var entry = entries[key] else { continue }
            defer { touch(key) }
            // Two writes at once reach the servers in an order that nobody knows.
            let isRaced = isMet || entry.inFlight > 1 || entry.lastEnd > start
            if isRaced { isReliable = false }
            entry.inFlight -= 1
            entry.lastEnd = clock
            switch outcome {
            case .shadowed(let isWhole):
                if isRaced {
                    entry.isRaced = entry.isRaced || !(entry.isStale ?? isStaleByDefault)
                    entry.isStale = true
                } else if isWhole {
                    entry.isStale = false
                    entry.isRaced = false
                }
            case .lost:
                entry.isStale = true
                entry.isRaced = false
            }
            put(entry, key)
        }
        return isReliable
    }

    /// `keys` were changed at the primary, and not at the candidate.
    mutating func markStale(_ keys: [UInt64]) {
        clock += 1
        hasStale = true
        for key in keys {
            var entry = entries[key] ?? Entry()
            entry.isStale = true
            entry.isRaced = false
            put(entry, key)
            touch(key)
        }
    }

    /// Any key may have been changed at the primary, and not at the candidate.
    mutating func markAllStale() {
        clock += 1
        isStaleByDefault = true
        hasStale = true
        for (key, entry) in entries {
            var entry = entry
            entry.isStale = nil
            entry.isRaced = false
            entries[key] = entry.inFlight > 0 ? entry : nil
        }
        for index in versions.indices { versions[index] = clock }
    }

    /// `key` holds the same at both again.
    mutating func markSame(_ key: UInt64) {
        var entry = entries[key] ?? Entry()
        entry.isStale = false
        entry.isRaced = false
        put(entry, key)
    }

    /// A write has begun of which nobody knows what it changes.
    mutating func beginWide() {
        wideWrites += 1
        markAllStale()
    }

    mutating func endWide() {
        wideWrites -= 1
        markAllStale()
    }

    mutating func addBlindSession() {
        markAllStale()
        blindSessions += 1
    }

    mutating func removeBlindSession() {
        markAllStale()
        blindSessions -= 1
    }

    /// Whether one of `keys` may hold something else at the candidate.
    func isStale(_ keys: [UInt64]) -> Bool {
        blindSessions > 0 || keys.contains { entries[$0]?.isStale ?? isStaleByDefault }
    }

    /// The same, but for keys of which only the order of their writes is in doubt.
    func isLost(_ keys: some Sequence<UInt64>) -> Bool {
        blindSessions > 0
            || keys.contains { key in
                guard let entry = entries[key], let isStale = entry.isStale else { return isStaleByDefault }
                return isStale && !entry.isRaced
            }
    }

    /// Whether any key is being written.
    var isWriting: Bool { writeCount > 0 }

    /// Whether nothing can change `key` without being seen.
    func isQuiet(_ key: UInt64) -> Bool { wideWrites == 0 && blindSessions == 0 && !isWritten([key]) }

    /// Whether a write of one of `keys` has begun or ended since.
    func isTouched(_ keys: some Sequence<UInt64>, since time: UInt64) -> Bool {
        keys.contains { versions[Int($0 % UInt64(versions.count))] > time }
    }

    private func isMet(_ key: UInt64, since start: UInt64) -> Bool {
        entries[key].map { $0.inFlight > 1 || $0.lastEnd > start } ?? false
    }

    /// Whether one of `keys` is being written.
    func isWritten(_ keys: some Sequence<UInt64>) -> Bool { keys.contains { (entries[$0]?.inFlight ?? 0) > 0 } }

    /// Changes when one of `keys` is written, and seldom otherwise.
    func version(_ keys: [UInt64]) -> UInt64 {
        keys.reduce(0) { $0 &+ versions[Int($1 % UInt64(versions.count))] }
    }

    private mutating func touch(_ key: UInt64) { versions[Int(key % UInt64(versions.count))] = clock }

    private mutating func put(_ entry: Entry, _ key: UInt64) {
        if entry.isStale == true { hasStale = true }
        let isOrdinary = entry.isStale == nil || entry.isStale == isStaleByDefault && !entry.isRaced
        // Nobody is under way who could meet its last write.
        guard entry.inFlight > 0 || !isOrdinary else {
            entries[key] = nil
            return
        }
        if entry.inFlight == 0, entries[key] == nil, entries.count >= Self.limit {
            // What is forgotten must not be taken to be the same.
            if entry.isStale == true { markAllStale() }
            return
        }
        entries[key] = entry
    }
}
