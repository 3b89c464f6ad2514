// Advisory locks: names that sessions lock and nothing else knows (PostgreSQL documentation, "Advisory Locks").

import Capabilities
import Glibc
import Synchronization

/// What an advisory lock is called: one number, or two small ones, which are other locks.
enum SQLAdvisoryKey: Hashable, Sendable {
    case one(Int64)
    case two(Int32, Int32)
    /// Not advisory: a relation that LOCK TABLE keeps readers from, by SQLite's name.
    case relation(String)
}

/// The advisory locks of all sessions with one store.
final class SQLAdvisoryLocks: Sendable {
    /// Most locks of all sessions, as many as a server has room for with its usual settings (max_locks_per_transaction
    /// times max_connections).
    private static let most = 6_400
    /// How long a session waits before it looks whether all wait for one another (deadlock_timeout).
    static let deadlockDelay: UInt64 = 1_000_000_000

    typealias Owner = ObjectIdentifier

    private struct Holders {
        /// How often each session holds it, alone or with others.
        var exclusive: [Owner: Int] = [:]
        var shared: [Owner: Int] = [:]

        var isFree: Bool { exclusive.isEmpty && shared.isEmpty }

        /// The sessions that keep `owner` from it.
        func opponents(of owner: Owner, isShared: Bool) -> [Owner] {
            (Array(exclusive.keys) + (isShared ? [] : Array(shared.keys))).filter { $0 != owner }
        }
    }

    /// What a session waits for.
    private struct Wait {
        var key: SQLAdvisoryKey
        var isShared: Bool
        /// Whether it has the database's write lock meanwhile.
        var holdsWriteLock: Bool
        var ticket: UInt64
    }

    private struct State {
        var holders: [SQLAdvisoryKey: Holders] = [:]
        var waiting: [Owner: Wait] = [:]
        /// Who waits for the database's write lock, and when each has last tried to take it.
        var writers: [Owner: UInt64] = [:]
        var lastTicket: UInt64 = 0
        /// How many of the locks are of relations.
        var relations = 0

        mutating func set(_ key: SQLAdvisoryKey, _ new: Holders?) {
            if case .relation = key { relations += (new == nil ? 0 : 1) - (holders[key] == nil ? 0 : 1) }
            holders[key] = new
        }

        /// Those who have waited longer for what this session cannot have beside them; none when it holds the lock already.
        func before(_ owner: Owner, _ key: SQLAdvisoryKey, isShared: Bool) -> [Owner] {
            guard !waiting.isEmpty, holders[key]?.exclusive[owner] == nil, holders[key]?.shared[owner] == nil else {
                return []
            }
            let ticket = waiting[owner]?.ticket ?? .max
            return waiting.compactMap { other, wait in
                let isBefore = wait.key == key && wait.ticket < ticket && !(isShared && wait.isShared)
                return isBefore && other != owner ? other : nil
            }
        }
    }

    private let state = Mutex(State())

    /// Takes the lock if nobody else keeps it; whether it was taken.
    func take(_ key: SQLAdvisoryKey, isShared: Bool, _ owner: Owner) throws(SQLFailure) -> Bool {
        try state.withLock { state throws(SQLFailure) in
            var holders = state.holders[key] ?? Holders()
            guard holders.opponents(of: owner, isShared: isShared).isEmpty,
                state.before(owner, key, isShared: isShared).isEmpty
            else { return false }
            guard !holders.isFree || state.holders.count < Self.most else {
                throw SQLFailure(
                    "53200", "out of shared memory",
                    hint: "All sessions together hold at most \(Self.most) advisory locks here.")
            }
            if isShared { holders.shared[owner, default: 0] += 1 } else { holders.exclusive[owner, default: 0] += 1 }
            state.set(key, holders)
            state.waiting[owner] = nil
            return true
        }
    }

    /// Whether any relation is locked.
    var hasRelations: Bool { state.withLock { $0.relations > 0 } }

    /// Whether somebody else keeps `owner` from sharing the lock.
    func isKept(_ key: SQLAdvisoryKey, from owner: Owner) -> Bool {
        state.withLock { $0.holders[key]?.opponents(of: owner, isShared: true).isEmpty == false }
    }

    /// Gives it back once; whether it was held.
    func release(_ key: SQLAdvisoryKey, isShared: Bool, _ owner: Owner) -> Bool {
        state.withLock { state in
            guard var holders = state.holders[key],
                let count = isShared ? holders.shared[owner] : holders.exclusive[owner]
            else { return false }
            let left = count > 1 ? count - 1 : nil
            if isShared { holders.shared[owner] = left } else { holders.exclusive[owner] = left }
            state.set(key, holders.isFree ? nil : holders)
            return true
        }
    }

    /// Gives back everything that a session holds.
    func releaseAll(_ owner: Owner) {
        state.withLock { state in
            for (key, var holders) in state.holders {
                guard holders.exclusive[owner] != nil || holders.shared[owner] != nil else { continue }
                holders.exclusive[owner] = nil
                holders.shared[owner] = nil
                state.set(key, holders.isFree ? nil : holders)
            }
            state.waiting[owner] = nil
            state.writers[owner] = nil
        }
    }

    /// Notes what a session waits for; nil when it no longer waits.
    func wait(_ owner: Owner, for key: SQLAdvisoryKey?, isShared: Bool = false, holdsWriteLock: Bool = false) {
        state.withLock { state in
            state.lastTicket += 1
            let ticket = state.lastTicket
            state.waiting[owner] = key.map {
                Wait(key: $0, isShared: isShared, holdsWriteLock: holdsWriteLock, ticket: ticket)
            }
        }
    }

    /// Notes that a session has found the database's write lock taken; SQLite does not tell when it has got it.
    func triesToWrite(_ owner: Owner, at time: UInt64) { state.withLock { $0.writers[owner] = time } }

    /// Whether a session waits for others that wait for it.
    func isDeadlocked(_ owner: Owner, at time: UInt64) -> Bool {
        state.withLock { state in
            // Who has not tried for so long has got the lock. Who looks has waited for longer than that, so nobody is taken for
            // waiting who had the lock before.
            state.writers = state.writers.filter { time &- min(time, $0.value) < Self.deadlockDelay / 2 }
            var seen = Set<Owner>()
            var next = [owner]
            while let one = next.popLast() {
                var opponents: [Owner] = []
                if state.writers[one] != nil {
                    opponents = state.waiting.filter { $0.value.holdsWriteLock && $0.key != one }.map(\.key)
                }
                if let wait = state.waiting[one] {
                    opponents += state.holders[wait.key]?.opponents(of: one, isShared: wait.isShared) ?? []
                    opponents += state.before(one, wait.key, isShared: wait.isShared)
                }
                for opponent in opponents {
                    if opponent == owner { return true }
                    if seen.insert(opponent).inserted { next.append(opponent) }
                }
            }
            return false
        }
    }
}

/// The advisory locks that one session holds, and until when.
struct SQLHeldLocks {
    private struct Held {
        var key: SQLAdvisoryKey
        var isShared: Bool
    }

    /// Those that end with the transaction, in the order in which they were taken.
    private var ofTransaction: [Held] = []
    /// How many there were at each savepoint.
    private var savepoints: [(name: String, count: Int)] = []
    /// Those that the session gives back itself, and how often it holds each.
    private var ofSession: [SQLAdvisoryKey: (exclusive: Int, shared: Int)] = [:]

    mutating func add(_ key: SQLAdvisoryKey, isShared: Bool, toTransaction: Bool) {
        if toTransaction { return ofTransaction.append(Held(key: key, isShared: isShared)) }
        if isShared {
            ofSession[key, default: (0, 0)].shared += 1
        } else {
            ofSession[key, default: (0, 0)].exclusive += 1
        }
    }

    /// Gives back one that the session itself has taken; whether it had.
    mutating func release(
        _ key: SQLAdvisoryKey, isShared: Bool, _ locks: SQLAdvisoryLocks, _ owner: SQLAdvisoryLocks.Owner
    ) -> Bool {
        guard var counts = ofSession[key], isShared ? counts.shared > 0 : counts.exclusive > 0 else { return false }
        if isShared { counts.shared -= 1 } else { counts.exclusive -= 1 }
        ofSession[key] = counts.shared + counts.exclusive > 0 ? counts : nil
        return locks.release(key, isShared: isShared, owner)
    }

    /// Gives back all that the session itself has taken.
    mutating func releaseSession(_ locks: SQLAdvisoryLocks, _ owner: SQLAdvisoryLocks.Owner) {
        for (key, counts) in ofSession {
            for _ in 0..<counts.exclusive { _ = locks.release(key, isShared: false, owner) }
            for _ in 0..<counts.shared { _ = locks.release(key, isShared: true, owner) }
        }
        ofSession = [:]
    }

    mutating func endTransaction(_ locks: SQLAdvisoryLocks, _ owner: SQLAdvisoryLocks.Owner) {
        savepoints = []
        giveBack(downTo: 0, locks, owner)
    }

    mutating func savepoint(_ name: String) { savepoints.append((name, ofTransaction.count)) }

    mutating func release(_ name: String) {
        if let place = savepoints.lastIndex(where: { $0.name == name }) { savepoints.removeSubrange(place...) }
    }

    mutating func rollBack(to name: String, _ locks: SQLAdvisoryLocks, _ owner: SQLAdvisoryLocks.Owner) {
        guard let place = savepoints.lastIndex(where: { $0.name == name }) else { return }
        savepoints.removeSubrange((place + 1)...)
        giveBack(downTo: savepoints[place].count, locks, owner)
    }

    private mutating func giveBack(
        downTo count: Int, _ locks: SQLAdvisoryLocks, _ owner: SQLAdvisoryLocks.Owner
    ) {
        while ofTransaction.count > count {
            let held = ofTransaction.removeLast()
            _ = locks.release(held.key, isShared: held.isShared, owner)
        }
    }
}
