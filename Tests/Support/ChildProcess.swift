// A child process started with posix_spawn, ended with its group, and never outliving the test process.

import Foundation
import Synchronization

/// A running child process and everything in its process group.
///
/// It is started by one thread that never ends, under `setpriv --pdeathsig`, so that the kernel ends it when the test
/// process dies in any way. (The kernel watches the *thread* that started the child, and pool threads come and go.)
package final class ChildProcess: Sendable {
    /// How a child ended.
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// The descriptors a child gets as standard input, output and error.
    struct Streams {
        var input: Int32
        var output: Int32
        var errors: Int32
    }

    /// The user a child runs as, and the signal it gets when the test process dies.
    struct Rules {
        var user: String?
        var deathSignal = "KILL"
        var folder: String?
    }

    package let pid: pid_t
    private let ending = Mutex<Ending?>(nil)
    private let ended = DispatchGroup()

    /// Starts `arguments`; the first is looked up in PATH.
    ///
    /// Throws `SupportError` when it cannot be started.
    init(_ arguments: [String], environment: [String: String], streams: Streams, rules: Rules = Rules()) throws {
        var line = ["setpriv", "--pdeathsig", rules.deathSignal]
        if let user = rules.user, geteuid() == 0 {
            line += ["--reuid", user, "--regid", user, "--init-groups"]
        }
        line += ["--"]
        if let folder = rules.folder { line += ["env", "-C", folder] }
        line += arguments
        let environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        let started = SpawnThread.shared.run { [line] in
            spawn(line, environment: environment, streams: streams)
        }
        pid = try started.get()
        ended.enter()
        let reaper = Thread { [self] in reap() }
        reaper.stackSize = 256 << 10
        reaper.start()
    }

    /// How the child ended, or nil while it runs.
    package var result: Ending? { ending.withLock { $0 } }

    /// Waits for the end, at most `timeout`; nil when it still runs.
    package func wait(_ timeout: Duration) -> Ending? {
        _ = ended.wait(timeout: .now() + .milliseconds(timeout.milliseconds))
        return result
    }

    /// Sends a signal to the child alone; nothing when it has ended.
    package func signal(_ number: Int32) {
        ending.withLock { ending in
            if ending == nil { kill(pid, number) }
        }
    }

    /// Asks the child to end with `first`, and kills its whole group when it has not within `grace`.
    package func stop(_ first: Int32 = SIGTERM, grace: Duration = .seconds(10)) {
        signal(SIGCONT)
        signal(first)
        if wait(grace) != nil { return }
        ending.withLock { ending in
            if ending == nil { _ = kill(-pid, SIGKILL) }
        }
        _ = wait(.seconds(10))
    }

    private func reap() {
        var info = siginfo_t()
        // WNOWAIT leaves the id taken until the lock is held, so that no signal can reach a stranger.
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        ending.withLock { ending in
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            ending = status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
        }
        ended.leave()
    }
}

/// Starts one program in a process group of its own with default signal handling and no inherited descriptors.
func spawn(
    _ arguments: [String], environment: [String], streams: ChildProcess.Streams
) -> Result<pid_t, SupportError> {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, streams.input, 0)
    posix_spawn_file_actions_adddup2(&actions, streams.output, 1)
    posix_spawn_file_actions_adddup2(&actions, streams.errors, 2)
    // Swift's Glibc module does not show addclosefrom_np. Closing a descriptor that is not open is no error, and other
    // threads open some between this look and the start, which take the lowest free numbers.
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in 3...(max(3, open.compactMap(Int32.init).max() ?? 3) + 64) {
        posix_spawn_file_actions_addclose(&actions, descriptor)
    }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
        &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let argumentStrings = arguments.map { strdup($0) }
    let environmentStrings = environment.map { strdup($0) }
    defer { (argumentStrings + environmentStrings).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawnp(
        &pid, arguments[0], &actions, &attributes, argumentStrings + [nil], environmentStrings + [nil])
    guard code == 0 else {
        let why = String(cString: strerror(code))
        return .failure(SupportError("cannot start \(arguments.joined(separator: " ")): \(why)"))
    }
    return .success(pid)
}

/// The one thread that starts children; it lives as long as the test process.
private final class SpawnThread: Sendable {
    static let shared = SpawnThread()
    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        Thread { [self] in
            while true {
                wake.wait()
                let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                job?()
            }
        }.start()
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Result<Value, SupportError>) -> Result<
        Value, SupportError
    > {
        let done = DispatchSemaphore(value: 0)
        let slot = Slot<Value>()
        jobs.withLock {
            $0.append {
                let value = body()
                slot.value.withLock { $0 = value }
                done.signal()
            }
        }
        wake.signal()
        done.wait()
        return slot.value.withLock { $0 } ?? .failure(SupportError("the starting thread gave no answer"))
    }

    private final class Slot<Value: Sendable>: Sendable {
        let value = Mutex<Result<Value, SupportError>?>(nil)
    }
}
