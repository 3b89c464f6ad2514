// What stands between translators and a private backend: it holds every call to the effective manifest.

import Capabilities

/// One worker's way to one private backend.
///
/// A call whose needs the backend's manifest covers goes straight through. What the manifest lacks is emulated where the
/// gateway can, ignored where the manifest and the configuration both say so, and refused otherwise, by name.
package final class Gate {
    package let backend: PrivateBackend
    package let service: any Service
    /// What clients may count on: the adapter's manifest, what its connection taught it, the gateway's own emulations and
    /// the configuration's wishes.
    package let manifest: Manifest
    /// What the service does itself.
    private let direct: CapabilitySet
    /// What is done one way or another.
    private let permitted: CapabilitySet
    private let ignored: CapabilitySet
    private let emulator: Emulator
    private let revision: Int
    /// The sessions whose answers leave after the service's next commit.
    let departures: Departures
    package private(set) var counters: GateCounters

    init(
        _ backend: PrivateBackend, service: any Service, counters: GateCounters = GateCounters(),
        departures: Departures? = nil
    ) {
        self.backend = backend
        self.service = service
        self.counters = counters
        self.departures = departures ?? Departures(service)
        revision = service.manifestRevision
        let policy = GapResolution(service.manifest, gaps: backend.configuration.gaps)
        manifest = policy.manifest
        direct = policy.direct
        permitted = policy.permitted
        ignored = policy.ignored
        emulator = Emulator(service, policy)
    }

    /// This gate, or its successor when the service's manifest has become another one.
    var current: Gate {
        revision == service.manifestRevision
            ? self : Gate(backend, service: service, counters: counters, departures: departures)
    }

    /// Whether every one of `needs` is done one way or another.
    package func permits(_ needs: CapabilitySet) -> Bool { needs.isSubset(of: permitted) }

    package func permits(_ capability: Capability) -> Bool { permitted.contains(capability) }

    /// Whether ``perform(_:_:)`` answers `operation` without suspending.
    package func answersAtOnce(_ operation: Operation) -> Bool {
        !emulator.isNeeded(for: operation) && service.answersAtOnce(operation)
    }

    /// Performs `operation` without suspending, or throws why not; nil, with nothing done, when ``perform(_:_:)`` has to
    /// be awaited.
    package func performAtOnce(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer? {
        guard !emulator.isNeeded(for: operation) else { return nil }
        return try service.performAtOnce(operation, context)
    }

    /// Has the service begin `operation`; false, with nothing done, when ``perform(_:_:)`` has to be awaited.
    package func begin(_ operation: Operation, _ context: CallContext, _ pending: PendingOperation) -> Bool {
        !emulator.isNeeded(for: operation) && service.begin(operation, context, pending)
    }

    /// Performs `operation`, or throws why not.
    package func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        if !emulator.isNeeded(for: operation) { return try await service.perform(operation, context) }
        let needs = operation.needs
        try check(needs)
        let missing = needs.intersection(ignored)
        guard !missing.isEmpty else { return try await emulate(operation, context) }
        let rest = operation.without(missing, now: context.now)
        try check(rest.operation.needs)
        count(rest)
        return rest.answer(
            emulator.isNeeded(for: rest.operation)
                ? try await emulate(rest.operation, context) : try await service.perform(rest.operation, context))
    }

    private func emulate(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        counters.emulated += 1
        return try await emulator.perform(operation, context)
    }

    /// Counts what is left out of an operation.
    func count(_ rest: OperationRest) {
        for capability in rest.ignored.members { counters.ignored[capability, default: 0] += 1 }
    }

    /// What a transaction does for `operation`, which the service does by itself then.
    ///
    /// Throws the refusal of what takes the gateway's emulation, for nothing can come between the steps of a transaction. `now`
    /// is in milliseconds since 1970.
    func transactionStep(_ operation: Operation, now: Int64) throws(Failure) -> OperationRest {
        let needs = operation.needs
        try check(needs)
        let missing = needs.intersection(ignored)
        let rest = missing.isEmpty ? OperationRest(operation) : operation.without(missing, now: now)
        try check(rest.operation.needs)
        guard emulator.isNeeded(for: rest.operation) else { return rest }
        let lacking = rest.operation.needs.subtracting(direct).members.first
        let named = lacking ?? (emulator.keepsExpiryBeside ? .keyValueTTL : needs.members.first ?? .keyValueTransaction)
        counters.refused[named, default: 0] += 1
        throw .refused(named, reason: "in a transaction, where the gateway cannot emulate it")
    }

    /// Throws the refusal of the first of `needs` that is not to be had.
    package func check(_ needs: CapabilitySet) throws(Failure) {
        let missing = needs.subtracting(permitted)
        guard let first = missing.members.first else { return }
        counters.refused[first, default: 0] += 1
        throw .refused(first, reason: manifest[first].note)
    }

    /// How a client hears that `capability` is missing: `UNSUPPORTED list.push: backend 'house-kv' (adapter memcached) …`.
    package func refusal(_ capability: Capability, _ reason: String) -> String {
        let head =
            "UNSUPPORTED \(capability.name): backend '\(backend.name)' (adapter \(manifest.adapter)) cannot do this"
        return reason.isEmpty ? head : "\(head): \(reason)"
    }
}

/// What a gate counts; read on its worker's thread.
package struct GateCounters: Sendable, Equatable {
    /// Calls that were emulated by the gateway.
    package var emulated = 0
    /// Calls that were refused, by what was missing.
    package var refused: [Capability: Int] = [:]
    /// Calls a part of which was ignored, by what was ignored.
    package var ignored: [Capability: Int] = [:]
}
