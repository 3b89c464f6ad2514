// The steps of a migration from one phase to the next, with the clients held where another place will serve.

/// Decides what the gateway does as the migrator asks and as time passes; times are nanoseconds of one steady clock.
///
/// A phase is kept in a file before it takes effect, and effects come in the order of the actions. The migrator holds the
/// clients by a lease, so one that dies lets them go; only while the file is being written does the lease not count, because
/// the new phase may already be what a restarted gateway would find.
package struct MigrationSteps: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// New writes wait, and those under way are answered.
        case hold
        /// Clients go on where `place` serves, in the order in which they came.
        case release(MigrationPhase.Place)
        /// The phase goes to the file; then ``MigrationSteps/kept()`` or ``MigrationSteps/keepFailed()``.
        case keep(MigrationPhase)
    }

    /// Why a step is not taken.
    package enum Refusal: Error, Equatable, Sendable {
        /// This phase does not follow that one.
        case wrongPhase(from: MigrationPhase, to: MigrationPhase)
        /// From this phase no step leads to the other place.
        case nothingToHoldFor(MigrationPhase)
        /// The clients are not held, or no longer.
        case notHeld
        /// Writes are under way, or keys are not copied.
        case notSettled
        /// The phase before is still being written to the file.
        case busy
        case leaseTooLong(limit: UInt64)
    }

    private enum State: Equatable, Sendable {
        case open
        case held(until: UInt64)
        case keeping(MigrationPhase, isHeld: Bool)
    }

    /// Nanoseconds that clients wait at most for a migrator that says nothing.
    package static let leaseLimit: UInt64 = 2_000_000_000

    package private(set) var phase: MigrationPhase
    private var state = State.open

    /// Begins with what the file says.
    package init(_ phase: MigrationPhase) { self.phase = phase }

    package var isHolding: Bool {
        switch state {
        case .open: false
        case .held: true
        case .keeping(_, let isHeld): isHeld
        }
    }

    /// When ``timePassed(_:)`` has something to do; nil: never.
    package var deadline: UInt64? {
        if case .held(let until) = state { until } else { nil }
    }

    /// The migrator wants the clients held for `lease` nanoseconds; asked for again, the first lease goes on: clients never
    /// wait for longer than the limit.
    package mutating func holdRequested(lease: UInt64, at now: UInt64) throws(Refusal) -> [Action] {
        guard lease <= Self.leaseLimit else { throw .leaseTooLong(limit: Self.leaseLimit) }
        switch state {
        case .keeping: throw .busy
        case .held(let until) where now < until: return []
        case .held:
            state = .open
            return [.release(phase.serving)]
        case .open:
            guard phase.successors.contains(where: { phase.needsHold(to: $0) }) else { throw .nothingToHoldFor(phase) }
            state = .held(until: now &+ lease)
            return [.hold]
        }
    }

    /// The lease may be over.
    package mutating func timePassed(_ now: UInt64) -> [Action] {
        guard case .held(let until) = state, now >= until else { return [] }
        state = .open
        return [.release(phase.serving)]
    }

    /// The migrator gives up holding.
    package mutating func releaseRequested() -> [Action] {
        guard case .held = state else { return [] }
        state = .open
        return [.release(phase.serving)]
    }

    /// The migrator wants the next phase; `isSettled`: no write is under way and every noted key is copied.
    package mutating func changeRequested(
        to next: MigrationPhase, isSettled: Bool, at now: UInt64
    ) throws(Refusal) -> [Action] {
        if case .keeping = state { throw .busy }
        guard phase.successors.contains(next) else { throw .wrongPhase(from: phase, to: next) }
        guard phase.needsHold(to: next) else {
            // Clients that are held for another step go on where they are.
            let released = releaseRequested()
            state = .keeping(next, isHeld: false)
            return released + [.keep(next)]
        }
        guard case .held(let until) = state, now < until else { throw .notHeld }
        guard isSettled else { throw .notSettled }
        state = .keeping(next, isHeld: true)
        return [.keep(next)]
    }

    /// The new phase is in the file, and stays there whatever happens.
    package mutating func kept() -> [Action] {
        guard case .keeping(let next, let isHeld) = state else { return [] }
        phase = next
        state = .open
        return isHeld ? [.release(next.serving)] : []
    }

    /// The file says what it said before.
    package mutating func keepFailed() -> [Action] {
        guard case .keeping(_, let isHeld) = state else { return [] }
        state = .open
        return isHeld ? [.release(phase.serving)] : []
    }
}
