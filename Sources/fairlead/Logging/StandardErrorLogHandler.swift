// Writes log lines to standard error, as text or as JSON.

import Glibc
import Logging

/// A log handler that writes each event as one line to standard error.
struct StandardErrorLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    /// Whether lines are JSON objects.
    let writesJSON: Bool

    init(level: Logger.Level, writesJSON: Bool, metadataProvider: Logger.MetadataProvider? = nil) {
        logLevel = level
        self.writesJSON = writesJSON
        self.metadataProvider = metadataProvider
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let line = line(for: event, time: Self.now())
        StandardError.write(writesJSON ? line.json : line.text)
    }

    /// The line of `event`: the call's metadata stands over the provider's, the provider's over the logger's.
    func line(for event: LogEvent, time: String) -> LogLine {
        var all = metadata
        if let metadataProvider { all.merge(metadataProvider.get()) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error { all["error"] = "\(error)" }
        return LogLine(time: time, level: event.level, message: event.message.description, metadata: all)
    }

    private static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return timestamp(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// A time since 1970 in UTC by ISO 8601, with milliseconds.
    static func timestamp(seconds: Int, nanoseconds: Int) -> String {
        var (seconds, parts) = (time_t(seconds), tm())
        gmtime_r(&seconds, &parts)
        func padded(_ value: some BinaryInteger, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let day = "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        let clock = "\(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
        return "\(day)T\(clock).\(padded(nanoseconds / 1_000_000, 3))Z"
    }
}
