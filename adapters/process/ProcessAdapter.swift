// Backends whose adapter is a process of its own, reached by gRPC over a Unix socket.

import Capabilities
import NIOCore
import NIOPosix
import Reactor
import Synchronization

/// One backend's process: the connection to it and what it said of itself.
package final class ProcessAdapter: Adapter {
    let settings: ProcessSettings
    let box = DeploymentBox()
    private let running = Mutex<Running?>(nil)

    /// What there is from the start on.
    private struct Running {
        let link: Link
        let bus: SharedBus
        let threads: MultiThreadedEventLoopGroup
    }

    init(_ settings: ProcessSettings) { self.settings = settings }

    private var parts: Running {
        running.withLock { running in
            if let running { return running }
            // One thread: the process is on the other side of one socket.
            let threads = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let greeting = Greeting(settings: settings, box: box)
            let link = Link(settings, on: threads.next()) { link throws(GreetingFailure) in
                try await greeting.run(link)
            }
            let made = Running(link: link, bus: SharedBus(link), threads: threads)
            running = made
            return made
        }
    }

    /// What the process said, or, while it has said nothing, everything: only the process can tell.
    package var manifest: Manifest { box.value?.manifest ?? Self.unknown }

    private static let unknown: Manifest = {
        var manifest = Manifest(adapter: "process")
        manifest.isPending = true
        for capability in Capability.allCases {
            manifest[capability] = ManifestEntry(.native, note: "the adapter process has not said yet what it can do")
        }
        return manifest
    }()

    /// Returns when the process has said what it can do, or when the first try to reach it has failed.
    package func start() async throws(AdapterError) {
        do { try await parts.link.start().get() } catch {
            throw AdapterError(key: "url", "cannot start the connection to the adapter process: \(error)")
        }
    }

    package func makeService() -> any Service {
        guard let worker = Worker.current else { preconditionFailure("a service is made on its worker's thread") }
        let parts = parts
        return ProcessService(self, parts.link, parts.bus, worker)
    }

    package func stop() async {
        guard let parts = running.withLock({ $0 }) else { return }
        // Both fail only when the threads are gone already.
        try? await parts.link.stop().get()
        try? await parts.threads.shutdownGracefully()
    }
}

extension AdapterKind {
    /// A process that speaks `fairlead.adapter.v1` or, when it says so itself, Dapr's components.
    package static let process = AdapterKind(
        name: "process", summary: "a process of yours, in any language, by gRPC over a Unix socket"
    ) { settings throws(AdapterError) in ProcessAdapter(try ProcessSettings(settings)) }

    /// A process with Dapr's pluggable components.
    package static let dapr = AdapterKind(
        name: "dapr", summary: "a pluggable component of Dapr: a state store, a pub/sub broker, or both"
    ) { settings throws(AdapterError) in ProcessAdapter(try ProcessSettings(settings, dialect: .dapr)) }
}
