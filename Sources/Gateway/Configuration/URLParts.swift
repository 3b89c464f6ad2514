// The parts of a URL, cut without changing a byte of them.

/// The parts of a backend's URL; none of its errors repeats a part that may hold a secret.
struct URLParts: Equatable {
    var scheme: String
    /// What stands between `//` and the path: host and port.
    var authority: String
    /// The path with its first slash, or empty.
    var path: String
    /// The query's names and values, in order, percent-decoded.
    var query: [(name: String, value: String)]

    init(_ text: String) throws(ValueError) {
        guard let colon = text.firstRange(of: "://") else {
            throw ValueError("expected a URL: \(BackendURL.schemes)")
        }
        scheme = text[..<colon.lowerBound].lowercased()
        var rest = text[colon.upperBound...]
        guard !rest.contains("#") else { throw ValueError("a backend's URL has no \"#\" part") }
        query = []
        // The last @ of the authority ends the credentials; a password may hold any sign, even the one that begins a query.
        let plainEnd = rest.lastIndex(of: "@") ?? rest.startIndex
        guard plainEnd == rest.startIndex, !rest.hasPrefix("@") else {
            throw ValueError(
                "a trusted backend's URL takes no user or password: the client's own credentials pass; write \(scheme)://host:port"
            )
        }
        if let mark = rest.firstIndex(of: "?") {
            query = try Self.parseQuery(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        authority = String(rest[..<slash])
        path = String(rest[slash...])
        guard !authority.contains(",") || scheme.hasSuffix("+cluster") || scheme.hasSuffix("+sentinel") else {
            throw ValueError("one backend has one host; give each host a backend of its own")
        }
    }

    static func == (left: URLParts, right: URLParts) -> Bool {
        left.scheme == right.scheme && left.authority == right.authority && left.path == right.path
            && left.query.elementsEqual(right.query, by: ==)
    }

    /// The host of the authority, without its port.
    var host: Substring { authority.hasPrefix(":") ? "" : authority.prefix { $0 != ":" } }

    func endpoint(defaultPort: UInt16) throws(ValueError) -> Endpoint {
        guard !authority.isEmpty else { throw ValueError("expected \(scheme)://host:port, got no host") }
        return try Endpoint.parse(authority, for: .connecting(defaultPort: defaultPort))
    }

    /// Hosts and ports with commas between them.
    func endpoints(defaultPort: UInt16) throws(ValueError) -> [Endpoint] {
        guard !authority.isEmpty else { throw ValueError("expected \(scheme)://host:port,host:port, got no host") }
        var endpoints: [Endpoint] = []
        for text in authority.split(separator: ",", omittingEmptySubsequences: false) {
            let endpoint = try Endpoint.parse(String(text), for: .connecting(defaultPort: defaultPort))
            guard case .host = endpoint else { throw ValueError("a Unix socket cannot be one of several hosts") }
            endpoints.append(endpoint)
        }
        guard endpoints.count <= ConfigurationDefaults.mostSeeds else {
            throw ValueError("expected at most \(ConfigurationDefaults.mostSeeds) hosts, got \(endpoints.count)")
        }
        return endpoints
    }

    func refuseQuery() throws(ValueError) {
        if let first = query.first {
            throw ValueError("\(scheme):// URLs take no settings after \"?\", got \"\(first.name)\"")
        }
    }

    private static func parseQuery(_ text: Substring) throws(ValueError) -> [(name: String, value: String)] {
        var result: [(name: String, value: String)] = []
        for item in text.split(separator: "&") {
            let equals = item.firstIndex(of: "=") ?? item.endIndex
            let name = String(item[..<equals])
            guard !result.contains(where: { $0.name == name }) else {
                throw ValueError("the URL's \"\(name)\" is given twice")
            }
            result.append((name, try decoded(item[equals...].dropFirst())))
        }
        return result
    }

    private static func decoded(_ text: Substring) throws(ValueError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = hexadecimal(rest.prefix(2)), value != 0 else {
                throw ValueError("the URL holds \"%\" without two hexadecimal digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let result = String(validating: bytes, as: UTF8.self) else {
            throw ValueError("the URL holds bytes that are not UTF-8")
        }
        return result
    }

    /// The value of exactly two hexadecimal digits.
    private static func hexadecimal(_ digits: Substring.UTF8View) -> UInt8? {
        let text = Substring(digits)
        guard text.count == 2, text.allSatisfy(\.isHexDigit) else { return nil }
        return UInt8(text, radix: 16)
    }
}
