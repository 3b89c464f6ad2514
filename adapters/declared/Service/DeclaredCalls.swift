// Runs operations: one exchange or several, and pages.

import Capabilities
import Multiplex

/// What all families of a declared service share.
final class DeclaredCalls {
    let program: Program
    let connections: DeclaredConnections
    let multiplexer: Multiplexer
    let cursors: ScanCursors
    let isText: Bool

    init(
        _ program: Program, _ connections: DeclaredConnections, _ multiplexer: Multiplexer, _ cursors: ScanCursors
    ) {
        self.cursors = cursors
        self.program = program
        self.connections = connections
        self.multiplexer = multiplexer
        if case .lines = program.framing { isText = true } else { isText = false }
    }

    /// Performs an operation; its answer's outcome is result, missing or conflict.
    @inline(__always)
    func run(_ operation: OperationProgram, _ inputs: consuming Inputs) async throws(Failure) -> DeclaredExchange {
        try operation.checkPath(inputs)
        if operation.steps.count == 1, operation.captureCount == 0 {
            let exchange = DeclaredExchange(
                program, operation.steps[0], inputs, connections.message, isRepeatable: true)
            do throws(MultiplexFailure) {
                try await multiplexer.perform(exchange)
            } catch {
                throw error.asFailure
            }
            if !exchange.hasAnswer { throw program.failure(exchange) }
            return exchange
        }
        return try await runSteps(operation, inputs)
    }

    /// Begins an operation that is one exchange; false, with nothing done, when it is several.
    func begin(_ plan: DeclaredPlan, _ pending: PendingOperation) -> Bool {
        do throws(Failure) { try plan.operation.checkPath(plan.inputs) } catch {
            pending.end(.failure(error))
            return true
        }
        guard plan.operation.steps.count == 1, plan.operation.captureCount == 0 else { return false }
        let exchange = DeclaredExchange(
            program, plan.operation.steps[0], plan.inputs, connections.message, isRepeatable: true)
        exchange.pending = pending
        exchange.shape = plan.shape
        multiplexer.submit(exchange)
        return true
    }

    /// Performs a plan and reads its answer.
    func answer(_ plan: DeclaredPlan) async throws(Failure) -> Answer {
        do throws(Failure) {
            return try plan.shape.answer(try await run(plan.operation, plan.inputs))
        } catch {
            throw plan.shape.failure(error)
        }
    }

    /// The operation called `shape`, or its refusal.
    func mapped(_ shape: String) throws(Failure) -> OperationProgram {
        guard let operation = program[shape] else { throw unmapped(shape) }
        return operation
    }

    func unmapped(_ shape: String, _ capability: Capability? = nil) -> Failure {
        .refused(
            capability ?? OperationShape.named(shape)?.capability ?? .keyValueGet,
            reason: "the adapter maps no operation \"\(shape)\"")
    }

    /// The plan of an operation on one key.
    func single(
        _ shape: String, _ key: [UInt8], _ context: CallContext, _ answer: DeclaredAnswerShape,
        _ fill: (inout Inputs) -> Void = { _ in }
    ) throws(Failure) -> DeclaredPlan {
        let operation = try mapped(shape)
        var inputs = try request(key, operation, context)
        fill(&inputs)
        return DeclaredPlan(operation, inputs, answer)
    }

    /// One exchange for each of several inputs, all under way at once; each has an answer, or is of the type that is
    /// passed over.
    func runAll(
        _ operation: OperationProgram, _ inputs: [Inputs], passing: Outcome? = nil
    ) async throws(Failure) -> [DeclaredExchange] {
        guard operation.steps.count == 1, operation.captureCount == 0 else {
            var answers: [DeclaredExchange] = []
            for inputs in inputs { answers.append(try await run(operation, inputs)) }
            return answers
        }
        for inputs in inputs { try operation.checkPath(inputs) }
        let exchanges = inputs.map {
            DeclaredExchange(program, operation.steps[0], $0, connections.message, isRepeatable: true)
        }
        for exchange in exchanges { multiplexer.submit(exchange) }
        var failure: Failure?
        for exchange in exchanges {
            do throws(MultiplexFailure) { try await multiplexer.wait(for: exchange) } catch {
                failure = failure ?? error.asFailure
            }
        }
        if let failure { throw failure }
        for exchange in exchanges where !exchange.hasAnswer && (passing == nil || exchange.outcome != passing) {
            throw program.failure(exchange)
        }
        return exchanges
    }

    private func runSteps(_ operation: OperationProgram, _ inputs: Inputs) async throws(Failure) -> DeclaredExchange {
        var inputs = inputs
        if inputs.captures.count < operation.captureCount {
            inputs.captures += Array(repeating: .absent, count: operation.captureCount - inputs.captures.count)
        }
        var previous: DeclaredExchange?
        var outputs = Outputs()
        let nothing = Message(slots: program.slots.count)
        for step in operation.steps {
            if let condition = step.condition, !condition.holds(nothing, [UInt8]().span, inputs) { continue }
            let exchange = DeclaredExchange(
                program, step, inputs, connections.message, isRepeatable: previous == nil)
            exchange.outputs = outputs
            do throws(MultiplexFailure) {
                try await multiplexer.perform(exchange)
            } catch {
                // What came before it was done.
                if case .unavailable(let reason) = error, previous != nil { throw .indeterminate(reason) }
                throw error.asFailure
            }
            switch exchange.outcome {
            case .next: break
            case .result, .missing, .conflict, .noBucket: return exchange
            default: throw program.failure(exchange)
            }
            inputs = exchange.inputs
            outputs = exchange.outputs
            previous = exchange
        }
        // The last steps were skipped: what was there holds.
        guard let previous else { throw .backend("no exchange of \(operation.shape.name) applies") }
        previous.outcome = .result
        return previous
    }

    /// All names of a list that comes in pages.
    func runPages(_ operation: OperationProgram, _ inputs: Inputs) async throws(Failure) -> [[UInt8]] {
        var inputs = inputs
        var names: [[UInt8]] = []
        while true {
            let page = try await runPage(operation, inputs)
            names += page.exchange.outputs.names
            guard names.count <= program.limits.items else {
                throw .backend("there are more than \(program.limits.items) keys, the adapter's limit for one list")
            }
            guard let next = page.next else { return names }
            inputs.third = next
        }
    }

    /// One page of such a list, and where the next one begins; nil after the last.
    func runPage(
        _ operation: OperationProgram, _ inputs: Inputs
    ) async throws(Failure) -> (exchange: DeclaredExchange, next: [UInt8]?) {
        var inputs = inputs
        inputs.captures = Array(repeating: .absent, count: operation.captureCount)
        let answer = try await run(operation, inputs)
        let names = answer.outputs.names
        let nothing = Message(slots: program.slots.count)
        guard let pages = operation.pages, pages.condition.holds(nothing, [UInt8]().span, answer.inputs) else {
            return (answer, nil)
        }
        var next = answer.inputs
        next[.last] = names.last ?? []
        var output = OutputBuffer()
        program.encoder.encode(pages.next, next, into: &output)
        guard output.bytes != inputs.third else { throw .backend("the server gives the same page again and again") }
        return (answer, output.bytes)
    }
}

extension Program {
    /// Why an exchange gave no answer that an operation has.
    func failure(_ exchange: DeclaredExchange) -> Failure {
        let text = exchange.outputs.text.map(Self.shown)
        switch exchange.outcome {
        case .retryable: return .unavailable(text ?? "the backend cannot do it now")
        case .tooLarge: return .tooLarge(limit: manifest[.keyValueSet].bounds[.valueBytes] ?? limits.frame)
        case .wrongType: return .wrongType
        case .notANumber: return .notAnInteger
        default: return .backend(text ?? "the backend answered with an error")
        }
    }

    /// A server's own words, as one line of bounded length.
    static func shown(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(500).map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }
}
