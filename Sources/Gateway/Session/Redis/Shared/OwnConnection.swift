// The connection that a client of a shared backend has for itself for a while.

import Reactor
import RedisWire

/// A connection of one client, with what is known of its state.
final class OwnConnection {
    let socket: Socket
    let backend: Backend
    let responseTimeout: UInt64?
    @exclusivity(unchecked) var requests = RedisRequestFramer(keepsWords: true)
    @exclusivity(unchecked) var replies = RedisReplyFramer()
    @exclusivity(unchecked) var pin: RedisPin
    /// Whether a command is passing that is too long, or too oddly spelled, to be held until it is whole.
    @exclusivity(unchecked) var isStreaming = false
    /// Whether the requests, or the replies, can no longer be followed.
    @exclusivity(unchecked) var hasLostRequests = false
    @exclusivity(unchecked) var hasLostReplies = false
    /// Whether the backend has said something that no command had asked for, such as why it is about to close.
    @exclusivity(unchecked) var hasSpokenUnasked = false
    /// Whether the end of the client's bytes was passed on.
    var isFinished = false

    init(_ socket: Socket, to backend: Backend, _ pin: RedisPin) {
        socket.settle()
        self.socket = socket
        self.backend = backend
        responseTimeout = backend.configuration.responseTimeout?.nanoseconds
        self.pin = pin
    }

    /// Whether nothing is under way in either direction.
    var isIdle: Bool {
        pin.pendingCount == 0 && !isStreaming && !isFinished && !hasSpokenUnasked
            && requests.isAtBoundary && replies.isAtBoundary
            && !socket.hasQueued && !socket.isReadable && !socket.hasEnded && !socket.hasWriteFailed
    }

    /// Whether the backend's end leaves a command unanswered, or cuts a reply.
    var isOwed: Bool { pin.isOwed || !replies.isAtBoundary || isInsideRequest }
    /// A command that the backend has not got to its end would have been answered too.
    var repliesOwed: Int { pin.repliesOwed + (isInsideRequest ? 1 : 0) }
    var mayAnswer: Bool { replies.isAtBoundary && !hasLostReplies }

    private var isInsideRequest: Bool {
        !requests.isAtBoundary && !hasLostRequests && !hasSpokenUnasked && !pin.isClosing
    }
}
