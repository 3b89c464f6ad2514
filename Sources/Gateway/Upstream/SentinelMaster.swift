// The master that sentinels name, and the connections that lead to it.

import Reactor
import RedisWire
import Synchronization

/// Where the master of one name is; every worker's ``SentinelWatch`` tells it, and every connection asks it.
final class SentinelMaster: Sendable, CustomStringConvertible {
    /// A connection and where it leads; looked at only on the worker that has it.
    private struct Connection: @unchecked Sendable {
        weak var socket: Socket?
        let target: ConnectTarget
    }

    private struct State {
        var target: ConnectTarget?
        /// What sentinels named last and is no master; nil once another is.
        var denier: ConnectTarget?
        /// By the workers' indices.
        var connections: [Int: [Connection]] = [:]
    }

    /// What sentinels call it.
    let name: String
    private let state = Mutex(State())

    init(_ name: String) { self.name = name }

    /// Where it is; nil while no sentinel has said so.
    var target: ConnectTarget? { state.withLock { $0.target } }

    /// Why there is no ``target``.
    var reason: String {
        state.withLock { $0.denier }.map { "the sentinels name \($0), which says that it is no master" }
            ?? "no sentinel has named a master that is called so"
    }

    /// The server that sentinels have named says that it is no master.
    func denied(by target: ConnectTarget) { state.withLock { $0.denier = target } }

    var description: String {
        target.map { "master '\(name)' at \($0)" } ?? "master '\(name)' of the sentinels"
    }

    /// Notes a connection, so that it can be ended when the master is another.
    func connected(_ socket: Socket, to target: ConnectTarget) {
        let connection = Connection(socket: socket, target: target)
        let worker = socket.worker.index
        state.withLock { state in
            var list = state.connections[worker] ?? []
            // Looked through once in so many additions, so that each costs the same.
            if list.count & 63 == 63 { list.removeAll { $0.socket == nil } }
            list.append(connection)
            state.connections[worker] = list
        }
    }

    /// The master is at `target`; ends `worker`'s connections that lead elsewhere, and says how many those were.
    @discardableResult
    func isNow(at target: ConnectTarget, _ worker: Worker) -> Int {
        let stale = state.withLock { state -> [Connection] in
            state.target = target
            state.denier = nil
            let list = state.connections[worker.index] ?? []
            state.connections[worker.index] = list.filter { $0.socket != nil && $0.target == target }
            return list.filter { $0.socket != nil && $0.target != target }
        }
        for connection in stale { connection.socket?.abandon() }
        return stale.count
    }
}
