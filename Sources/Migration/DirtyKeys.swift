// Which keys one worker's clients may have changed since they were last copied.

/// The keys of writes, handed out only once every write that could still change them is answered.
///
/// A key that is noted as its write is sent, and copied before the server gets to the write, would be lost. So writes
/// belong to generations: a generation is closed when its keys are asked for, and handed out when all of its writes are
/// answered; whoever copies its keys from then on reads what those writes left. Later writes belong to the next one.
///
/// A command that may wait at the server for hours, such as BLPOP, belongs to none: it would keep back the keys of its
/// generation, and three of them those of all writes. Its keys are noted when it is answered, or its client is gone.
///
/// It belongs to one thread, and noting allocates nothing. Beyond its bounds it says "everything", never too little.
package struct DirtyKeys {
    /// One write, or one transaction, that is not answered yet.
    package struct Ticket: Equatable, Sendable {
        fileprivate let generation: Int
    }

    /// What one ``take(_:)`` has left.
    package struct Remainder: Equatable, Sendable {
        /// Keys that are not known may have been changed: all of the source has to be gone through again.
        package var isEverything = false
        /// Because clients have sent what may change, or delete, all there is; and not only because something is not known.
        package var isOrdered = false
        /// Nothing is noted any more and no write is under way.
        package var isSettled = true

        package init(isEverything: Bool = false, isOrdered: Bool = false, isSettled: Bool = true) {
            self.isEverything = isEverything
            self.isOrdered = isOrdered
            self.isSettled = isSettled
        }
    }

    private struct Generation {
        var keys: KeySet
        var isEverything = false
        var isOrdered = false
        var inFlight = 0
        var isClosed = false

        var isBlank: Bool { keys.isEmpty && !isEverything && inFlight == 0 }
    }

    /// More than two, so that one write that is answered late does not hold back the keys of others.
    private static let generationCount = 3
    package static let keyLimit = 1 << 16
    package static let byteLimit = 4 << 20

    /// Bytes of keys that are noted once more.
    private static let lateLimit = 1 << 16

    private var generations: [Generation]
    private var current = 0
    /// Commands that are under way and belong to no generation.
    private var waits = 0
    /// What is noted once more behind the next hand-out.
    private var late: [(database: UInt32, key: [UInt8])] = []
    private var lateBytes = 0

    /// The limits are those of each of three generations.
    package init(keyLimit: Int = DirtyKeys.keyLimit, byteLimit: Int = DirtyKeys.byteLimit) {
        generations = (0..<Self.generationCount).map { _ in
            Generation(keys: KeySet(keyLimit: keyLimit, byteLimit: byteLimit))
        }
    }

    /// A write is about to be sent.
    package mutating func begin() -> Ticket {
        generations[current].inFlight += 1
        return Ticket(generation: current)
    }

    /// The write of `ticket`, which is not answered, may change `key`.
    package mutating func note(_ key: Span<UInt8>, database: UInt32, _ ticket: Ticket) {
        guard !generations[ticket.generation].isEverything else { return }
        if !generations[ticket.generation].keys.insert(key, database: database) { forgetKeys(of: ticket.generation) }
    }

    /// The write of `ticket`, which is not answered, may change any key.
    ///
    /// - Parameter isOrdered: whether it may delete all there is, and not only a key that is not known.
    package mutating func noteEverything(_ ticket: Ticket, isOrdered: Bool = true) {
        if isOrdered { generations[ticket.generation].isOrdered = true }
        forgetKeys(of: ticket.generation)
    }

    private mutating func forgetKeys(of generation: Int) {
        generations[generation].isEverything = true
        generations[generation].keys.removeAll()
    }

    /// The write of `ticket` is answered, with an error or without: a script that fails has changed what it has changed.
    package mutating func end(_ ticket: Ticket) {
        guard generations[ticket.generation].inFlight > 0 else { return }
        generations[ticket.generation].inFlight -= 1
    }

    /// The write of `ticket` will not be answered: its connection is lost.
    ///
    /// The server may still carry it out, later than anything that is known here, so all has to be looked at once more.
    package mutating func lose(_ ticket: Ticket) {
        end(ticket)
        forgetKeys(of: current)
    }

    // MARK: Commands that wait

    /// A command is about to be sent that may wait at the server, or stands behind one: nothing of it is noted yet.
    package mutating func beginWait() { waits += 1 }

    /// It is answered, or its client is gone: what it may have changed is noted next, as what a write changes that is answered.
    package mutating func endWait() { waits = max(0, waits - 1) }

    /// `key` may be changed by a command whose client is gone: it is noted now, and once more behind the next hand-out.
    ///
    /// The server does nothing for a client once it has seen it go, which it does a little later than the gateway.
    package mutating func noteTwice(_ key: Span<UInt8>, database: UInt32) {
        let ticket = begin()
        note(key, database: database, ticket)
        end(ticket)
        guard key.count <= Self.lateLimit - lateBytes, late.count < Self.lateLimit / 16 else { return lose(begin()) }
        lateBytes += key.count
        late.append((database, key.withUnsafeBufferPointer { Array($0) }))
    }

    private mutating func noteLate() {
        guard !late.isEmpty else { return }
        let ticket = begin()
        for (database, key) in late { note(key.span, database: database, ticket) }
        end(ticket)
        late = []
        lateBytes = 0
    }

    // MARK: Handing out

    /// Whether writes that are not answered hold back every generation, and the keys of those that are.
    package var isHeldUp: Bool {
        generations[current].inFlight > 0 && generations.count { $0.isClosed } == Self.generationCount - 1
    }

    /// Closes what was noted until now, and hands out and forgets what is closed and whose writes are all answered.
    package mutating func take(_ body: (_ database: UInt32, _ key: Span<UInt8>) -> Void) -> Remainder {
        closeCurrent()
        var remainder = Remainder()
        for index in generations.indices {
            if generations[index].isClosed, generations[index].inFlight == 0 {
                generations[index].keys.forEach(body)
                if generations[index].isEverything { remainder.isEverything = true }
                if generations[index].isOrdered { remainder.isOrdered = true }
                generations[index].keys.removeAll()
                generations[index].isEverything = false
                generations[index].isOrdered = false
                generations[index].isClosed = false
            }
        }
        noteLate()
        remainder.isSettled = waits == 0 && generations.allSatisfy(\.isBlank)
        return remainder
    }

    /// While every other generation waits for its writes, the present one goes on: its keys are handed out later.
    private mutating func closeCurrent() {
        guard !generations[current].isBlank else { return }
        if generations[current].inFlight == 0 {
            // Handed out at once, so nobody needs another.
            generations[current].isClosed = true
            return
        }
        guard let next = generations.indices.first(where: { $0 != current && !generations[$0].isClosed }) else {
            return
        }
        generations[current].isClosed = true
        current = next
    }
}
