// Runs a command to its end and gives what it printed.

import Foundation

/// What a command printed and how it ended.
package struct CommandResult: Sendable {
    package var ending: ChildProcess.Ending
    /// Standard output, byte for byte.
    package var output: Data
    /// Standard error, byte for byte.
    package var errors: Data

    /// The exit status; 128 plus the signal's number when a signal ended it, as a shell says it.
    package var status: Int32 {
        switch ending {
        case .exited(let status): status
        case .signalled(let number): 128 + number
        }
    }
    /// Standard output as text.
    package var text: String { String(decoding: output, as: UTF8.self) }
    /// Standard error as text.
    package var errorText: String { String(decoding: errors, as: UTF8.self) }
}

/// Commands run from tests: `let reply = try await Command.run(["redis-cli", "-p", "\(port)", "ping"])`.
package enum Command {
    /// Runs `arguments` and waits for the end without holding a thread of Swift's pool.
    ///
    /// The first argument is looked up in PATH. `env` is laid over the test's own environment; `input` is the whole of
    /// standard input (nothing by default). A command still running after `timeout` is killed with all it started, and
    /// the call throws. A status other than 0 throws only from `check`.
    package static func run(
        _ arguments: [String], env: [String: String] = [:], input: Data = Data(), folder: String? = nil,
        user: String? = nil, timeout: Duration = .seconds(300)
    ) async throws -> CommandResult {
        try await blocking {
            try runBlocking(arguments, env: env, input: input, folder: folder, user: user, timeout: timeout)
        }
    }

    /// Runs `arguments` as `run` does, and throws with what it printed unless it exits with 0.
    @discardableResult
    package static func check(
        _ arguments: [String], env: [String: String] = [:], input: Data = Data(), folder: String? = nil,
        user: String? = nil, timeout: Duration = .seconds(300)
    ) async throws -> CommandResult {
        try await blocking {
            try checkBlocking(arguments, env: env, input: input, folder: folder, user: user, timeout: timeout)
        }
    }

    /// `run` for code that is not async; it blocks the calling thread.
    package static func runBlocking(
        _ arguments: [String], env: [String: String] = [:], input: Data = Data(), folder: String? = nil,
        user: String? = nil, timeout: Duration = .seconds(300)
    ) throws -> CommandResult {
        // Files rather than pipes: nothing can fill up, and a grandchild that keeps one open holds nobody up.
        let source = try ScratchFile(holding: input)
        let output = try ScratchFile()
        let errors = try ScratchFile()
        let child = try ChildProcess(
            arguments, environment: env,
            streams: .init(input: source.descriptor, output: output.descriptor, errors: errors.descriptor),
            rules: .init(user: user, folder: folder))
        guard let ending = child.wait(timeout) else {
            child.stop(SIGKILL)
            throw SupportError(
                "\(arguments.joined(separator: " ")) still ran after \(timeout)\n\(try errors.text())\(try output.text())"
            )
        }
        return CommandResult(ending: ending, output: try output.contents(), errors: try errors.contents())
    }

    /// `check` for code that is not async; it blocks the calling thread.
    @discardableResult
    package static func checkBlocking(
        _ arguments: [String], env: [String: String] = [:], input: Data = Data(), folder: String? = nil,
        user: String? = nil, timeout: Duration = .seconds(300)
    ) throws -> CommandResult {
        let result = try runBlocking(
            arguments, env: env, input: input, folder: folder, user: user, timeout: timeout)
        guard result.ending == .exited(0) else {
            throw SupportError(
                "\(arguments.joined(separator: " ")) ended with \(result.ending)\n\(result.errorText)\(result.text)")
        }
        return result
    }
}

/// An open file without a name, gone when it is closed.
private final class ScratchFile {
    let descriptor: Int32

    init(holding bytes: Data = Data()) throws {
        var template = Array("/tmp/fairlead-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw SupportError.system("mkstemp") }
        unlink(template)
        try FileHandle(fileDescriptor: descriptor).write(contentsOf: bytes)
        lseek(descriptor, 0, SEEK_SET)
    }

    func contents() throws -> Data {
        lseek(descriptor, 0, SEEK_SET)
        return try FileHandle(fileDescriptor: descriptor).readToEnd() ?? Data()
    }

    func text() throws -> String { String(decoding: try contents(), as: UTF8.self) }

    deinit { close(descriptor) }
}
