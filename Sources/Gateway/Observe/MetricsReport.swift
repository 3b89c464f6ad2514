// The page that Prometheus reads: every listener's counts, summed over the workers.

import Capabilities
import Glibc
import Reactor

/// A worker's own counts, copied for a report.
package struct WorkerSnapshot: Sendable {
    package let index: Int
    package let counters: WorkerCounters
    package let foreignEnqueues: Int
    package let chunksLent: Int
    package let idleUpstreams: Int
    package let sessionTasksStarted: Int
    /// Of those, the ones that still run.
    package let sessionTasks: Int
    package let listeners: [ListenerSnapshot]
    /// By the private backends' indices.
    package let gates: [GateCounters]
    /// By the shadows.
    package let shadows: [ObjectIdentifier: ShadowSnapshot]
    /// By the listeners' indices; nil where no keys are sampled.
    package let keySamples: [KeySampleSnapshot?]
}

/// Renders snapshots of all workers as one Prometheus page.
struct MetricsReport {
    private struct Row {
        let listener: ListenerState
        let snapshot: ListenerSnapshot

        var labels: [(String, String)] {
            [
                ("listener", listener.name), ("protocol", listener.front.wire.rawValue),
                ("backend", listener.route.name),
            ]
        }

        func labels(command: Int) -> [(String, String)] {
            let names = listener.front.commandNames
            return labels + [("command", command < names.count ? names[command] : "unknown")]
        }
    }

    private let rows: [Row]
    private let listeners: [ListenerState]
    private let workers: [WorkerSnapshot]
    private let privateBackends: [String]
    private let proofs: [BackendProof]
    private let backends: [Backend]
    private var page = PrometheusText()

    /// - Parameter privateBackends: the names by their indices.
    init(
        listeners: [ListenerState], backends: [Backend], privateBackends: [String], proofs: [BackendProof],
        workers: [WorkerSnapshot]
    ) {
        self.listeners = listeners
        self.backends = backends
        self.workers = workers
        self.privateBackends = privateBackends
        self.proofs = proofs
        rows = listeners.map { listener in
            var sum = ListenerSnapshot()
            for worker in workers { sum.add(worker.listeners[listener.index]) }
            return Row(listener: listener, snapshot: sum)
        }
    }

    mutating func render() -> String {
        sessions()
        traffic()
        commands()
        failures()
        refusals()
        ShadowReport(listeners, workers).write(to: &page)
        KeyReport(listeners, workers).write(to: &page)
        circuits()
        delays()
        gaps()
        unverified()
        process()
        return page.text
    }

    private mutating func each(
        _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (Row) -> UInt64
    ) {
        page.family(name, kind, help)
        for row in rows { page.sample(name, row.labels, value(row)) }
    }

    private mutating func sessions() {
        each("fairlead_sessions_total", .counter, "Client connections accepted.") { $0.snapshot.sessionsOpened }
        each("fairlead_sessions_active", .gauge, "Client connections open now.") {
            $0.snapshot.sessionsOpened - $0.snapshot.sessionsClosed
        }
        each("fairlead_upstreams_opened_total", .counter, "Connections made to backends.") {
            $0.snapshot.upstreamsOpened
        }
        each("fairlead_upstreams_reused_total", .counter, "Requests sent on a connection that was open already.") {
            $0.snapshot.upstreamsReused
        }
    }

    private mutating func traffic() {
        page.family("fairlead_bytes_total", .counter, "Bytes passed, by the side that sent them.")
        for row in rows {
            page.sample("fairlead_bytes_total", row.labels + [("from", "client")], row.snapshot.bytesFromClients)
            page.sample("fairlead_bytes_total", row.labels + [("from", "backend")], row.snapshot.bytesFromBackends)
        }
        page.family(
            "fairlead_framing_lost_total", .counter,
            "Sessions in which one side's frames could not be followed any more; bytes passed on.")
        for row in rows {
            for side in ["client", "backend"] {
                page.sample(
                    "fairlead_framing_lost_total", row.labels + [("side", side)], row.snapshot.framingLost[side] ?? 0)
            }
            // Sessions whose TLS passes through, which nobody here can follow.
            if let opaque = row.snapshot.framingLost["opaque"] {
                page.sample("fairlead_framing_lost_total", row.labels + [("side", "opaque")], opaque)
            }
        }
        each("fairlead_untracked_total", .counter, "Commands that passed without being timed.") {
            $0.snapshot.untracked
        }
        each("fairlead_pushes_total", .counter, "Messages from backends that answer no command.") { $0.snapshot.pushes }
    }

    private mutating func commands() {
        page.family("fairlead_commands_total", .counter, "Commands answered.")
        eachCommand { page, row, command, metrics in
            page.sample("fairlead_commands_total", row.labels(command: command), metrics.latency.count)
        }
        page.family("fairlead_command_failures_total", .counter, "Commands answered with an error.")
        eachCommand { page, row, command, metrics in
            page.sample("fairlead_command_failures_total", row.labels(command: command), metrics.failed)
        }
        page.family("fairlead_command_codes_total", .counter, "Answers by error or status code.")
        for row in rows {
            for (key, count) in row.snapshot.codes.sorted(by: {
                ($0.key.command, $0.key.code) < ($1.key.command, $1.key.code)
            }) {
                page.sample(
                    "fairlead_command_codes_total", row.labels(command: key.command) + [("code", key.code)], count)
            }
        }
        page.family(
            "fairlead_command_bytes_total", .counter, "Bytes of commands and of their answers, where they are measured."
        )
        eachCommand { page, row, command, metrics in
            guard metrics.requestBytes > 0 || metrics.responseBytes > 0 else { return }
            let labels = row.labels(command: command)
            page.sample("fairlead_command_bytes_total", labels + [("of", "request")], metrics.requestBytes)
            page.sample("fairlead_command_bytes_total", labels + [("of", "response")], metrics.responseBytes)
        }
        page.family(
            "fairlead_command_duration_seconds", .histogram,
            "From a Redis command's last byte, a PostgreSQL request's first message or an S3 request's head to its answer's last byte."
        )
        eachCommand { page, row, command, metrics in
            page.histogram("fairlead_command_duration_seconds", row.labels(command: command), metrics.latency)
        }
    }

    private mutating func eachCommand(
        _ body: (inout PrometheusText, Row, Int, CommandMetrics) -> Void
    ) {
        for row in rows {
            for (command, metrics) in row.snapshot.commands.enumerated()
            where metrics.latency.count > 0 || metrics.failed > 0 {
                body(&page, row, command, metrics)
            }
        }
    }

    private mutating func failures() {
        page.family("fairlead_failures_total", .counter, "Failures that the gateway itself saw, by cause.")
        for row in rows {
            for (cause, count) in row.snapshot.failures.sorted(by: { $0.key < $1.key }) {
                page.sample("fairlead_failures_total", row.labels + [("cause", cause)], count)
            }
        }
    }

    private mutating func refusals() {
        page.family("fairlead_commands_refused_total", .counter, "Commands that were not let through, by reason.")
        for row in rows {
            for (reason, count) in row.snapshot.refusals.sorted(by: { $0.key < $1.key }) {
                page.sample("fairlead_commands_refused_total", row.labels + [("reason", reason)], count)
            }
        }
    }

    private mutating func circuits() {
        let broken = backends.compactMap { backend in backend.breaker.map { (backend.name, $0.report) } }
        guard !broken.isEmpty else { return }
        page.family(
            "fairlead_backend_circuit", .gauge,
            "The circuit breaker: 0 closed, 1 recovering, 2 one attempt is under way, 3 open.")
        for (name, report) in broken { page.sample("fairlead_backend_circuit", [("backend", name)], report.phase) }
        page.family("fairlead_backend_circuit_openings_total", .counter, "Times that the circuit breaker has opened.")
        for (name, report) in broken {
            page.sample("fairlead_backend_circuit_openings_total", [("backend", name)], report.openings)
        }
    }

    private mutating func delays() {
        guard rows.contains(where: { $0.listener.hasRateLimits }) else { return }
        page.family(
            "fairlead_commands_delayed_total", .counter, "Commands that a rate limit has made wait before they passed.")
        for row in rows where row.listener.hasRateLimits {
            page.sample("fairlead_commands_delayed_total", row.labels, row.snapshot.delayed)
        }
    }

    private mutating func gaps() {
        guard !privateBackends.isEmpty else { return }
        page.family(
            "fairlead_emulated_total", .counter, "Operations that the gateway emulated because the backend lacks them.")
        for (index, name) in privateBackends.enumerated() {
            let count = workers.reduce(0) { $0 + $1.gates[index].emulated }
            page.sample("fairlead_emulated_total", [("backend", name)], count)
        }
        eachGap("fairlead_refused_total", "Operations that were refused, by the capability that is missing.", \.refused)
        eachGap("fairlead_ignored_total", "Options accepted without effect, by capability.", \.ignored)
    }

    private mutating func unverified() {
        guard !proofs.isEmpty else { return }
        page.family(
            "fairlead_backend_unverified", .gauge, "1 where no conformance report proves what the backend can do.")
        for (name, proof) in zip(privateBackends, proofs) {
            page.sample("fairlead_backend_unverified", [("backend", name)], proof.isUnverified ? 1 : 0)
        }
    }

    private mutating func eachGap(_ name: String, _ help: String, _ path: KeyPath<GateCounters, [Capability: Int]>) {
        page.family(name, .counter, help)
        for (index, backend) in privateBackends.enumerated() {
            var sum: [Capability: Int] = [:]
            for worker in workers { sum.merge(worker.gates[index][keyPath: path], uniquingKeysWith: +) }
            for capability in Capability.allCases {
                guard let count = sum[capability] else { continue }
                page.sample(name, [("backend", backend), ("capability", capability.name)], count)
            }
        }
    }

    private mutating func process() {
        eachWorker("fairlead_worker_turns_total", .counter, "Times the event loop woke.") { $0.counters.turns }
        eachWorker("fairlead_worker_yields_total", .counter, "Times the loop let other threads run before it waited.") {
            $0.counters.yields
        }
        eachWorker("fairlead_worker_enqueues_total", .counter, "Task steps enqueued on the worker's own thread.") {
            $0.counters.enqueues
        }
        eachWorker("fairlead_worker_foreign_enqueues_total", .counter, "Task steps enqueued by another thread.") {
            $0.foreignEnqueues
        }
        eachWorker("fairlead_worker_sockets", .gauge, "Sockets open now.") { $0.counters.openSockets }
        eachWorker("fairlead_worker_receive_calls_total", .counter, "System calls that receive.") {
            $0.counters.receiveCalls
        }
        eachWorker("fairlead_worker_send_calls_total", .counter, "System calls that send.") { $0.counters.sendCalls }
        eachWorker(
            "fairlead_worker_queued_bytes_total", .counter, "Bytes copied because a peer did not take them at once."
        ) {
            $0.counters.bytesQueued
        }
        eachWorker("fairlead_worker_chunks", .gauge, "64 KiB chunks that hold queued bytes now.") { $0.chunksLent }
        eachWorker("fairlead_worker_idle_upstreams", .gauge, "Upstreams that wait for a request.") { $0.idleUpstreams }
        eachWorker("fairlead_session_tasks_started_total", .counter, "Tasks of sessions that began to run.") {
            $0.sessionTasksStarted
        }
        eachWorker("fairlead_session_tasks", .gauge, "Tasks of sessions that run now.") { $0.sessionTasks }
    }

    private mutating func eachWorker(
        _ name: String, _ kind: PrometheusText.Kind, _ help: String, _ value: (WorkerSnapshot) -> Int
    ) {
        page.family(name, kind, help)
        for worker in workers { page.sample(name, [("worker", "\(worker.index)")], value(worker)) }
    }
}
