// The settings of an adapter process.

import Capabilities

/// Where the process listens, how it is spoken to, and its bounds.
struct ProcessSettings: Sendable, Equatable {
    /// The schemas that a process may speak.
    enum Dialect: String, Sendable, CaseIterable {
        case fairlead
        case dapr
    }

    /// The backend's name.
    var backend: String
    /// The path of the Unix socket.
    var path: String
    /// Nil when the process is asked.
    var dialect: Dialect?
    /// Milliseconds for one call, and for the greeting.
    var timeout: Int64 = 5_000
    /// The most calls that the process works on at once.
    var calls = 128
    /// The most bytes of one message, either way; gRPC's libraries take 4 MiB unless told otherwise.
    var messageBytes = 4 << 20
    /// What Dapr's `Init` is told.
    var metadata: [String: String] = [:]

    private static let names = ["dialect", "timeout", "calls", "message-bytes"]
    /// The longest path that a socket address holds with its closing zero (unix(7)).
    private static let longestPath = 107

    init(_ settings: AdapterSettings, dialect: Dialect? = nil) throws(AdapterError) {
        backend = settings.backend
        path = try Self.path(of: settings.url)
        self.dialect = dialect
        for (name, value) in settings.options.sorted(by: { $0.key < $1.key }) { try set(name, value) }
    }

    private static func path(of url: String?) throws(AdapterError) -> String {
        guard let url else {
            throw AdapterError(key: "url", "an adapter process has a url, the path of its socket: unix:/run/NAME.sock")
        }
        guard url.hasPrefix("unix:") else {
            throw AdapterError(key: "url", "\"\(url)\" is not the path of a Unix socket; write unix:/run/NAME.sock")
        }
        var path = url.dropFirst("unix:".count)
        if path.hasPrefix("//") { path = path.dropFirst(2) }
        guard path.hasPrefix("/") else {
            throw AdapterError(key: "url", "\"\(url)\" does not begin with the root folder; write unix:/run/NAME.sock")
        }
        guard path.utf8.count <= longestPath else {
            throw AdapterError(
                key: "url", "the path of a socket has at most \(longestPath) bytes; this one has \(path.utf8.count)")
        }
        return String(path)
    }

    private mutating func set(_ name: String, _ value: String) throws(AdapterError) {
        let key = "options.\(name)"
        switch name {
        case "dialect":
            guard let dialect = Dialect(rawValue: value) else {
                throw AdapterError(key: key, "\"\(value)\" is no dialect; there are: fairlead, dapr")
            }
            guard self.dialect == nil || self.dialect == dialect else {
                throw AdapterError(key: key, "adapter \"dapr\" speaks no other dialect; write adapter: process")
            }
            self.dialect = dialect
        case "timeout":
            guard let timeout = Self.milliseconds(value), timeout >= 1, timeout <= 600_000 else {
                throw AdapterError(key: key, "\"\(value)\" is no time between 1ms and 600s, such as 500ms or 5s")
            }
            self.timeout = timeout
        case "calls":
            calls = try Self.number(value, 1...10_000, key)
        case "message-bytes":
            messageBytes = try Self.number(value, 1_024...(1 << 30), key)
        case _ where name.hasPrefix("metadata.") && name.utf8.count > "metadata.".utf8.count:
            metadata[String(name.dropFirst("metadata.".count))] = value
        default:
            throw AdapterError(
                key: key,
                "an adapter process has no such option; there are: \(Self.names.joined(separator: ", ")), metadata.NAME"
            )
        }
    }

    private static func number(_ text: String, _ range: ClosedRange<Int>, _ key: String) throws(AdapterError) -> Int {
        guard let number = Int(text), range.contains(number) else {
            throw AdapterError(
                key: key, "\"\(text)\" is no number between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// `500ms` or `5s`.
    private static func milliseconds(_ text: String) -> Int64? {
        if text.hasSuffix("ms") { return Int64(text.dropLast(2)) }
        guard text.hasSuffix("s"), let seconds = Int64(text.dropLast(1)), seconds <= 1_000_000, seconds >= 0 else {
            return nil
        }
        return seconds * 1000
    }
}
