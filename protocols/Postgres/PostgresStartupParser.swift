// Reads the untyped first packets of a client, which the gateway holds whole because they are small.

import Wire

/// What the bytes at hand amount to.
package enum PostgresStartupStep: Sendable, Equatable {
    /// The packet is not complete; it will be `total` bytes long, or at least that many when even its length is
    /// not there yet.
    case moreNeeded(total: Int)
    /// A packet of `length` bytes; 0 for direct TLS, whose bytes belong to the handshake.
    case packet(PostgresStartupPacket, length: Int)
}

/// Reads first packets until a session or a cancellation is asked for.
///
/// It remembers which encryptions were asked for: each may be asked for once, in either order, and none inside an
/// encrypted connection (backend_startup.c `ProcessStartupPacket`).
package struct PostgresStartupParser: Sendable {
    private var acceptsTLSRequest = true
    private var acceptsGSSRequest = true
    private var acceptsDirectTLS = true

    /// A parser for a connection; `directTLS` is false where TLS can not be, as on a Unix socket.
    package init(directTLS: Bool = true) { acceptsDirectTLS = directTLS }

    /// Notes that the connection is encrypted from here on, so nothing may be negotiated any more.
    package mutating func encryptionStarted() {
        acceptsTLSRequest = false
        acceptsGSSRequest = false
        acceptsDirectTLS = false
    }

    /// Looks at all bytes received and not yet consumed, from the start of a packet.
    ///
    /// Throws when the packet can not be one: see the codes below. The caller must hold at least
    /// `PostgresLimits.startupPacket` bytes.
    package mutating func next(_ bytes: Bytes) throws(WireError) -> PostgresStartupStep {
        guard bytes.count > 0 else { return .moreNeeded(total: PostgresLimits.startupMinimum) }
        if bytes[0] == 0x16, acceptsDirectTLS {
            encryptionStarted()
            return .packet(.directTLSStarted, length: 0)
        }
        guard let announced = bytes.bigEndianUInt32(at: 0) else {
            return .moreNeeded(total: PostgresLimits.startupMinimum)
        }
        let length = Int(announced)
        guard length >= PostgresLimits.startupMinimum, PostgresLimits.startupPacket.allows(length) else {
            throw WireError(
                .client, "invalid-startup-length",
                """
                startup packet of \(length) bytes; expected \(PostgresLimits.startupMinimum) to \
                \(PostgresLimits.startupPacket.maximum)
                """)
        }
        guard let code = bytes.bigEndianUInt32(at: 4), bytes.count >= length else {
            return .moreNeeded(total: length)
        }
        switch code {
        case PostgresRequestCode.cancel:
            return .packet(try Self.cancelRequest(bytes, length), length: length)
        case PostgresRequestCode.tls:
            return try encryptionRequest(.tls, bytes, length)
        case PostgresRequestCode.gss:
            return try encryptionRequest(.gss, bytes, length)
        default:
            acceptsDirectTLS = false
            return .packet(.sessionRequested(try Self.startup(code, bytes, length)), length: length)
        }
    }

    private mutating func encryptionRequest(
        _ encryption: PostgresEncryption, _ bytes: Bytes, _ length: Int
    ) throws(WireError) -> PostgresStartupStep {
        guard length == PostgresLimits.startupMinimum else {
            throw WireError(.client, "invalid-startup-length", "encryption request of \(length) bytes; expected 8")
        }
        guard encryption == .tls ? acceptsTLSRequest : acceptsGSSRequest else {
            throw WireError(
                .client, "repeated-encryption-request",
                "\(encryption == .tls ? "SSLRequest" : "GSSENCRequest") where none is possible any more")
        }
        // What follows in the clear could be injected by someone in the middle and taken as if it had come
        // encrypted (CVE-2021-23214).
        guard bytes.count == length else {
            throw WireError(
                .client, "bytes-after-encryption-request",
                "\(bytes.count - length) bytes in the clear after an encryption request")
        }
        if encryption == .tls { acceptsTLSRequest = false } else { acceptsGSSRequest = false }
        acceptsDirectTLS = false
        return .packet(.encryptionRequested(encryption), length: length)
    }

    private static func cancelRequest(_ bytes: Bytes, _ length: Int) throws(WireError) -> PostgresStartupPacket {
        let keyLength = length - 12
        guard keyLength >= PostgresLimits.cancelKeyMinimum, PostgresLimits.cancelKey.allows(keyLength),
            let processID = bytes.bigEndianUInt32(at: 8)
        else {
            throw WireError(
                .client, "invalid-cancel-request",
                """
                cancel request of \(length) bytes; expected \(12 + PostgresLimits.cancelKeyMinimum) to \
                \(12 + PostgresLimits.cancelKey.maximum)
                """)
        }
        return .cancelRequested(processID: processID, key: bytes.array(12..<length))
    }

    /// Reads name and value pairs up to the terminator, which must be the packet's last byte.
    private static func startup(_ version: UInt32, _ bytes: Bytes, _ length: Int) throws(WireError) -> PostgresStartup {
        var startup = PostgresStartup(version: version)
        // Other major versions lay their packet out differently; the server answers them.
        guard startup.major == 3 else { return startup }
        var offset = 8
        while offset < length, bytes[offset] != 0 {
            guard let nameEnd = bytes.firstIndex(of: 0, from: offset), nameEnd + 1 < length,
                let valueEnd = bytes.firstIndex(of: 0, from: nameEnd + 1), valueEnd < length
            else { throw invalidLayout }
            startup.set(bytes, name: offset..<nameEnd, value: (nameEnd + 1)..<valueEnd)
            offset = valueEnd + 1
        }
        guard offset == length - 1 else { throw invalidLayout }
        if startup.database == nil { startup.database = startup.user }
        return startup
    }

    private static var invalidLayout: WireError {
        WireError(
            .client, "invalid-startup-layout",
            "startup packet with an unfinished parameter or bytes beyond its terminator; expected a zero as last byte")
    }
}

extension PostgresStartup {
    /// Keeps what a parameter says, if the gateway cares; a later one of the same name wins, as in the server.
    fileprivate mutating func set(_ bytes: Bytes, name: Range<Int>, value: Range<Int>) {
        parameterCount += 1
        if bytes.equals("user", in: name) {
            user = value.isEmpty ? nil : checkedText(bytes, value)
        } else if bytes.equals("database", in: name) {
            database = value.isEmpty ? nil : checkedText(bytes, value)
        } else if bytes.equals("options", in: name) {
            options = checkedText(bytes, value)
        } else if bytes.equals("application_name", in: name) {
            applicationName = checkedText(bytes, value)
        } else if bytes.equals("replication", in: name) {
            replication = Self.replication(bytes, value)
        } else if name.count >= 5, bytes.equals("_pq_.", in: name.lowerBound..<(name.lowerBound + 5)) {
            hasProtocolOptions = true
        }
    }

    private mutating func checkedText(_ bytes: Bytes, _ range: Range<Int>) -> String {
        let copy = bytes.array(range)
        if let text = String(validating: copy, as: UTF8.self) { return text }
        isValidText = false
        return String(decoding: copy, as: UTF8.self)
    }

    /// The server's `parse_bool`: any case, and any prefix that leaves no doubt.
    private static func replication(_ bytes: Bytes, _ value: Range<Int>) -> PostgresReplication {
        if bytes.equals("database", in: value) { return .logical }
        let text = bytes.text(value).lowercased()
        guard !text.isEmpty else { return .invalid }
        if "true".hasPrefix(text) || "yes".hasPrefix(text) || text == "on" || text == "1" { return .physical }
        let isOff = text.count >= 2 && "off".hasPrefix(text)
        if "false".hasPrefix(text) || "no".hasPrefix(text) || isOff || text == "0" { return .none }
        return .invalid
    }
}
