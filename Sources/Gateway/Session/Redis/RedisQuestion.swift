// Asks a Redis server, or a sentinel, something that the gateway itself wants to know.

import Reactor
import RedisWire
import Wire

/// A connection of the gateway's own, on which one reply is read after another.
///
/// Replies are bounded by `RedisLimits.askedReply`, and by the deadline that the caller has set on the socket's waker.
final class RedisQuestion {
    let socket: Socket
    private var framer = RedisReplyFramer()
    private var received: [UInt8] = []
    /// Bytes of ``received`` that the framer has seen.
    private var seen = 0

    init(_ socket: Socket) { self.socket = socket }

    /// Sends a command.
    func send(_ words: [String]) {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.utf8.count)\r\n\(word)\r\n".utf8) }
        socket.send(bytes)
    }

    /// Sends a command and awaits its reply, as it was spelled.
    func ask(_ words: [String]) async throws(IOError) -> [UInt8] {
        send(words)
        return try await next()
    }

    /// The next whole reply or message; waits for it.
    func next() async throws(IOError) -> [UInt8] {
        while true {
            if let reply = try taken() { return reply }
            switch try socket.receive() {
            case .bytes(let count):
                socket.worker.withReceived(count) { bytes in
                    bytes.withUnsafeBufferPointer { received.append(contentsOf: $0) }
                }
                guard RedisLimits.askedReply.allows(received.count) else { throw .truncated }
            case .nothing:
                try socket.waker.check("an answer")
                await socket.waker.wait()
            case .end: throw .truncated
            }
        }
    }

    private func taken() throws(IOError) -> [UInt8]? {
        guard seen < received.count else { return nil }
        var offset = seen
        let bytes = received
        do throws(WireError) {
            guard try framer.next(bytes.span, at: &offset) != nil else {
                seen = offset
                return nil
            }
        } catch {
            throw .truncated
        }
        received.removeSubrange(..<offset)
        seen = 0
        return Array(bytes[..<offset])
    }
}
