// Chooses how the process logs, once, from its configuration.

import Gateway
import Glibc
import Logging

/// Sets up logging for the whole process.
enum LogBootstrap {
    /// Call once, before the first logger is made.
    static func start(_ log: LogConfiguration) {
        let level = Logger.Level(rawValue: log.level.rawValue) ?? .info
        let writesJSON = writesJSON(log.format, isTerminal: isatty(STDERR_FILENO) == 1)
        LoggingSystem.bootstrap(
            { _, provider in
                StandardErrorLogHandler(level: level, writesJSON: writesJSON, metadataProvider: provider)
            }, metadataProvider: nil)
    }

    /// Whether `format` means JSON on this kind of standard error.
    static func writesJSON(_ format: LogFormat, isTerminal: Bool) -> Bool {
        switch format {
        case .json: true
        case .text: false
        case .auto: !isTerminal
        }
    }
}
