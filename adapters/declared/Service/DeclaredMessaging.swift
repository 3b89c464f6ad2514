// Locks, queues and sequences of a declared adapter.

import Capabilities

/// The families lock, queue and sequence.
final class DeclaredMessaging: LockService, QueueService, SequenceService, @unchecked Sendable {
    private let calls: DeclaredCalls
    private let program: Program

    init(_ calls: DeclaredCalls) {
        self.calls = calls
        program = calls.program
    }

    private func mapped(_ shape: String) throws(Failure) -> OperationProgram {
        guard let operation = program[shape] else {
            throw .refused(
                OperationShape.named(shape)?.capability ?? .lockAcquire,
                reason: "the adapter maps no operation \"\(shape)\"")
        }
        return operation
    }

    func perform(_ operation: LockOperation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .acquire(let name, let owner, let ttl): try await lock("acquire", name, owner, ttl, context)
        case .release(let name, let owner): try await lock("release", name, owner, nil, context)
        case .extend(let name, let owner, let ttl): try await lock("extend", name, owner, ttl, context)
        }
    }

    private func lock(
        _ shape: String, _ name: [UInt8], _ owner: [UInt8], _ ttl: Int64?, _ context: CallContext
    ) async throws(Failure) -> Answer {
        let operation = try mapped(shape)
        var inputs = Inputs()
        inputs.first = try calls.name(name, operation)
        inputs.second = owner
        inputs.now = context.now
        if let ttl { inputs.numberA = try program.encoder.expiry.number(for: ttl, now: context.now) }
        return .flag(try await calls.run(operation, inputs).outcome == .result)
    }

    func perform(_ operation: QueueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .put(let queue, let payload, let delay):
            let (operation, inputs) = try request("put", queue, payload, delay)
            try calls.checkValue(payload, .queuePut)
            return .bytes(try await calls.run(operation, inputs).outputs.id ?? [])
        case .reserve(let queue, let visibility, let wait):
            guard wait == nil else { throw .refused(.queueReserve, reason: "it does not wait for items") }
            let (operation, inputs) = try request("reserve", queue, [], visibility)
            let answer = try await calls.run(operation, inputs)
            guard answer.outcome == .result else { return .missing }
            return .pairs([Pair(answer.outputs.id ?? [], answer.outputs.value ?? [])])
        case .acknowledge(let queue, let id):
            guard calls.isSafe(id) else { return .flag(false) }
            let (operation, inputs) = try request("acknowledge", queue, id, 0)
            return .flag(try await calls.run(operation, inputs).outcome == .result)
        case .release(let queue, let id, let delay):
            guard calls.isSafe(id) else { return .flag(false) }
            let (operation, inputs) = try request("release-item", queue, id, delay)
            return .flag(try await calls.run(operation, inputs).outcome == .result)
        }
    }

    /// Times of queues are whole seconds, rounded up.
    private func request(
        _ shape: String, _ queue: [UInt8], _ second: [UInt8], _ milliseconds: Int64
    ) throws(Failure) -> (OperationProgram, Inputs) {
        let operation = try mapped(shape)
        var inputs = Inputs()
        inputs.first = try calls.name(queue, operation)
        inputs.second = second
        inputs.numberA = max(0, milliseconds) / 1000 + (max(0, milliseconds) % 1000 == 0 ? 0 : 1)
        if operation.shape.inputs.contains(.delay) { try operation.check(.delay, inputs.numberA, orElse: 0) }
        return (operation, inputs)
    }

    func next(_ name: [UInt8], count: Int64) async throws(Failure) -> Int64 {
        let operation = try mapped("next")
        var inputs = Inputs()
        inputs.first = try calls.name(name, operation)
        inputs.numberB = count
        try operation.check(.amount, count, orElse: 1)
        guard let last = try await calls.run(operation, inputs).outputs.number else {
            throw .backend("the backend's answer has no number in it")
        }
        return last
    }
}
