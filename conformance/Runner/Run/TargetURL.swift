// Reads the URL of a target.

import Foundation

/// A URL that names no target, and what would.
package struct TargetProblem: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    init(_ description: String) { self.description = description }
}

extension Target {
    private static let schemes: [String: (wire: Wire, port: Int, isTLS: Bool)] = [
        "redis": (.redis, 6379, false), "rediss": (.redis, 6379, true), "redis+unix": (.redis, 0, false),
        "postgres": (.postgres, 5432, false), "postgresql": (.postgres, 5432, false),
        "s3+http": (.s3, 80, false), "s3+https": (.s3, 443, true),
    ]

    /// Reads `text`, such as `redis://127.0.0.1:6379` or `s3+http://KEY:SECRET@127.0.0.1:9000?region=us-east-1`.
    package init(url text: String) throws(TargetProblem) {
        guard let mark = text.firstRange(of: ":"), let scheme = Self.schemes[String(text[..<mark.lowerBound])] else {
            throw TargetProblem(
                """
                "\(text)" is no target: write redis://, rediss://, redis+unix:PATH, postgres://, s3+http://KEY:SECRET@HOST:PORT \
                or s3+https://
                """)
        }
        if text.hasPrefix("redis+unix:") {
            let path = String(text[mark.upperBound...]).replacing(/^\/\//, with: "")
            self.init(label: text, wire: .redis, host: "", port: 0, unixPath: path)
            return
        }
        guard let parts = URLComponents(string: text) else {
            throw TargetProblem("\"\(text)\" is no URL: write special characters of a password as %XX")
        }
        var options: [String: String] = [:]
        for item in parts.queryItems ?? [] { options[item.name] = item.value ?? "" }
        let database = parts.path.hasPrefix("/") ? String(parts.path.dropFirst()) : parts.path
        self.init(
            label: Self.label(parts), wire: scheme.wire, host: parts.host ?? "127.0.0.1",
            port: parts.port ?? scheme.port, unixPath: options["host"], isTLS: scheme.isTLS, options: options,
            user: parts.user, password: parts.password, database: database.isEmpty ? nil : database)
        if wire == .s3, user == nil || password == nil {
            throw TargetProblem("an S3 target needs an access key and its secret: s3+http://KEY:SECRET@HOST:PORT")
        }
        if wire == .postgres, ["require", "verify-ca", "verify-full"].contains(options["sslmode"]) { isTLS = true }
    }

    /// The URL without what is secret in it.
    private static func label(_ parts: URLComponents) -> String {
        var parts = parts
        if parts.password != nil { parts.password = "xxxxx" }
        return parts.string ?? ""
    }
}
