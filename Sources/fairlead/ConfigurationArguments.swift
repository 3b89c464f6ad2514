// The options that make a configuration, shared by `serve` and `check`.

import ArgumentParser
import Gateway

/// Listeners given on the command line, and settings that stand over a file's.
struct ConfigurationArguments: ParsableArguments {
    @Option(help: ArgumentHelp("A Redis listener and its backend; repeatable.", valueName: "LISTEN=URL"))
    var redis: [String] = []

    @Option(help: ArgumentHelp("A PostgreSQL listener and its backend; repeatable.", valueName: "LISTEN=URL"))
    var postgres: [String] = []

    @Option(
        help: ArgumentHelp(
            "An S3 listener and its backend; repeatable. LISTEN is a port on 127.0.0.1, host:port or unix:PATH.",
            valueName: "LISTEN=URL"))
    var s3: [String] = []

    @Option(
        help: ArgumentHelp("Where metrics, health and the configuration are served over HTTP.", valueName: "LISTEN"))
    var admin: String?

    @Option(help: ArgumentHelp("Threads that carry sessions (default: one per core).", valueName: "COUNT"))
    var workers: Int?

    @Option(
        help: ArgumentHelp("What workers wait with: epoll or io_uring (default: epoll).", valueName: "ENGINE"))
    var reactor: String?

    @Option(
        help: ArgumentHelp(
            "trace, debug, info, notice, warning, error or critical (default: info).", valueName: "LEVEL"))
    var logLevel: String?

    @Option(help: ArgumentHelp("auto, text or json (default: auto, text on a terminal).", valueName: "FORMAT"))
    var logFormat: String?

    @Option(
        help: ArgumentHelp(
            "How long sessions may still run after a stop was asked for, such as 20s.", valueName: "DURATION"))
    var shutdownGrace: String?

    /// Whether a listener was given here.
    var hasRoutes: Bool { !(redis.isEmpty && postgres.isEmpty && s3.isEmpty) }

    private var options: ConfigurationOptions {
        var options = ConfigurationOptions()
        options.routes =
            redis.map { (.redis, $0) } + postgres.map { (.postgres, $0) } + s3.map { (.s3, $0) }
        options.admin = admin
        options.workers = workers
        options.reactor = reactor
        options.logLevel = logLevel
        options.logFormat = logFormat
        options.shutdownGrace = shutdownGrace
        return options
    }

    /// Refuses a file together with listeners, and neither of the two unless there is a store to stand in.
    func validate(file: String?, command: String, fileUsage: String, standsIn: Bool = false) throws {
        if file != nil, hasRoutes {
            throw UsageError(
                message: """
                    Listeners come from a file or from --redis, --postgres and --s3, not from both: \
                    put the listener into the file.
                    """, command: command)
        }
        if file == nil, !hasRoutes, !standsIn {
            throw UsageError(
                message: """
                    Nothing to \(command): give a file or at least one listener, for example
                      fairlead \(command) --redis \(ConfigurationOptions.example(of: .redis))
                      fairlead \(command) \(fileUsage)
                    """, command: command)
        }
    }

    /// The configuration of `file` with these options over it, or of the options alone.
    ///
    /// - Throws: an exit code, after every problem was printed to standard error.
    func configuration(file: String?, embedded folder: String? = nil, checkingFiles: Bool) throws -> Configuration {
        let review = ConfigurationReview(
            adapters: ShippedKinds.registry, conformance: ShippedProofs.gate(file: file))
        do throws(ConfigurationError) {
            guard let file else {
                var options = options
                if let folder, !hasRoutes { options.routes = ConfigurationOptions.embeddedRoutes(folder: folder) }
                return try options.configuration(review: review)
            }
            return try options.configuration(
                over: ConfigurationFile.load(file, checkingFiles: checkingFiles, review: review))
        } catch {
            for problem in error.problems { StandardError.write("error: \(problem)") }
            // An option that cannot be read is wrong usage; a file that cannot be used is the thing asked about.
            let fromOptions = error.problems.allSatisfy { $0.source.hasPrefix("--") }
            throw fromOptions ? ExitCodes.usage : ExitCodes.failed
        }
    }
}
