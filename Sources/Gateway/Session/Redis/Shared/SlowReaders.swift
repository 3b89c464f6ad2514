// Who did not take large replies as fast as a shared connection brings them.

import Reactor
import Synchronization

/// Hosts of clients that were cut for what they left unread, so that they get a connection of their own when they come again.
///
/// What is on its way over a shared connection cannot wait for one of its clients, and a client that reads steadily, but
/// slower than the server, would be cut at each try.
final class SlowReaders: Sendable {
    /// Hosts that are remembered at a time.
    static let limit = 256
    /// How long one is remembered.
    static let life = Duration.seconds(600)

    /// Until when, by host; all clients of Unix sockets count as one.
    private let ends = Mutex<[String: ContinuousClock.Instant]>([:])
    private let count = Atomic(0)

    /// Remembers the client at `peer`; beyond the limit in the place of the one that would be forgotten next.
    func note(_ peer: SocketAddress, now: ContinuousClock.Instant = .now) {
        ends.withLock { ends in
            ends = ends.filter { $0.value > now }
            let host = Self.host(peer)
            if ends.count >= Self.limit, ends[host] == nil, let oldest = ends.min(by: { $0.value < $1.value }) {
                ends[oldest.key] = nil
            }
            ends[host] = now + Self.life
            count.store(ends.count, ordering: .relaxed)
        }
    }

    /// Whether a client of that host was cut lately.
    func contains(_ peer: SocketAddress, now: ContinuousClock.Instant = .now) -> Bool {
        guard count.load(ordering: .relaxed) > 0 else { return false }
        return ends.withLock { $0[Self.host(peer)].map { $0 > now } ?? false }
    }

    private static func host(_ peer: SocketAddress) -> String { peer.isUnix ? "" : peer.with(port: 0).description }
}
