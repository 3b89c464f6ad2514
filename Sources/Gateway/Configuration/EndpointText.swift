// Reads an endpoint as the configuration and the command line spell it.

import Capabilities
import Glibc

extension Endpoint {
    /// What an endpoint is for, which decides what may be left out.
    enum Use {
        /// A bare port means 127.0.0.1, `*` means every address, and port 0 lets the system pick one.
        case listening
        /// The host and a real port are needed, unless the scheme of the URL brings a default port.
        case connecting(defaultPort: UInt16?)
    }

    /// The longest path that fits `sun_path` of unix(7), without its final zero.
    static let longestSocketPath = 107

    /// The endpoint that `text` spells; a relative socket path is joined to `folder`.
    static func parse(_ text: String, for use: Use, folder: String? = nil) throws(ValueError) -> Endpoint {
        if text.hasPrefix("unix:") { return try socket(String(text.dropFirst(5)), folder: folder) }
        if case .listening = use, !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) {
            return .host("127.0.0.1", port: try port(text, for: use))
        }
        let (host, rest) = try split(text)
        guard let rest else {
            if case .connecting(let port?) = use { return .host(try checked(host, for: use), port: port) }
            throw ValueError("expected host:port, got \"\(text)\" without a port")
        }
        return .host(try checked(host, for: use), port: try port(rest, for: use))
    }

    /// A Unix socket's endpoint, with `path` made absolute when there is a folder to begin from.
    static func socket(_ path: String, folder: String?) throws(ValueError) -> Endpoint {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw ValueError("expected a path after \"unix:\"") }
        let full = RelativePath.joined(path, to: folder)
        guard full.utf8.count <= longestSocketPath else {
            throw ValueError(
                "the socket's path is \(full.utf8.count) bytes long and the system allows \(longestSocketPath): \(full)"
            )
        }
        return .unix(full)
    }

    /// Splits `host:port` or `[address]:port`; the port is nil when there is no colon.
    private static func split(_ text: String) throws(ValueError) -> (host: String, port: String?) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else {
                throw ValueError("the bracket of the IPv6 address is not closed in \"\(text)\"")
            }
            let host = String(text[text.index(after: text.startIndex)..<end])
            guard isIPv6(host) else { throw ValueError("\"\(host)\" in brackets is not an IPv6 address") }
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return (host, nil) }
            guard rest.hasPrefix(":") else { throw ValueError("expected [address]:port, got \"\(text)\"") }
            return (host, String(rest.dropFirst()))
        }
        guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
        let host = String(text[..<colon])
        guard !host.contains(":") else {
            throw ValueError("an IPv6 address goes in brackets: [::1]:6380, got \"\(text)\"")
        }
        return (host, String(text[text.index(after: colon)...]))
    }

    private static func port(_ text: String, for use: Use) throws(ValueError) -> UInt16 {
        var lowest: UInt16 = 1
        if case .listening = use { lowest = 0 }
        guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(text), port >= lowest else {
            throw ValueError("expected a port between \(lowest) and 65535, got \"\(text)\"")
        }
        return port
    }

    private static func checked(_ host: String, for use: Use) throws(ValueError) -> String {
        if host == "*" {
            if case .listening = use { return host }
            throw ValueError("\"*\" is for listeners; name the host to connect to")
        }
        if isIPv6(host) { return host }
        guard !host.isEmpty else { throw ValueError("expected a host before the port") }
        guard host.utf8.count <= 253, host.utf8.allSatisfy(isNameByte) else {
            throw ValueError("\"\(host)\" is not a host name or an IP address")
        }
        if host.allSatisfy({ $0.isNumber || $0 == "." }), !isIPv4(host) {
            throw ValueError("\"\(host)\" is not an IPv4 address")
        }
        return host
    }

    // Underscores are not in RFC 952, but container platforms give hosts such names.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1
    }

    private static func isIPv6(_ host: String) -> Bool {
        // A zone (`%eth0`) is part of the address text but not of what inet_pton reads.
        let bare = host.prefix { $0 != "%" }
        var address = in6_addr()
        return inet_pton(AF_INET6, String(bare), &address) == 1
    }
}

extension Endpoint {
    /// The address that `text`, which `option` carried, spells as `listen` does.
    package static func listening(_ text: String, option: String) throws(ConfigurationError) -> Endpoint {
        do {
            return try parse(text, for: .listening)
        } catch {
            throw ConfigurationError(problems: [
                ConfigurationProblem(source: option, key: "", message: error.message)
            ])
        }
    }
}
