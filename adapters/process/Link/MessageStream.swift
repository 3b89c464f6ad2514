// Calls whose answer, or whose request, is a stream, for async code on a worker.

import Capabilities
import NIOCore
import Reactor

/// The messages of a call, pulled by one puller on one worker.
///
/// No more than a few messages are under way, and a process that lets the puller wait too long is given up.
final class MessageStream: CallObserver, @unchecked Sendable {
    /// Messages that may wait here before no more are read.
    private static let credit = 4

    private let link: Link
    private let worker: Worker
    private var call: Call?
    // What follows belongs to the worker's thread.
    private var messages: [[UInt8]] = []
    private var ending: CallEnding?
    private var waiter: UnsafeContinuation<Void, Never>?

    private init(_ link: Link, _ worker: Worker) {
        self.link = link
        self.worker = worker
    }

    /// Begins a call on `worker`'s thread; `isLast` when `message` is all of the request.
    static func open(
        _ method: Method, _ message: [UInt8], isLast: Bool, _ link: Link, on worker: Worker
    ) -> MessageStream {
        let stream = MessageStream(link, worker)
        let call = Call(method, CallOptions(waits: true, credit: credit), stream)
        stream.call = call
        guard message.count <= link.settings.messageBytes else {
            stream.ending = .tooLarge(link.settings.messageBytes)
            return stream
        }
        link.begin(call, message, isLast: isLast)
        return stream
    }

    /// Whether a message or the end is here already.
    var hasNews: Bool { !messages.isEmpty || ending != nil }

    /// The next message; nil when the process has ended the call as it should.
    ///
    /// `waits` is how long the answer itself may take, in milliseconds; zero for ever.
    func next(waits: Int64? = nil) async throws(CallEnding) -> [UInt8]? {
        if !hasNews {
            let deadline = waits == 0 ? nil : expire(after: link.settings.timeout.addingClamped(waits ?? 0))
            await withTaskCancellationHandler {
                await withUnsafeContinuation { waiter = $0 }
            } onCancel: {
                cancel()
            }
            deadline?.cancel()
        }
        if !messages.isEmpty {
            if let call { link.grant(call, 1) }
            return messages.removeFirst()
        }
        guard let ending else { return nil }
        if case .finished(let status) = ending, status.isOK { return nil }
        throw ending
    }

    /// Sends one more message, and returns when the process has taken it; false when the call is over.
    func send(_ message: [UInt8]) async -> Bool {
        guard let call, ending == nil, message.count <= link.settings.messageBytes else { return false }
        let deadline = expire(after: link.settings.timeout)
        let sent = link.loop.makePromise(of: Void.self)
        link.send(call, message, sent: sent)
        let wasSent = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
                sent.futureResult.whenComplete { [worker] result in
                    let wasSent = (try? result.get()) != nil
                    worker.submit { continuation.resume(returning: wasSent) }
                }
            }
        } onCancel: {
            cancel()
        }
        deadline?.cancel()
        return wasSent
    }

    func finish() { if let call { link.finish(call) } }

    func cancel() { if let call { link.cancel(call) } }

    private func expire(after milliseconds: Int64) -> Scheduled<Void>? {
        guard let call else { return nil }
        return link.loop.scheduleTask(in: .milliseconds(milliseconds)) { [link] in link.expire(call, milliseconds) }
    }

    // MARK: From the event loop's thread

    func messageReceived(_ message: [UInt8]) {
        worker.submit { [self] in
            messages.append(message)
            wake()
        }
    }

    func callEnded(_ ending: CallEnding) {
        worker.submit { [self] in
            self.ending = ending
            wake()
        }
    }

    private func wake() {
        waiter?.resume()
        waiter = nil
    }
}
