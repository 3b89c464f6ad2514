// Those who wait for a key to get something, in the order in which they came.

import Capabilities
import Reactor

/// One operation that waits for an item; everything but the waking is under the store's lock.
final class Waiter: @unchecked Sendable {
    let operation: Operation
    let context: CallContext
    /// The lines in which it stands.
    let names: [[UInt8]]
    let waker: Waker
    let worker: Worker
    /// What came of it; set once.
    var outcome: Result<Answer, Failure>?
    /// The journal's count after it was served.
    var served: UInt64 = 0

    init(_ operation: Operation, _ context: CallContext, worker: Worker) {
        self.operation = operation
        self.context = context
        self.worker = worker
        waker = Waker(worker: worker)
        names =
            switch operation {
            case .list(.move(let from, _, _, _, _)): [WaitingRoom.name(from, in: context.database)]
            case .list(.popFirst(let keys, _, _, _)), .sortedSet(.popFirst(let keys, _, _, _)):
                keys.map { WaitingRoom.name($0, in: context.database) }
            case .queue(.reserve(let queue, _, _)): [WaitingRoom.name(queue: queue)]
            default: []
            }
    }

    /// Wakes the task that waits; called without the store's lock.
    func wake() {
        if worker.isCurrent { waker.wake() } else { waker.wakeFromAnywhere() }
    }
}

/// All who wait, by what they wait for.
struct WaitingRoom {
    private struct Line: Keyed {
        let key: [UInt8]
        var waiters = Ring<Waiter>()
    }

    private var lines = ByteTable<Line>()
    /// The lines whose turn it is, in the order in which their keys got something.
    private var ready = Ring<[UInt8]>()
    /// Those who were served and have to be woken once the lock is free.
    private(set) var served: [Waiter] = []

    private static let queueMark: UInt8 = 0xFF

    /// The line of a key.
    static func name(_ key: [UInt8], in database: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: database)] + key }

    /// The line of a queue.
    static func name(queue: [UInt8]) -> [UInt8] { [queueMark] + queue }

    var isEmpty: Bool { lines.isEmpty }

    /// The places that are taken in all lines.
    var waiterCount: Int {
        var count = 0
        lines.forEach { count += $0.waiters.count }
        return count
    }

    mutating func noteReady(_ name: [UInt8]) {
        if lines.contains(name) { ready.append(name) }
    }

    /// Looks at every queue that somebody waits for: an item's time may have come.
    mutating func noteQueues() {
        lines.forEach { if $0.key.first == Self.queueMark { ready.append($0.key) } }
    }

    mutating func nextReady() -> [UInt8]? { ready.popFirst() }

    /// Those who stand in the line, first come first.
    func waiters(_ name: [UInt8]) -> [Waiter] {
        guard let index = lines.find(name) else { return [] }
        let line = lines[index].waiters
        return (0..<line.count).compactMap { line[$0] }
    }

    mutating func enter(_ waiter: Waiter) {
        for name in waiter.names {
            let index = lines.find(name) ?? lines.insert(Line(key: name))
            // A key that is named twice is one place in its line.
            if lines[index].waiters.last !== waiter { lines[index].waiters.append(waiter) }
        }
    }

    mutating func leave(_ waiter: Waiter) {
        for name in waiter.names {
            guard let index = lines.find(name) else { continue }
            lines[index].waiters.filter { _, other in other !== waiter }
            if lines[index].waiters.isEmpty { lines.remove(name) }
        }
    }

    /// Gives a waiter its answer and lets it leave.
    mutating func serve(_ waiter: Waiter, _ outcome: Result<Answer, Failure>, _ count: UInt64) {
        waiter.outcome = outcome
        waiter.served = count
        leave(waiter)
        served.append(waiter)
    }

    mutating func takeServed() -> [Waiter] {
        defer { served = [] }
        return served
    }
}

extension StoreState {
    /// Gives what keys have got to those who wait for it, first come first, until nothing is left or nobody waits.
    func serveWaiters(_ now: Int64) {
        while let name = waiting.nextReady() {
            for waiter in waiting.waiters(name) where waiter.outcome == nil {
                do throws(Failure) {
                    let answer = try attempt(waiter, at: name, now)
                    if answer != .missing { waiting.serve(waiter, .success(answer), journal.count) }
                } catch {
                    waiting.serve(waiter, .failure(error), journal.count)
                }
            }
        }
    }

    /// What a waiter gets from the key or queue of one line; `missing` while it has to go on waiting.
    private func attempt(_ waiter: Waiter, at name: [UInt8], _ now: Int64) throws(Failure) -> Answer {
        let key = Array(name.dropFirst())
        let database = try database(waiter.context.database)
        switch waiter.operation {
        case .list(.popFirst(_, let side, let count, _)):
            guard database.holds(ListValue.self, key, now) else { return .missing }
            return try database.perform(.popFirst(keys: [key], side, count: count, wait: nil), now)
        case .list(.move(let from, let to, let take, let put, _)):
            guard database.holds(ListValue.self, key, now) else { return .missing }
            return try database.perform(.move(from: from, to: to, take: take, put: put, wait: nil), now)
        case .sortedSet(.popFirst(_, let highest, let count, _)):
            guard database.holds(SortedSetValue.self, key, now) else { return .missing }
            return try database.perform(.popFirst(keys: [key], highest: highest, count: count, wait: nil), now)
        case .queue(let operation): return try perform(operation, now)
        default: return .missing
        }
    }

    /// Undoes what was taken for a waiter whose task was cancelled before it could take it over.
    func giveBack(_ answer: Answer, of waiter: Waiter, _ now: Int64) {
        guard let database = try? database(waiter.context.database) else { return }
        switch (waiter.operation, answer) {
        case (.list(.popFirst(_, let side, _, _)), .taken(let key, .list(let items))):
            let values = items.reversed().compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
            _ = try? database.perform(.push(key: key, values: values, side, onlyIfPresent: false), now)
        case (.sortedSet(.popFirst), .taken(let key, .scored(let members))):
            _ = try? database.perform(.add(key: key, members, SortedSetAddOptions()), now)
        case (.queue(.reserve(let queue, _, _)), .pairs(let pairs)):
            for pair in pairs { giveBack(queue, id: pair.name, now) }
        default: break
        }
        serveWaiters(now)
    }
}

extension Database {
    fileprivate func holds<C: Collection>(_: C.Type, _ key: [UInt8], _ now: Int64) -> Bool {
        find(key, now).map { C.take(table[$0].value) != nil } ?? false
    }
}
