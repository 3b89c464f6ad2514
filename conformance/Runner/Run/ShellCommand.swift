// A command of the run's, such as the one that restarts the target.

import Foundation

/// Runs shell commands.
enum ShellCommand {
    /// Why a command came to nothing.
    struct Problem: Error {
        var description: String
    }

    /// Runs `command` in a shell, with its output dropped and its errors shown, until it ends.
    ///
    /// What it leaves in the background may live on: only the shell is waited for, and nothing of ours but standard error stays open in it.
    /// Throws when it cannot be started, does not end by `deadline`, or ends with anything but 0.
    static func run(_ command: String, until deadline: Deadline) throws(Problem) {
        let process = try start(command)
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            guard !deadline.hasPassed else {
                kill(process, SIGKILL)
                waitpid(process, &status, 0)
                throw Problem(description: "did not end in time: it has to leave the server in the background")
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
        // The low bits are the signal that ended it, the next byte its exit code (wait(2)).
        guard status & 0x7F == 0 else { throw Problem(description: "was ended by signal \(status & 0x7F)") }
        guard status == 0 else { throw Problem(description: "ended with \(status >> 8 & 0xFF)") }
    }

    /// Foundation's `Process` would wait for every descendant that holds its descriptors.
    private static func start(_ command: String) throws(Problem) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        keepOwnDescriptors()
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/sh"), strdup("-c"), strdup(command), nil]
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = ProcessInfo.processInfo.environment.map {
            strdup("\($0.key)=\($0.value)")
        }
        environment.append(nil)
        defer { for variable in environment { free(variable) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, "/bin/sh", &actions, nil, &arguments, &environment)
        guard code == 0 else { throw Problem(description: "could not be run: \(String(cString: strerror(code)))") }
        return process
    }

    /// Has the system close every descriptor but the standard ones in what is started: reference clients do not ask for that, and a
    /// server that inherits a connection would keep it open.
    private static func keepOwnDescriptors() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for number in names.compactMap({ Int32($0) }) where number > STDERR_FILENO {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
    }
}
