// A declared adapter's side of its shared connections: codecs, the login, keep-alive and what is pushed.

import Capabilities
import Multiplex
import Reactor

/// What one worker's connections ask of the adapter.
final class DeclaredConnections: MultiplexDelegate {
    let program: Program
    let message: Message
    /// Takes messages of subscriptions.
    @exclusivity(unchecked) var onPush: ((Span<UInt8>) -> Void)?
    /// Hears of each connection that is logged in, before anybody's request goes out on it.
    @exclusivity(unchecked) var onOpen: ((MultiplexConnection) async throws(MultiplexFailure) -> Void)?
    @exclusivity(unchecked) var onLost: ((MultiplexFailure) -> Void)?

    init(_ program: Program) {
        self.program = program
        message = Message(slots: program.slots.count)
    }

    func makeCodec() -> any FrameCodec {
        switch program.framing {
        case .lines(let end, let longest): LineCodec(program, end: end, longest: longest, message)
        case .header(let header): HeaderCodec(program, header, message)
        case .http(let http): HTTPCodec(program, http, message)
        case .untilClose(let body): UntilCloseCodec(program, slot: body, message)
        }
    }

    func handshake(_ connection: MultiplexConnection) async throws(MultiplexFailure) {
        var inputs = Inputs()
        for step in program.login {
            let exchange = DeclaredExchange(program, step, inputs, message)
            try await connection.perform(exchange)
            switch exchange.outcome {
            case .result, .next: break
            case .some(let outcome):
                let text = exchange.outputs.text.map { String(decoding: $0.prefix(200), as: UTF8.self) }
                throw .unavailable(text ?? "the server's answer to the login means \(outcome.rawValue)")
            case nil: throw .unavailable("the server gave no answer to the login")
            }
            inputs = exchange.inputs
            if exchange.outcome == .result, step.sends { break }
        }
        try await onOpen?(connection)
    }

    func makeKeepAlive() -> Exchange? {
        program.keepAlive.map { DeclaredExchange(program, $0.step, Inputs(), message) }
    }

    func pushReceived(_ frame: Span<UInt8>, on connection: MultiplexConnection) -> Bool {
        guard message.kind >= 0 else { return false }
        if let answer = program.messages[message.kind].answer {
            connection.submit(FixedAnswer(answer))
            return true
        }
        onPush?(frame)
        return true
    }

    func connectionLost(_ connection: MultiplexConnection, _ failure: MultiplexFailure) { onLost?(failure) }
}

/// What is sent back at once to a server that asks, and is not answered itself.
private final class FixedAnswer: Exchange {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        super.init(expectsAnswer: false)
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) { output.append(bytes) }
}

extension MultiplexFailure {
    /// The same in the words of callers.
    var asFailure: Failure {
        switch self {
        case .unavailable(let reason): .unavailable(reason)
        case .indeterminate(let reason): .indeterminate(reason)
        case .timedOut: .indeterminate("the backend did not answer in time")
        case .protocolBroken(let reason): .protocolBroken(reason)
        case .cancelled: .cancelled
        }
    }
}
