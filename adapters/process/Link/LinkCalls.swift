// Calls with one message each way, for async code.

import Capabilities
import NIOCore
import Reactor

extension Link {
    /// Calls `method` from `worker`'s thread and resumes there; the bytes are those of the one message of the answer.
    ///
    /// `waits` is how long the operation itself may wait, in milliseconds: zero for ever, nil when it does not.
    func call(_ method: Method, _ message: [UInt8], on worker: Worker, waits: Int64? = nil) async throws(CallEnding)
        -> [UInt8]
    {
        var options = CallOptions(timeout: settings.timeout, waits: waits != nil)
        if let waits {
            let timeout = settings.timeout.addingClamped(waits)
            options.timeout = waits == 0 || timeout > CallOptions.longestTimeout ? nil : timeout
        }
        let answer = UnaryAnswer { work in worker.submit(work) }
        return try await run(Call(method, options, answer), answer, message, isGreeting: false)
    }

    /// Returns on `worker`'s thread when the process has been greeted; throws why it has not.
    func ready(on worker: Worker) async throws(CallEnding) {
        let result: Result<Void, CallEnding> = await withUnsafeContinuation { continuation in
            whenReady { result in worker.submit { continuation.resume(returning: result) } }
        }
        try result.get()
    }

    /// Calls `method` as part of a greeting.
    func greetingCall(_ method: Method, _ message: [UInt8]) async throws(CallEnding) -> [UInt8] {
        let answer = UnaryAnswer { work in work() }
        let call = Call(method, CallOptions(timeout: settings.timeout), answer)
        return try await run(call, answer, message, isGreeting: true)
    }

    private func run(_ call: Call, _ answer: UnaryAnswer, _ message: [UInt8], isGreeting: Bool) async throws(CallEnding)
        -> [UInt8]
    {
        guard message.count <= settings.messageBytes else { throw .tooLarge(settings.messageBytes) }
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                answer.wait(continuation)
                if isGreeting {
                    beginGreeting(call, message, isLast: true)
                } else {
                    begin(call, message, isLast: true)
                }
            }
        } onCancel: {
            cancel(call)
        }
        return try result.get()
    }
}

extension Int64 {
    /// The sum, or the largest number there is; for two numbers that are not negative.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflowed) = addingReportingOverflow(other)
        return overflowed ? .max : sum
    }
}

/// Keeps the answer's one message until the call ends, and then resumes whoever waits.
private final class UnaryAnswer: CallObserver, @unchecked Sendable {
    typealias Answer = Result<[UInt8], CallEnding>

    /// Brings work to the thread of whoever waits.
    private let handOver: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// Set before the call begins; everything else belongs to the event loop.
    private var continuation: UnsafeContinuation<Answer, Never>?
    private var message: [UInt8]?
    private var hasSeveral = false

    init(_ handOver: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) { self.handOver = handOver }

    func wait(_ continuation: UnsafeContinuation<Answer, Never>) { self.continuation = continuation }

    func messageReceived(_ message: [UInt8]) {
        hasSeveral = self.message != nil
        self.message = message
    }

    func callEnded(_ ending: CallEnding) {
        guard let continuation else { return }
        self.continuation = nil
        let answer = answer(ending)
        handOver { continuation.resume(returning: answer) }
    }

    private func answer(_ ending: CallEnding) -> Answer {
        guard case .finished(let status) = ending, status.isOK else { return .failure(ending) }
        guard !hasSeveral else { return .failure(.broken("the adapter process gave two answers to one call")) }
        guard let message else { return .failure(ending) }
        return .success(message)
    }
}
