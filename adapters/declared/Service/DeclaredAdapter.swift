// A backend of a declared adapter.

import Capabilities
import Multiplex
import Reactor

/// One backend whose protocol a file describes; shared by all workers.
public final class DeclaredAdapter: Adapter {
    let program: Program
    let endpoint: MultiplexEndpoint
    private let cursors = ScanCursors()
    private let failedService: @Sendable () -> any Service

    init(_ program: Program, to endpoint: MultiplexEndpoint) {
        self.program = program
        self.endpoint = endpoint
        let manifest = program.manifest
        failedService = { UnreachableService(manifest: manifest) }
    }

    public var manifest: Manifest { program.manifest }

    public func makeService() -> any Service {
        // Connections belong to a worker's thread; elsewhere there is nothing to wait with.
        guard let worker = Worker.current else { return failedService() }
        return DeclaredService(program, to: endpoint, cursors, worker: worker)
    }
}

/// What a caller outside of any worker gets.
private final class UnreachableService: Service {
    let manifest: Manifest

    init(manifest: Manifest) { self.manifest = manifest }

    func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        throw .unavailable("a service is used on a worker's thread only")
    }
}
