// A declared adapter as one worker uses it.

import Capabilities
import Multiplex
import Reactor

/// The service of one worker; its connections are shared by all of the worker's sessions.
final class DeclaredService: Service, @unchecked Sendable {
    let manifest: Manifest
    private let multiplexer: Multiplexer
    private let keyValueFamily: DeclaredKeyValue?
    private let busFamily: DeclaredBus?
    private let messaging: DeclaredMessaging
    private let structures: DeclaredStructures
    private let objects: DeclaredObjects
    private let statements: DeclaredSQL

    init(_ program: Program, to endpoint: MultiplexEndpoint, _ cursors: ScanCursors, worker: Worker) {
        manifest = program.manifest
        let connections = DeclaredConnections(program)
        let configuration = Self.configuration(program)
        multiplexer = Multiplexer(to: endpoint, configuration, delegate: connections, worker: worker)
        let calls = DeclaredCalls(program, connections, multiplexer, cursors)
        keyValueFamily = manifest.supported(in: .keyValue).isEmpty ? nil : DeclaredKeyValue(calls)
        messaging = DeclaredMessaging(calls)
        structures = DeclaredStructures(calls)
        objects = DeclaredObjects(calls)
        statements = DeclaredSQL(calls)
        guard !manifest.supported(in: .bus).isEmpty else {
            busFamily = nil
            return
        }
        let own = DeclaredConnections(program)
        var forBus = configuration
        // Streams take a connection each; other subscriptions share one, which keeps their messages in order.
        forBus.connections = program["subscribe"]?.steps.first?.isStream ?? false ? Self.mostStreams : 1
        busFamily = DeclaredBus(
            calls, own, Multiplexer(to: endpoint, forBus, delegate: own, worker: worker))
    }

    /// The most subscriptions of one worker where each takes a connection.
    private static let mostStreams = 256

    private static func configuration(_ program: Program) -> MultiplexConfiguration {
        var configuration = MultiplexConfiguration(
            program.idSlot == nil ? .inOrder : .byID(bits: max(4, program.idBits)))
        configuration.connections = program.transport.connections
        configuration.depth = program.pipeline
        configuration.connectTimeout = program.transport.connectTimeout
        configuration.responseTimeout = program.transport.replyTimeout
        configuration.idleTimeout = program.transport.idleTimeout
        configuration.keepAlive = program.keepAlive?.every
        // The head, the end mark and the line come on top of the body.
        configuration.frameBytes = program.limits.frame + (128 << 10)
        return configuration
    }

    var keyValue: (any KeyValueService)? { keyValueFamily }
    var hash: (any HashService)? { manifest.supported(in: .hash).isEmpty ? nil : structures }
    var list: (any ListService)? { manifest.supported(in: .list).isEmpty ? nil : structures }
    var set: (any SetService)? { manifest.supported(in: .set).isEmpty ? nil : structures }
    var sortedSet: (any SortedSetService)? { manifest.supported(in: .sortedSet).isEmpty ? nil : structures }
    var bus: (any BusService)? { busFamily }
    var lock: (any LockService)? { manifest.supported(in: .lock).isEmpty ? nil : messaging }
    var queue: (any QueueService)? { manifest.supported(in: .queue).isEmpty ? nil : messaging }
    var object: (any ObjectService)? { manifest.supported(in: .object).isEmpty ? nil : objects }
    var sql: (any SQLService)? { manifest.supported(in: .sql).isEmpty ? nil : statements }
    var sequence: (any SequenceService)? { manifest.supported(in: .sequence).isEmpty ? nil : messaging }

    func performs(_ operation: Operation) -> Bool {
        guard case .keyValue(let operation) = operation, let keyValueFamily else { return true }
        return keyValueFamily.performs(operation)
    }

    /// With answers in order, what one connection is sent takes effect in that order.
    func begin(_ operation: Operation, _ context: CallContext, _ pending: PendingOperation) -> Bool {
        guard !pending.followsOthers || multiplexer.keepsOrder else { return false }
        switch operation {
        case .keyValue(let operation): return keyValueFamily?.begin(operation, context, pending) ?? false
        case .hash, .list, .set, .sortedSet: return structures.begin(operation, context, pending)
        default: return false
        }
    }

    func close() async {
        await busFamily?.close()
        await multiplexer.close()
    }
}
