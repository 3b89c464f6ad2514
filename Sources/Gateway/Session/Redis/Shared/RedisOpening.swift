// Opens a connection to a Redis backend in somebody's name.

import Reactor
import RedisWire
import Wire

/// Connects, and brings the connection to an identity before anybody's command travels on it.
enum RedisOpening {
    /// A connection that is `identity`'s, within the backend's connect-timeout; `labels` are sent after the login.
    static func open(
        _ backend: Backend, as identity: RedisIdentity, labels: [[UInt8]] = [], _ resolver: Resolver, waker: Waker
    ) async throws(GatewayFailure) -> Socket {
        waker.setDeadline(after: backend.connectTimeout.nanoseconds)
        defer { waker.setDeadline(after: nil) }
        let socket = try await backend.connect(resolver, waker: waker)
        let refusal: RedisErrorCode?
        do throws(IOError) {
            try await backend.secure(socket)
            let opening = identity.opening(isReadOnly: backend.isReplica)
            socket.send(opening.commands)
            for label in labels { socket.send(label) }
            refusal = try await replies(opening.replies, labels.count, on: socket)
        } catch {
            socket.close()
            throw .connecting(to: backend, error)
        }
        guard let refusal else { return socket }
        socket.close()
        // BUSY and its like are no word about who the client is.
        let isLogin = ["WRONGPASS", "NOAUTH"].contains(refusal.name.description)
        throw GatewayFailure(
            isLogin ? .loginRefused : .lost, "\(backend.label) does not take the client's login any more: \(refusal)")
    }

    /// Awaits the replies of the opening; the code of the first that is an error, labels excepted.
    static func replies(
        _ count: Int, _ labels: Int, on socket: Socket
    ) async throws(IOError) -> RedisErrorCode? {
        var framer = RedisReplyFramer()
        var seen = 0
        var refusal: RedisErrorCode?
        while seen < count + labels {
            switch try socket.receive() {
            case .bytes(let length):
                let isUnderstood = socket.worker.withReceived(length) { bytes in
                    take(bytes, &framer, &seen, count, &refusal)
                }
                guard isUnderstood else { throw .truncated }
            case .nothing:
                try socket.waker.check("the backend's answer to the login")
                await socket.waker.wait()
            case .end: throw .truncated
            }
        }
        return refusal
    }

    private static func take(
        _ bytes: Span<UInt8>, _ framer: inout RedisReplyFramer, _ seen: inout Int, _ count: Int,
        _ refusal: inout RedisErrorCode?
    ) -> Bool {
        var offset = 0
        do throws(WireError) {
            while let reply = try framer.next(bytes, at: &offset) {
                if reply.isPush { continue }
                if seen < count, refusal == nil { refusal = reply.errorCode }
                seen += 1
            }
            return true
        } catch {
            return false
        }
    }
}
