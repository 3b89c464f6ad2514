// A scratch server's process: its log, its readiness and its end.

import Foundation

/// A server started for a test, with its output in a log file.
package final class ServerProcess: Sendable {
    /// What the server is called in errors.
    package let name: String
    /// The path of the file that holds all it printed.
    package let log: String
    private let child: ChildProcess
    private let stopSignal: Int32

    /// Starts a server.
    ///
    /// `user` is taken only when the test runs as root; `stopSignal` is what ends it cleanly.
    package init(
        _ name: String, _ arguments: [String], log: String, env: [String: String] = [:], user: String? = nil,
        stopSignal: Int32 = SIGTERM, deathSignal: String = "KILL", folder: String? = nil
    ) throws {
        self.name = name
        self.log = log
        self.stopSignal = stopSignal
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw SupportError.system("open \(log)") }
        defer { close(output) }
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(nothing) }
        child = try ChildProcess(
            arguments, environment: env, streams: .init(input: nothing, output: output, errors: output),
            rules: .init(user: user, deathSignal: deathSignal, folder: folder))
    }

    package var pid: pid_t { child.pid }
    /// How the server ended; nil while it runs.
    package var ending: ChildProcess.Ending? { child.result }

    /// Waits until `condition` holds; throws with the log's end when the server ends first or takes too long.
    package func waitUntil(_ what: String, timeout: Duration = .seconds(30), _ condition: () -> Bool) throws {
        let deadline = ContinuousClock.now + timeout
        while !condition() {
            if let ending = child.result {
                throw SupportError("\(name) ended with \(ending) before \(what)\n\(logTail)")
            }
            guard ContinuousClock.now < deadline else {
                throw SupportError("\(name): no \(what) after \(timeout)\n\(logTail)")
            }
            usleep(10_000)
        }
    }

    /// Waits until a TCP connection to `port` is accepted.
    package func waitUntilAnswers(_ port: Int, timeout: Duration = .seconds(30)) throws {
        try waitUntil("answer on port \(port)", timeout: timeout) { FreePort.answers(port) }
    }

    /// The last lines of what the server printed.
    package var logTail: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// Ends the server cleanly, or by force when it does not end; a second call does nothing.
    package func stop() { child.stop(stopSignal) }
    /// Kills the server at once, as a crash would.
    package func kill() { child.stop(SIGKILL) }
    /// Stops the server's process from running, so that it accepts but never answers; returns when each thread stands still.
    package func freeze() {
        child.signal(SIGSTOP)
        // The signal is one thread's to take, and until that one gets a core the others run on (signal(7), "stop").
        let deadline = ContinuousClock.now + .seconds(30)
        while !isStandingStill, child.result == nil, ContinuousClock.now < deadline { usleep(1_000) }
    }

    /// Whether all threads are stopped (proc(5), /proc/PID/stat, the field behind the name).
    private var isStandingStill: Bool {
        let tasks = "/proc/\(pid)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return threads.allSatisfy { thread in
            guard let stat = try? String(contentsOfFile: "\(tasks)/\(thread)/stat", encoding: .utf8),
                let name = stat.lastIndex(of: ")")
            else { return true }
            return stat[name...].dropFirst().drop { $0 == " " }.first == "T"
        }
    }

    /// Lets a frozen server run on.
    package func thaw() { child.signal(SIGCONT) }

    deinit { stop() }
}
