// One gRPC call, as the link and whoever began it see it.

import NIOCore

/// Whoever takes what a call brings; called on the link's event loop.
protocol CallObserver: AnyObject, Sendable {
    func messageReceived(_ message: [UInt8])
    /// The last thing that is heard of the call.
    func callEnded(_ ending: CallEnding)
}

/// How a call behaves.
struct CallOptions: Sendable {
    /// Beyond this it might as well be for ever: `grpc-timeout` has at most eight digits ("gRPC over HTTP2", Requests).
    static let longestTimeout: Int64 = 99_999_999

    /// Milliseconds until it is given up, up to ``longestTimeout``; nil for never.
    var timeout: Int64?
    /// Whether it waits for something to happen, so that it does not count among the calls that the process works on.
    var waits = false
    /// How many messages may be under way to the observer, who grants more as it takes them; nil for any number.
    var credit: Int?
}

/// A call; everything that changes belongs to the link's event loop.
final class Call: @unchecked Sendable {
    enum Stage {
        /// Not yet begun, or in line.
        case new
        /// Its stream is being made, or is there.
        case open
        case ended
    }

    let method: Method
    let options: CallOptions
    private let observer: any CallObserver

    var stage = Stage.new
    /// Its stream; nil while it is being made.
    var channel: (any Channel)?
    var handler: CallHandler?
    /// Frames that wait for the stream, with whoever wants to know that they are gone.
    var waiting: [(ByteBuffer, EventLoopPromise<Void>?)] = []
    /// Whether no further message will be sent.
    var isFinished = false
    var deadline: Scheduled<Void>?
    /// Whether its beginning has reached the event loop.
    var isAdmitted = false
    /// Whether it was given up before that.
    var isGivenUp = false
    /// Whether it belongs to a greeting or a probe and so takes no place.
    var isGreeting = false

    init(_ method: Method, _ options: CallOptions, _ observer: any CallObserver) {
        self.method = method
        self.options = options
        self.observer = observer
    }

    func receive(_ message: [UInt8]) {
        if stage != .ended { observer.messageReceived(message) }
    }

    /// Tells the end to the observer; whether it was the first to do so.
    @discardableResult
    func end(_ ending: CallEnding) -> Bool {
        guard stage != .ended else { return false }
        stage = .ended
        deadline?.cancel()
        deadline = nil
        for (_, promise) in waiting { promise?.fail(ending) }
        waiting = []
        observer.callEnded(ending)
        return true
    }
}
