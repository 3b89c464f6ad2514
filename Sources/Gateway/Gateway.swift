// The running gateway: workers, listeners, sessions, and their orderly end.

import Capabilities
import Logging
import Reactor
import Synchronization
import Usage

/// A listener that is bound: what a start prints.
package struct BoundListener: Sendable, Equatable {
    package let name: String
    package let protocolName: String
    package let addresses: [String]
    package let destination: String
}

/// Why the gateway could not be started: the listener or backend, and the cause.
package struct StartError: Error, CustomStringConvertible {
    package let description: String
}

/// Listeners, workers and sessions of one configuration.
package final class Gateway: Sendable {
    private struct Running {
        var tasks: [Task<Void, Never>] = []
        var sweepers: [Task<Void, Never>] = []
        var shadows: [Task<Void, Never>] = []
        var migrations: [Task<Void, Never>] = []
        var keeping: Task<Void, Never>?
        var isStarted = false
        var isOver = false
    }

    private let configuration: Configuration
    private let logger: Logger
    private let listeners: [ListenerState]
    private let shadows: [ShadowPlace]
    private let migrations: [ListenerMigration]
    private let backends: [Backend]
    private let privateBackends: [PrivateBackend]
    /// By the private backends' indices; empty where no proof was asked for.
    private let proofs: [BackendProof]
    let workers: [WorkerState]
    private let usage: UsageKeeper?
    private let stop = StopSignal()
    private let running = Mutex(Running())

    /// Prepares everything that needs no socket; certificates and reports are read here.
    ///
    /// - Parameter conformance: what a private backend's proof has to be; nil for a run that is to bring the proof.
    package init(
        configuration: Configuration, fronts: [any Front], adapters: AdapterRegistry = AdapterRegistry(),
        conformance: ConformanceGate? = nil, logger: Logger
    ) throws {
        self.configuration = configuration
        self.logger = logger
        var routes: [String: Route] = [:]
        var backends: [Backend] = []
        for (index, settings) in configuration.backends.enumerated() {
            let alpn = fronts.first { $0.wire == settings.protocol }?.backendALPN ?? []
            try conformance?.check(settings, in: configuration)
            do {
                backends.append(try Backend(settings, index: index, alpn: alpn))
                routes[settings.name] = .trusted(backends[index])
            } catch {
                throw StartError(description: "backend '\(settings.name)': \(error)")
            }
        }
        if let finding = AdapterChecks.findings(in: configuration, adapters).first { throw finding }
        var privateBackends: [PrivateBackend] = []
        var proofs: [BackendProof] = []
        for (index, settings) in configuration.privateBackends.enumerated() {
            do {
                let adapter = try adapters.adapter(for: settings)
                privateBackends.append(PrivateBackend(settings, index: index, adapter: adapter))
                if let conformance { proofs.append(try conformance.proof(of: settings, in: configuration)) }
                routes[settings.name] = .adapted(privateBackends[index])
            } catch let finding as ConfigurationChecks.Finding {
                throw finding
            } catch {
                throw StartError(description: "backend '\(settings.name)': \(error)")
            }
        }
        self.backends = backends
        self.privateBackends = privateBackends
        self.proofs = proofs
        let count = max(1, configuration.workers ?? Machine.coreCount)
        var listeners: [ListenerState] = []
        for (index, settings) in configuration.listeners.enumerated() {
            guard let front = fronts.first(where: { $0.wire == settings.protocol }) else {
                throw StartError(
                    description:
                        "listener '\(settings.name)': this build has no front for \(settings.protocol.rawValue)")
            }
            let listenerName = settings.name
            let targets = try settings.allRoutes.enumerated().map { place, settings throws(StartError) in
                guard let target = routes[settings.backend] else {
                    throw StartError(
                        description:
                            "listener '\(listenerName)': no backend is called '\(settings.backend)'")
                }
                return ListenerRoute(configuration: settings, index: place, target: target)
            }
            do {
                listeners.append(
                    try ListenerState(settings, index: index, front: front, routes: targets, workers: count))
            } catch {
                throw StartError(description: "listener '\(settings.name)': \(error)")
            }
        }
        self.listeners = listeners
        shadows = try ShadowPlace.all(of: listeners, to: routes)
        let shadowed = listeners + shadows.flatMap { [$0.primary, $0.candidate] }
        migrations = try ListenerMigration.all(
            of: listeners, to: routes, in: configuration, next: shadowed.count, workers: count)
        let places = shadowed + migrations.flatMap(\.internalListeners)
        usage = configuration.usage.isEnabled ? UsageKeeper(configuration.usage, logger: logger) : nil
        let resolver = Resolver()
        let migrations = migrations
        let threads = try Self.workers(count, configuration.reactor, logger)
        workers = threads.map { worker in
            WorkerState(
                worker: worker, resolver: resolver, listeners: places,
                backendCount: configuration.backends.count, privateBackendCount: privateBackends.count,
                migrations: migrations, usage: configuration.usage)
        }
    }

    /// The threads, with epoll where the system has not what is asked for.
    private static func workers(_ count: Int, _ engine: ReactorEngine, _ logger: Logger) throws -> [Worker] {
        guard engine != .epoll else { return try (0..<count).map { try Worker(index: $0) } }
        do {
            return try (0..<count).map { try Worker(index: $0, engine: engine) }
        } catch {
            logger.notice(
                "\(engine.rawValue) is not to be had here, so epoll is used (reactor)", metadata: ["reason": "\(error)"]
            )
            return try (0..<count).map { try Worker(index: $0) }
        }
    }

    // MARK: Start

    /// Opens what the adapters keep: files are read, logs replayed.
    ///
    /// Comes before ``start()``.
    package func startAdapters() async throws {
        for (backend, proof) in zip(privateBackends, proofs) {
            guard case .unverified(let reason) = proof else { continue }
            logger.warning(
                "unverified: no conformance report proves what this backend can do",
                metadata: ["backend": "\(backend.name)", "reason": "\(reason)"])
        }
        for (index, backend) in privateBackends.enumerated() {
            do {
                try await backend.adapter.start()
                for notice in backend.adapter.notices {
                    logger.notice("\(notice)", metadata: ["backend": "\(backend.name)"])
                }
            } catch {
                for started in privateBackends[..<index] { await started.adapter.stop() }
                throw StartError(description: "backend '\(backend.name)': \(error)")
            }
        }
    }

    /// Binds every listener and starts the workers; nothing is accepted when one cannot be bound.
    package func start() throws -> [BoundListener] {
        Machine.raiseFileLimit()
        var sockets: [(ListenerState, [BoundSocket])] = []
        for listener in listeners {
            var bound: [BoundSocket] = []
            for endpoint in listener.configuration.listen {
                do {
                    bound += try BoundSocket.bind(endpoint, workers: workers.count)
                } catch {
                    throw StartError(
                        description:
                            "listener '\(listener.name)' cannot listen on \(endpoint): \(error); \(BoundSocket.advice(after: error))"
                    )
                }
            }
            sockets.append((listener, bound))
        }
        for state in workers { try state.worker.start() }
        let sweepers = workers.map { state in
            Task(executorPreference: state.worker) { await state.upstreams.sweep() }
        }
        let shadowing = shadows.map { $0.start(on: workers, logger: logger) }
        let moving = migrations.map { $0.start(on: workers, logger: logger) }
        let tasks = sockets.flatMap { listener, bound in bound.map { accept($0, for: listener) } }
        running.withLock {
            $0.tasks = tasks
            $0.sweepers = sweepers
            $0.shadows = shadowing
            $0.migrations = moving
            $0.keeping = usage?.isSaved == true ? Task { await keepUsage() } : nil
            $0.isStarted = true
        }
        return sockets.map { listener, bound in
            var addresses: [String] = []
            for socket in bound where !addresses.contains("\(socket.address)") { addresses.append("\(socket.address)") }
            return BoundListener(
                name: listener.name, protocolName: listener.front.wire.rawValue, addresses: addresses,
                destination: served(listener).destination)
        }
    }

    private func accept(_ socket: BoundSocket, for listener: ListenerState) -> Task<Void, Never> {
        let home = workers[socket.worker]
        let acceptor = Acceptor(
            listener: listener, home: home, places: socket.isShared ? workers : [home],
            grace: configuration.shutdownGrace, logger: logger)
        let stop = stop
        return Task(executorPreference: home.worker) { await acceptor.run(socket.listening, stop: stop) }
    }

    // MARK: Stop

    /// Stops accepting, lets sessions finish within the shutdown grace, and closes the rest.
    package func drain() async {
        stop.drain()
        for state in workers { state.worker.submit { state.startDraining() } }
        await finish()
    }

    /// Ends every session at once; a drain that is under way returns soon after.
    package func abort() {
        stop.abort()
        for task in running.withLock({ $0.tasks }) { task.cancel() }
    }

    private func finish() async {
        for task in running.withLock({ $0.tasks }) { await task.value }
        // Nobody is left to be compared with, and shadows ask as clients do.
        let shadows = running.withLock { $0.shadows }
        for task in shadows { task.cancel() }
        for task in shadows { await task.value }
        let moving = running.withLock { $0.migrations }
        for task in moving { task.cancel() }
        for task in moving { await task.value }
        let sweepers = running.withLock { $0.sweepers }
        for task in sweepers { task.cancel() }
        for task in sweepers { await task.value }
        for state in workers {
            await Task(executorPreference: state.worker) {
                await state.closeShared()
                await state.closeGates()
            }.value
        }
        let keeping = running.withLock { $0.keeping }
        keeping?.cancel()
        await keeping?.value
        await saveUsage()
        for backend in privateBackends { await backend.adapter.stop() }
        running.withLock { $0.isOver = true }
        for state in workers { state.worker.stop() }
    }

    // MARK: Looking in

    /// Whether new clients are served, and if not, why.
    package var readiness: (ready: Bool, reason: String) {
        if stop.isDraining { return (false, "shutting down") }
        return running.withLock { $0.isStarted } ? (true, "accepting") : (false, "starting")
    }

    /// The Prometheus page.
    package func metrics() async -> String {
        var report = MetricsReport(
            listeners: listeners.map(served), backends: backends, privateBackends: privateBackends.map(\.name),
            proofs: proofs,
            workers: await snapshots())
        return report.render()
    }

    /// What the shadows have found, as JSON or as a table for a terminal.
    package func shadowReport(asTable: Bool) async -> String {
        let report = ShadowReport(listeners, await snapshots())
        return asTable ? report.text : report.json(in: configuration)
    }

    /// `listener` as it leads to the place that serves: another one after the cut-over of its data.
    private func served(_ listener: ListenerState) -> ListenerState {
        migrations.first { $0.atSource === listener }?.serving ?? listener
    }

    /// How far the migrations of listeners' data are, as JSON.
    package var migrationReport: String {
        "{\"migrations\": [\(migrations.map { "\n  \($0.json)" }.joined(separator: ","))]}\n"
    }

    /// Gives the migration of `listener` an order in words; false when there is no such listener or order.
    package func orderMigration(of listener: String, _ words: [String]) -> Bool {
        migrations.first { $0.name == listener }?.take(order: words) ?? false
    }

    /// Which keys are hot and which values big, as JSON or as a table for a terminal.
    package func keyReport(asTable: Bool) async -> String {
        let report = KeyReport(listeners, await snapshots())
        return asTable ? report.text : report.json
    }

    /// What clients of the private backend called `name` may count on, as far as its connections have taught it.
    package func effectiveManifest(of name: String) async -> Manifest? {
        guard let backend = privateBackends.first(where: { $0.name == name }) else { return nil }
        for state in workers {
            let manifest: Manifest? = await withCheckedContinuation { continuation in
                let isTaken = state.worker.submit {
                    continuation.resume(returning: state.gates[backend.index]?.current.manifest)
                }
                if !isTaken { continuation.resume(returning: nil) }
            }
            if let manifest { return manifest }
        }
        return GapResolution(backend.adapter.manifest, gaps: backend.configuration.gaps).manifest
    }

    /// What each worker counts, copied on its own thread.
    package func snapshots() async -> [WorkerSnapshot] { await ofWorkers(\.snapshot) ?? [] }

    /// What `read` gives for each worker, on its own thread; nil when they do not run.
    private func ofWorkers<Value: Sendable>(_ read: @escaping @Sendable (WorkerState) -> Value) async -> [Value]? {
        guard running.withLock({ $0.isStarted && !$0.isOver }) else { return nil }
        var values: [Value] = []
        for state in workers {
            let value: Value? = await withCheckedContinuation { continuation in
                // A worker that stops just now takes nothing any more.
                if !state.worker.submit({ continuation.resume(returning: read(state)) }) {
                    continuation.resume(returning: nil)
                }
            }
            guard let value else { return nil }
            values.append(value)
        }
        return values
    }

    // MARK: What applications use

    /// What applications were seen to use; nil when that is not recorded.
    package func usageProfile() async -> Profile? {
        guard let usage else { return nil }
        guard let counts = await ofWorkers({ state in state.usage.map { $0?.snapshots ?? [] } }) else { return nil }
        return usage.profile(of: counts, at: listeners)
    }

    /// Forgets what applications were seen to use, in memory and in the file; false when that is not recorded.
    package func resetUsage() async -> Bool {
        guard let usage else { return false }
        guard await ofWorkers({ state in for usage in state.usage { usage?.reset() } }) != nil else { return false }
        usage.reset()
        await saveUsage()
        return true
    }

    private func saveUsage() async {
        guard let usage, usage.isSaved, let profile = await usageProfile() else { return }
        usage.save(profile)
    }

    private func keepUsage() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: UsageKeeper.interval)
            if !Task.isCancelled { await saveUsage() }
        }
    }
}

extension WorkerState {
    fileprivate var snapshot: WorkerSnapshot {
        WorkerSnapshot(
            index: worker.index, counters: worker.counters, foreignEnqueues: worker.foreignEnqueueCount,
            chunksLent: worker.chunks.lent, idleUpstreams: upstreams.count,
            sessionTasksStarted: sessionTasksStarted, sessionTasks: sessionTaskCount,
            listeners: metrics.map(\.snapshot),
            gates: gates.map { $0?.counters ?? GateCounters() },
            shadows: shadows.mapValues(\.snapshot), keySamples: keySamples.map { $0?.snapshot })
    }
}
