// The `fairlead` executable as a test runs it: started, looked into, and stopped.

import Foundation
import TestSupport

/// A running `fairlead serve`; ended by `stop()` or at deinit.
final class Fairlead: Sendable {
    let process: ServerProcess
    /// Where each listener listens, by its name; the admin listener is `admin`.
    let addresses: [String: String]
    private let folder: TemporaryFolder
    /// The server behind it, which lives as long.
    private let server: RedisServer?
    /// The two streams in one file: the lines of the start, then the log.
    private var logPath: String { folder.file("log") }

    /// Starts `fairlead serve` with a configuration file that holds `yaml`, and waits until it listens.
    ///
    /// `wrapper` is a program that runs the gateway, with its arguments.
    convenience init(
        yaml: String, _ arguments: [String] = [], under wrapper: [String] = [], keeping server: RedisServer? = nil
    ) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("fairlead.yaml", yaml)
        try self.init(["--config", path] + arguments, under: wrapper, folder: folder, server: server)
    }

    /// Starts `fairlead serve` with `arguments`, among them `--admin`, and waits until it listens.
    convenience init(_ arguments: [String]) throws {
        try self.init(arguments, under: [], folder: TemporaryFolder(), server: nil)
    }

    /// Starts a gateway with one Redis listener, `redis`, whose backend is `cache`.
    ///
    /// `listener` and `backend` are further lines of the two sections, `top` of the file.
    convenience init(
        toRedis url: String, listen: String = "127.0.0.1:0", listener: [String] = [], backend: [String] = [],
        top: [String] = [], under wrapper: [String] = [], keeping server: RedisServer? = nil
    ) throws {
        let lines =
            ["admin: 127.0.0.1:0", "workers: 2"] + top
            + ["listeners:", "  redis:", "    protocol: redis", "    listen: \"\(listen)\"", "    backend: cache"]
            + listener.map { "    " + $0 }
            + ["backends:", "  cache:", "    url: \"\(url)\""] + backend.map { "    " + $0 }
        try self.init(yaml: lines.joined(separator: "\n") + "\n", under: wrapper, keeping: server)
    }

    convenience init(
        to server: RedisServer, listener: [String] = [], backend: [String] = [], top: [String] = []
    ) throws {
        try self.init(
            toRedis: "redis://127.0.0.1:\(server.port)", listener: listener, backend: backend, top: top,
            keeping: server)
    }

    /// FAIRLEAD_REACTOR=io_uring plays the same tests over the other engine.
    private static let reactor =
        ProcessInfo.processInfo.environment["FAIRLEAD_REACTOR"].map { ["--reactor", $0] } ?? []

    private init(_ arguments: [String], under wrapper: [String], folder: TemporaryFolder, server: RedisServer?) throws {
        self.folder = folder
        self.server = server
        let log = folder.file("log")
        process = try ServerProcess(
            "fairlead", wrapper + [try Tools.fairlead, "serve"] + arguments + Self.reactor, log: log)
        // The admin line is the last of a start.
        try process.waitUntil("the line of the admin listener") { Self.text(of: log).contains("admin: http on ") }
        addresses = Self.addresses(in: Self.text(of: log))
    }

    deinit { process.stop() }

    private static func text(of path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The addresses in lines such as `cache: redis on 127.0.0.1:6380 -> backend (URL)`.
    private static func addresses(in text: String) -> [String: String] {
        var addresses: [String: String] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("{") {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count >= 4, parts[0].hasSuffix(":"), parts[2] == "on" else { continue }
            addresses[String(parts[0].dropLast())] = String(parts[3])
        }
        return addresses
    }

    var pid: pid_t { process.pid }
    /// Everything the process has printed.
    var log: String { Self.text(of: logPath) }

    func port(_ listener: String = "redis") -> Int {
        Int(addresses[listener]?.split(separator: ":").last ?? "") ?? 0
    }

    /// A client of the listener `redis`; the gateway lives as long as it.
    func connect(receiveBuffer: Int32? = nil) throws -> RawConnection {
        let connection = try RawConnection(port: port(), receiveBuffer: receiveBuffer)
        connection.gateway = self
        return connection
    }

    // MARK: The end

    /// Sends a signal and leaves the rest to the process.
    func signal(_ number: Int32) { kill(pid, number) }

    /// How the process ended; throws when it still runs after `timeout`.
    func ending(within timeout: Duration = .seconds(20)) throws -> ChildProcess.Ending {
        try eventually("the end of fairlead", within: timeout) { process.ending != nil }
        guard let ending = process.ending else { throw SupportError("fairlead still runs") }
        return ending
    }

    func stop() { process.stop() }

    // MARK: Looking in

    /// What the admin listener answers to a GET.
    func get(_ path: String) throws -> (status: Int, body: String) {
        let connection = try RawConnection(port: port("admin"))
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let answer = String(decoding: try connection.rest(), as: UTF8.self)
        guard let end = answer.range(of: "\r\n\r\n"), let status = Int(answer.dropFirst(9).prefix(3)) else {
            throw SupportError("not an HTTP answer: \(answer)")
        }
        return (status, String(answer[end.upperBound...]))
    }

    func metrics() throws -> FairleadMetrics {
        let answer = try get("/metrics")
        guard answer.status == 200 else { throw SupportError("/metrics answered \(answer.status)") }
        return FairleadMetrics(text: answer.body)
    }

    /// Waits until `condition` holds of the metrics, and gives them.
    @discardableResult
    func settles(
        _ what: String, within timeout: Duration = .seconds(90), _ condition: (FairleadMetrics) -> Bool
    ) throws -> FairleadMetrics {
        var last = try metrics()
        try eventually(what, within: timeout) {
            last = try metrics()
            return condition(last)
        }
        return last
    }

    /// Descriptors that the process has open.
    var descriptorCount: Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? -1
    }

    /// The most memory that was ever resident, in bytes.
    var peakMemory: Int { status("VmHWM:") }

    /// Memory that is resident now, in bytes.
    var residentMemory: Int { status("VmRSS:") }

    private func status(_ field: String) -> Int {
        let line = Self.text(of: "/proc/\(pid)/status").split(separator: "\n").first { $0.hasPrefix(field) }
        let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return (Int(number ?? "") ?? 0) << 10
    }
}

/// A Prometheus page.
struct FairleadMetrics {
    let text: String

    /// The sum of the samples of `name` whose labels hold all of `labels`, each spelled `key="value"`.
    func sum(_ name: String, _ labels: String...) -> Int {
        var sum = 0.0
        for line in text.split(separator: "\n") where line.hasPrefix(name + "{") || line.hasPrefix(name + " ") {
            guard labels.allSatisfy(line.contains), let value = line.split(separator: " ").last else { continue }
            sum += Double(value) ?? 0
        }
        return Int(sum)
    }

    /// Nothing of a session is left: none open, no queued byte, no socket, no task.
    var isEmpty: Bool {
        sum("fairlead_sessions_active") == 0 && sum("fairlead_worker_chunks") == 0
            && sum("fairlead_worker_sockets") == 0 && sum("fairlead_session_tasks") == 0
    }
}

/// Looks until `condition` holds; throws when it does not within `timeout`.
func eventually(
    _ what: String, within timeout: Duration = .seconds(90), _ condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + timeout
    while try !condition() {
        guard ContinuousClock.now < deadline else { throw SupportError("not seen within \(timeout): \(what)") }
        usleep(5_000)
    }
}
