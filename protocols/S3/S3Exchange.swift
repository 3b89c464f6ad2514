// Pairs one request with its responses and says what both connections are good for afterwards.

import Wire

/// The state of one request and its answer; a connection has one, since requests are forwarded one at a time.
///
/// A client that sends requests ahead gets its answers in order because the gateway reads the next head only when
/// this exchange is over. Memory is therefore fixed whatever a client sends ahead. Times are nanoseconds of any
/// clock that only goes forward, and are passed in.
package struct S3Exchange: Sendable, Equatable {
    private enum Phase: UInt8 { case idle, awaitingResponse, responseBody, responseEnded }
    private enum RequestBody: UInt8 { case unsent, started, ended, abandoned }

    package private(set) var command = S3Command.unknown
    package private(set) var method = S3Method.other
    /// The status of the final response, or 0 before there is one.
    package private(set) var status: UInt16 = 0
    private var phase = Phase.idle
    private var requestBody = RequestBody.ended
    private var expectsContinue = false
    private var isRepeatable = false
    private var continued = false
    private var wasBrokenOff = false
    private var interimResponses = 0
    private var clientClosing = S3CloseReason?.none
    private var upstreamClosing = S3CloseReason?.none
    private var startedAt: UInt64 = 0
    private var firstByteAt: UInt64 = 0
    private var endedAt: UInt64 = 0
    private var requestBytes = 0
    private var responseBytes = 0

    package init() {}

    /// Whether no request is under way.
    package var isIdle: Bool { phase == .idle }

    /// Whether the final response has not begun, so that an error reply may still be put in its place.
    package var mayAnswerWithError: Bool { phase == .awaitingResponse }

    /// Whether the request may be sent to the backend again after its connection was lost.
    ///
    /// Only when nothing can have happened twice and nobody has seen anything: a safe method, no body, and not one
    /// response, RFC 9110 section 9.2.2. The caller adds that the lost connection had delivered no byte.
    package var mayBeSentAgain: Bool {
        phase == .awaitingResponse && interimResponses == 0 && isRepeatable
    }

    /// Whether the client holds back its body until it hears a 100 or a final response.
    package var awaitsContinue: Bool {
        requestBody == .unsent && expectsContinue && !continued && phase == .awaitingResponse
    }

    /// Begins the exchange: a request head was received and goes to the backend.
    package mutating func requestHeadReceived(_ head: S3RequestHead, command: S3Command, at now: UInt64) {
        self = S3Exchange()
        self.command = command
        method = head.method
        expectsContinue = head.expectsContinue
        isRepeatable = head.mayBeSentAgain
        phase = .awaitingResponse
        requestBody = head.framing.isEmpty ? .ended : .unsent
        startedAt = now
        if !head.keepsAlive { close(head.minorVersion == 0 ? .clientIsHTTP10 : .clientAskedToClose) }
    }

    /// Notes that bytes of the request's body have been received; without any, a refused client may skip the body.
    package mutating func requestBodyStarted() {
        if requestBody == .unsent { requestBody = .started }
    }

    /// Notes the end of the request's body.
    package mutating func requestBodyEnded(_ end: S3BodyEnd, at now: UInt64) {
        requestBytes = end.payload
        if requestBody != .abandoned { requestBody = .ended }
        if isOver { endedAt = max(endedAt, now) }
    }

    /// Notes that the rest of the request's body will not be read; both connections end with the response.
    package mutating func requestBodyAbandoned(payload: Int) {
        guard requestBody == .unsent || requestBody == .started else { return }
        requestBytes = payload
        requestBody = .abandoned
        close(.requestBodyUnread)
    }

    /// Notes a response head; answers how it goes on.
    ///
    /// Throws an error of the server when no request waits for it, when it switches protocols, or when interim
    /// responses do not end.
    package mutating func responseHeadReceived(
        _ head: S3ResponseHead, at now: UInt64
    ) throws(WireError) -> S3ResponseStep {
        guard phase == .awaitingResponse else {
            throw WireError(.server, "response-without-request", "a response that no request waits for")
        }
        if interimResponses == 0 { firstByteAt = now }
        if head.announcesForbiddenBody { close(.forbiddenBodyAnnounced) }
        if head.isInterim {
            guard head.status != 101 else {
                throw WireError(.server, "protocol-switched", "expected HTTP/1.1 to go on, found 101")
            }
            interimResponses &+= 1
            guard S3Limits.interimResponses.allows(interimResponses) else {
                throw WireError(.server, "too-many-interim-responses", "too many 1xx responses to one request")
            }
            if head.status == 100 { continued = true }
            return .interimReceived
        }
        status = head.status
        if let reason = reasonToClose(head) { close(reason) }
        // A client that waits for 100 and gets a final answer may send its body or leave it out: nobody can tell
        // whether the next byte is body or the next request. RFC 9110 section 10.1.1.
        if requestBody == .unsent, expectsContinue, !continued {
            requestBody = .abandoned
            close(.continueUnresolved)
        }
        guard head.framing.isEmpty else {
            phase = .responseBody
            return .bodyFollows(head.framing)
        }
        phase = .responseEnded
        endedAt = now
        return .responseEnded
    }

    /// Notes the end of the response's body.
    package mutating func responseBodyEnded(_ end: S3BodyEnd, at now: UInt64) {
        guard phase == .responseBody else { return }
        responseBytes = end.payload
        phase = .responseEnded
        endedAt = now
    }

    /// Notes bytes behind the response that no request asked for, and that the client never sees.
    ///
    /// Its upstream ends here, or a later request would get them for an answer; the client is none the worse.
    package mutating func unsolicitedBytesReceived() {
        if upstreamClosing == nil { upstreamClosing = .unsolicitedBytes }
    }

    /// Breaks the exchange off; its outcome is then a failure, and nothing is reused.
    ///
    /// `reply` is the error the client was answered with, if it was; its status becomes that of the exchange.
    package mutating func brokenOff(_ reason: S3CloseReason, answered reply: S3ErrorCode? = nil, at now: UInt64) {
        guard phase != .idle else { return }
        clientClosing = reason
        upstreamClosing = reason
        wasBrokenOff = true
        if let reply { status = UInt16(reply.status) }
        if requestBody != .ended { requestBody = .abandoned }
        phase = .responseEnded
        endedAt = now
    }

    /// Whether the response is complete while the client still sends its body: drain it within bounds, or abandon it.
    package var awaitsRequestBody: Bool {
        phase == .responseEnded && (requestBody == .unsent || requestBody == .started)
    }

    /// Whether both messages are complete, or given up.
    package var isOver: Bool { phase == .responseEnded && !awaitsRequestBody }

    /// What became of the request, once it is over.
    package var outcome: S3Outcome? {
        guard isOver else { return nil }
        return S3Outcome(
            command: command, method: method, status: status, result: result, startedAt: startedAt,
            firstByteAt: firstByteAt, endedAt: endedAt, requestBytes: requestBytes, responseBytes: responseBytes,
            clientClosing: clientClosing, upstreamClosing: upstreamClosing)
    }

    private var result: S3Result {
        if wasBrokenOff { return .failed }
        return switch status {
        case 400...: .failed
        case 200 where command.mayFailInsideBody: .undecided
        default: .succeeded
        }
    }

    /// Ends both connections with this exchange; the first reason stays.
    private mutating func close(_ reason: S3CloseReason) {
        if clientClosing == nil { clientClosing = reason }
        if upstreamClosing == nil { upstreamClosing = reason }
    }

    private func reasonToClose(_ head: S3ResponseHead) -> S3CloseReason? {
        if head.framing == .untilClose { return .bodyUntilClose }
        if !head.keepsAlive { return head.minorVersion == 0 ? .serverIsHTTP10 : .serverAskedToClose }
        return nil
    }
}
