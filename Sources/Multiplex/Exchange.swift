// One request and its answer, as an adapter describes them.

/// How long an exchange may take, from its submission to the end of its answer.
public enum ExchangeTimeout: Sendable, Equatable {
    /// As the configuration says.
    case usual
    case nanoseconds(UInt64)
    /// It has no end of its own: a stream that runs until it is abandoned.
    case never
}

/// A request on its way to a backend and the answer on its way back; an adapter's subclass says what both are.
///
/// Each object is for one exchange. All of it happens on the worker's thread: ``encode(id:into:)`` once when the exchange
/// gets its connection (and again on another one if it is repeatable and nothing has left), then ``receive(_:)`` for each
/// frame of the answer, in the order in which they came. What the caller is to know is stored in the subclass.
open class Exchange {
    /// Whether it may be sent once more by itself when its connection was lost before any byte of it has left.
    public final let isRepeatable: Bool
    /// Whether it fails at once as `cancelled` when its caller's task is cancelled.
    ///
    /// Listening for that costs a fifth of a small exchange, so one with a time-out does without unless it is asked to.
    public final let isCancellable: Bool
    /// Without an answer it is over when its bytes were handed to the socket.
    public final let expectsAnswer: Bool
    final let timeout: ExchangeTimeout

    // What the multiplexer keeps of it.

    enum State {
        case new, waiting, pending, over
    }
    @exclusivity(unchecked) final var state = State.new
    /// Its caller has gone or was told a failure; what still comes for it is read and dropped.
    @exclusivity(unchecked) final var isAbandoned = false
    @exclusivity(unchecked) final var continuation: UnsafeContinuation<Void, Never>?
    @exclusivity(unchecked) final var deadline = UInt64.max
    /// Where its bytes begin, counted over the whole life of its connection.
    @exclusivity(unchecked) final var outputStart = 0
    @exclusivity(unchecked) final var attempts = 0
    @exclusivity(unchecked) final var id: UInt64 = 0
    @exclusivity(unchecked) final unowned(unsafe) var connection: MultiplexConnection?
    @exclusivity(unchecked) final var storedFailure: MultiplexFailure?

    public init(
        expectsAnswer: Bool = true, isRepeatable: Bool = false, isCancellable: Bool = false,
        timeout: ExchangeTimeout = .usual
    ) {
        self.isCancellable = isCancellable || timeout == .never
        self.expectsAnswer = expectsAnswer
        self.isRepeatable = isRepeatable
        self.timeout = timeout
    }

    /// Appends the request to what its connection sends; `id` is zero with in-order correlation.
    ///
    /// It may append nothing: then the exchange waits for what the server says unasked, such as a greeting.
    open func encode(id: UInt64, into output: inout OutputBuffer) {}

    /// Takes one frame of the answer; nothing of the span may be kept.
    open func receive(_ frame: Span<UInt8>) -> ExchangeProgress { .done }

    /// Called once when it is over, before its caller goes on: answered, failed (``failure`` says why) or cancelled.
    open func finished() {}

    /// Whether the answer is complete, or never will be.
    public final var isOver: Bool { state == .over || isAbandoned }
    /// Why there is no answer; nil while it is under way and when it was answered.
    public final var failure: MultiplexFailure? { storedFailure }
}

/// How far an exchange is after a frame.
public enum ExchangeProgress: Sendable, Equatable {
    /// Its answer goes on with another frame.
    case more
    /// Its answer is complete.
    case done
    /// Its answer is complete and the server takes no further request on this connection.
    case doneForGood
    /// The frame is no answer to this request; the connection is given up. The sentence says what was expected.
    case broken(String)
}
