// Feeds an exchange's answer to its codec without a socket, in pieces of any size.

import Capabilities
import Multiplex

@testable import DeclaredAdapter

/// What an exchange makes of an answer.
struct Replay: Equatable {
    var outcome: Outcome?
    var value: [UInt8]?
    var version: [UInt8]?
    var number: Int64?
    var text: [UInt8]?
    var names: [[UInt8]]
    var values: [[UInt8]]
    var progress: ExchangeProgress
    /// What was broken, by the codec.
    var broken: String?
    /// Bytes behind the answer.
    var left: Int
    /// What was said unasked.
    var pushes: Int
}

/// A program with an operation's first step, fed by hand.
struct ReplayRig {
    let program: Program

    init(_ file: DeclaredAdapterFile, settings: [String: String] = [:]) {
        var values = Dictionary(file.description.settings.map { ($0.name, $0.standard ?? "") }) { first, _ in first }
        values.merge(settings) { $1 }
        var compiler = ProgramCompiler(file.description, settings: values, host: "house", ProblemList(file: "test"))
        program = compiler.compile()
    }

    init(shipped name: String) throws {
        guard let file = try ShippedAdapters.file(name) else { throw AdapterFileError(problems: []) }
        self.init(file)
    }

    init(_ text: String) throws { self.init(try DeclaredAdapterFile.parse(text, source: "test.yaml")) }

    /// What an operation's step sends.
    func request(_ operation: String, _ inputs: Inputs, id: UInt64 = 0, step: Int = 0) -> [UInt8] {
        guard let operation = program[operation] else { return [] }
        var output = OutputBuffer()
        var inputs = inputs
        inputs.captures += Array(repeating: .absent, count: max(0, operation.captureCount - inputs.captures.count))
        let exchange = DeclaredExchange(program, operation.steps[step], inputs, Message(slots: program.slots.count))
        exchange.encode(id: id, into: &output)
        return output.bytes
    }

    /// What the operation learns of `answer`.
    func outputs(_ name: String, _ answer: [UInt8]) -> Outputs {
        let connections = DeclaredConnections(program)
        guard let operation = program[name] else { return Outputs() }
        var inputs = Self.asked
        inputs.captures = Array(repeating: .absent, count: operation.captureCount)
        let exchange = DeclaredExchange(program, operation.steps[0], inputs, connections.message)
        let codec = connections.makeCodec()
        var start = 0
        while case .frame(let end, _) = codec.cut(answer.span, from: start, for: exchange) {
            _ = exchange.receive(answer.span.extracting(start..<end))
            start = end
            if start == answer.count { break }
        }
        return exchange.outputs
    }

    /// What the operation makes of `answer`, fed in pieces of `size` bytes.
    func answer(
        _ operation: String, _ answer: [UInt8], pieces size: Int, id: UInt64 = 0, ends: Bool = false,
        to request: Inputs = ReplayRig.asked
    ) -> Replay {
        let connections = DeclaredConnections(program)
        let codec = connections.makeCodec()
        var replay = Replay(names: [], values: [], progress: .more, left: 0, pushes: 0)
        guard let operation = program[operation] else { return replay }
        var inputs = request
        inputs.captures = Array(repeating: .absent, count: operation.captureCount)
        let exchange = DeclaredExchange(program, operation.steps[0], inputs, connections.message)
        var kept: [UInt8] = []
        var fed = 0
        let inOrder = program.idSlot == nil
        feeding: while fed < answer.count {
            let next = min(fed + size, answer.count)
            kept += answer[fed..<next]
            fed = next
            while !kept.isEmpty, replay.progress == .more {
                let cut = codec.cut(kept.span, from: 0, for: inOrder ? exchange : nil)
                if !take(cut, &kept, exchange, id, &replay) { break }
            }
            if replay.broken != nil || replay.progress != .more { break feeding }
        }
        if ends, replay.progress == .more, replay.broken == nil {
            _ = take(codec.cutAtEnd(kept.span, from: 0, for: exchange), &kept, exchange, id, &replay)
        }
        replay.left = kept.count + answer.count - fed
        replay.outcome = exchange.outcome
        replay.value = exchange.outputs.value
        replay.version = exchange.outputs.version
        replay.number = exchange.outputs.number
        replay.text = exchange.outputs.text
        replay.names = exchange.outputs.names
        replay.values = exchange.outputs.values
        return replay
    }

    /// Whether a frame was found.
    private func take(
        _ cut: FrameCut, _ kept: inout [UInt8], _ exchange: DeclaredExchange, _ id: UInt64, _ replay: inout Replay
    ) -> Bool {
        switch cut {
        case .partial: return false
        case .broken(let reason):
            replay.broken = reason
            return false
        case .frame(let end, let owner):
            switch owner {
            case .oldest: replay.progress = exchange.receive(kept.span.extracting(..<end))
            case .id(let found):
                if found == id {
                    replay.progress = exchange.receive(kept.span.extracting(..<end))
                } else {
                    replay.broken = "an answer with the id \(found)"
                }
            case .push: replay.pushes += 1
            case .unnamed(let error?): replay.broken = "an error without an id: \(error)"
            case .unnamed(nil), .nobody: break
            }
            if case .broken(let reason) = replay.progress { replay.broken = reason }
            kept.removeFirst(end)
            return replay.broken == nil
        }
    }

    /// The same in every piece size that matters; they have to agree.
    func everyWay(
        _ operation: String, _ answer: [UInt8], id: UInt64 = 0, ends: Bool = false, to request: Inputs = ReplayRig.asked
    ) -> [Replay] {
        [1, 2, 3, 7, 64, answer.count + 1].map {
            self.answer(operation, answer, pieces: $0, id: id, ends: ends, to: request)
        }
    }

    /// A request for the key k, or for the keys a and b.
    static var asked: Inputs {
        var inputs = Inputs()
        inputs.first = bytes("k")
        inputs.keys = [bytes("a"), bytes("b")]
        return inputs
    }
}

extension [Replay] {
    /// The one result of all ways, the bytes behind the answer aside; nil when they differ.
    var only: Replay? {
        guard var first else { return nil }
        first.left = 0
        for var other in self {
            other.left = 0
            if other != first { return nil }
        }
        return first
    }
}
