// One turn of a relay: what is there is read and sent, in both directions.

import Reactor

/// What one turn did.
struct RelayTurn {
    private(set) var requestsMoved = false
    private(set) var repliesMoved = false
    /// Whether there is more to do at once, after the worker's other sessions had their turn.
    private(set) var mustYield = false

    /// Reads of one side before the other sessions of the worker get their turn.
    private static let readsPerTurn = 4

    /// Passes on what the client has sent, as long as the upstream takes it.
    @inline(__always)
    mutating func forwardRequests(of relay: Relay, _ observer: any RelayObserver) throws(IOError) {
        let client = relay.client
        let upstream = relay.upstream
        var reads = 0
        while client.isReadable, !upstream.isCongested {
            guard reads < Self.readsPerTurn else {
                mustYield = true
                return
            }
            switch try client.receive() {
            case .bytes(let count):
                reads += 1
                requestsMoved = true
                relay.metrics.bytesFromClients &+= UInt64(count)
                client.worker.withReceived(count) { bytes in
                    upstream.send(bytes)
                    observer.clientSent(bytes)
                }
            case .end:
                requestsMoved = true
                upstream.finish()
            case .nothing: return
            }
        }
    }

    /// Passes on what the backend has sent, as long as the client takes it.
    @inline(__always)
    mutating func forwardReplies(of relay: Relay, _ observer: any RelayObserver) throws(IOError) {
        let client = relay.client
        let upstream = relay.upstream
        var reads = 0
        while upstream.isReadable, !client.isCongested {
            guard reads < Self.readsPerTurn else {
                mustYield = true
                return
            }
            switch try upstream.receive() {
            case .bytes(let count):
                reads += 1
                repliesMoved = true
                relay.metrics.bytesFromBackends &+= UInt64(count)
                upstream.worker.withReceived(count) { bytes in
                    client.send(bytes)
                    observer.backendSent(bytes)
                }
            case .end, .nothing: return
            }
        }
    }
}
