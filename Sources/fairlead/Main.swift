// Where the program begins: runs a command and turns its outcome into an exit code.

import ArgumentParser
import Glibc

/// The exit codes of every command.
enum ExitCodes {
    /// The thing asked about failed: a bad configuration, an address that is taken.
    static let failed = ExitCode(1)
    /// The command line itself was wrong.
    static let usage = ExitCode(2)
}

@main
enum Main {
    static func main() async {
        // A peer that has gone is told by the failed send, not by a signal that ends the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Fairlead.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let ending = ending(for: error)
            if ending.code == 0 { print(ending.text) } else if !ending.text.isEmpty { StandardError.write(ending.text) }
            exit(ending.code)
        }
    }

    /// What is said and which code is given for a command that threw; help and the version come this way too, with code 0.
    static func ending(for error: any Error) -> (text: String, code: Int32) {
        if let error = error as? UsageError { return ("Error: \(error)", ExitCodes.usage.rawValue) }
        // A command that told its problems itself throws a bare code, which has no text.
        let text = Fairlead.fullMessage(for: error)
        let code = Fairlead.exitCode(for: error)
        // The library's own code for wrong usage is 64 (sysexits.h).
        return (text, code == .validationFailure ? ExitCodes.usage.rawValue : code.rawValue)
    }
}

/// A command line that could be parsed and still asks for nothing that can be done.
struct UsageError: Error, CustomStringConvertible {
    var message: String
    /// The command whose help tells more.
    var command: String

    var description: String { "\(message)\n  See 'fairlead \(command) --help' for more information." }
}

/// Standard error, a line at a time.
enum StandardError {
    /// Writes `line` and a line feed with one call where the system allows it, so that lines of threads do not mix.
    static func write(_ line: String) { write(part: line + "\n") }

    /// Writes `text` as it is, such as a part of a line.
    static func write(part text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // With nobody to read the log there is nobody to tell.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
