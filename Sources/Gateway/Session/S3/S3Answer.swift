// The answer to one request as it arrives: interim heads, the final head, its body.

import Reactor
import S3Wire
import Wire

/// Follows the bytes of one answer and says which of them go to the client.
struct S3Answer: ~Copyable {
    /// Whether any byte of it has come.
    private(set) var hasBegun = false
    /// Whether the request is complete, so that it is the backend's turn; kept here for the error that tells of it.
    var isOwed = false
    /// Whether the backend has said that it keeps its connection.
    private(set) var keepsAlive = true
    private var scanner = S3HeadScanner(.server)
    private var body: S3Framer?
    /// What came of an unfinished head.
    private var head = KeptBytes()

    init() {}

    /// Takes what one read brought and passes to `client` what belongs to the answer.
    ///
    /// Nothing of a head is passed on before all of it has one reading, and nothing behind the answer's end ever.
    mutating func take(
        _ bytes: Bytes, _ exchange: inout S3Exchange, to client: Socket, at now: UInt64
    ) throws(WireError) {
        hasBegun = true
        var offset = 0
        // Heads that lie wholly in this read go out with the body that follows them, in one piece.
        var passed = 0
        while offset < bytes.count {
            if body != nil {
                guard let end = try body?.next(bytes, at: &offset) else { continue }
                exchange.responseBodyEnded(end, at: now)
                body = nil
            } else if exchange.mayAnswerWithError {
                let start = offset
                guard let length = try scanner.next(bytes, at: &offset) else {
                    if passed < start { client.send(bytes.extracting(passed..<start)) }
                    head.append(bytes.extracting(start..<offset))
                    return
                }
                if length <= offset - start {
                    let whole = try S3ResponseHead(bytes.extracting(start..<offset), answering: exchange.method)
                    try take(whole, &exchange, now)
                } else {
                    head.append(bytes.extracting(start..<offset))
                    try take(try S3ResponseHead(head.bytes.span, answering: exchange.method), &exchange, now)
                    client.send(head.bytes.span)
                    head.removeAll()
                    passed = offset
                }
            } else {
                exchange.unsolicitedBytesReceived()
                break
            }
        }
        if passed < offset { client.send(bytes.extracting(passed..<offset)) }
    }

    private mutating func take(
        _ head: S3ResponseHead, _ exchange: inout S3Exchange, _ now: UInt64
    ) throws(WireError) {
        switch try exchange.responseHeadReceived(head, at: now) {
        case .interimReceived: break
        case .bodyFollows(let framing):
            keepsAlive = head.keepsAlive
            body = S3Framer(framing, side: .server)
        case .responseEnded: keepsAlive = head.keepsAlive
        }
    }

    /// Takes the end of the backend's stream: whether that is how the answer had to end.
    mutating func finish(_ exchange: inout S3Exchange, at now: UInt64) -> Bool {
        guard body?.framing == .untilClose, let end = try? body?.finish() else { return false }
        exchange.responseBodyEnded(end, at: now)
        return true
    }
}
