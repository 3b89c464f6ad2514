// The untyped packets that open a PostgreSQL connection, as facts, and those that the gateway sends itself.

import Wire

/// A client's first packet (protocol pages "Message Flow" and "Message Formats").
package enum PostgresStartupPacket: Sendable, Equatable {
    /// SSLRequest: answer one byte, `S` or `N`.
    case encryptionRequested(PostgresEncryption)
    /// The first byte of a TLS handshake; nothing is consumed and no `S` is sent.
    case directTLSStarted
    /// CancelRequest: no answer, then the connection closes.
    case cancelRequested(processID: UInt32, key: [UInt8])
    /// StartupMessage.
    case sessionRequested(PostgresStartup)
}

/// The two encryptions a client may ask for in the clear.
package enum PostgresEncryption: Sendable, Equatable {
    case tls
    case gss
}

/// Whether a connection wants the replication protocol, from the parameter `replication`.
package enum PostgresReplication: Sendable, Equatable {
    case none
    /// A true value: physical replication, bound to no database.
    case physical
    /// The value `database`: logical replication in one.
    case logical
    /// A value that is no Boolean; the server refuses it.
    case invalid
}

/// What a StartupMessage asks for.
package struct PostgresStartup: Sendable, Equatable {
    /// The version: the major number in the high half, the minor one in the low half.
    package let version: UInt32
    /// `user`; nil when missing or empty, which the server refuses with 28000.
    package internal(set) var user: String?
    /// `database`, or the user's name when missing or empty; nil when there is no user either.
    package internal(set) var database: String?
    package internal(set) var replication = PostgresReplication.none
    /// `options`, the command-line options for the backend.
    package internal(set) var options: String?
    package internal(set) var applicationName: String?
    /// Whether a protocol option (`_pq_.…`) is asked for, which the server may answer with a negotiation.
    package internal(set) var hasProtocolOptions = false
    /// How many parameters there are.
    package internal(set) var parameterCount = 0
    /// Whether user, database, options and application name are UTF-8; where not, U+FFFD stands for the rest, so
    /// a route must not be chosen by them.
    package internal(set) var isValidText = true

    package init(version: UInt32) { self.version = version }

    package var major: UInt16 { UInt16(truncatingIfNeeded: version >> 16) }
    package var minor: UInt16 { UInt16(truncatingIfNeeded: version) }
}

/// The codes that take the place of a version, and the packets made of them.
package enum PostgresRequestCode {
    package static let cancel: UInt32 = 80_877_102
    package static let tls: UInt32 = 80_877_103
    package static let gss: UInt32 = 80_877_104

    /// An SSLRequest or GSSENCRequest.
    package static func encryptionRequest(_ encryption: PostgresEncryption) -> [UInt8] {
        var packet: [UInt8] = []
        packet.appendBigEndian(8)
        packet.appendBigEndian(encryption == .tls ? tls : gss)
        return packet
    }

    /// A CancelRequest for a backend's process and key; nil when the key's length is not legal.
    package static func cancelRequest(processID: UInt32, key: [UInt8]) -> [UInt8]? {
        guard key.count >= PostgresLimits.cancelKeyMinimum, PostgresLimits.cancelKey.allows(key.count) else {
            return nil
        }
        var packet: [UInt8] = []
        packet.reserveCapacity(12 + key.count)
        packet.appendBigEndian(UInt32(12 + key.count))
        packet.appendBigEndian(cancel)
        packet.appendBigEndian(processID)
        packet.append(contentsOf: key)
        return packet
    }
}

extension [UInt8] {
    /// Appends a 32-bit number in network order.
    mutating func appendBigEndian(_ number: UInt32) {
        append(UInt8(truncatingIfNeeded: number >> 24))
        append(UInt8(truncatingIfNeeded: number >> 16))
        append(UInt8(truncatingIfNeeded: number >> 8))
        append(UInt8(truncatingIfNeeded: number))
    }
}
