// Reads the typed messages that a server sends.

import Wire

/// An incremental reader of a server's messages: bytes in any pieces, an event for each message as it ends.
///
/// A body is skipped in one step, except for the few bytes that hold a fact. DataRow and CopyData make no
/// event: their counters are read whenever the caller wants.
package struct PostgresServerFramer: Sendable {
    /// What is looked at in the current body.
    private enum Scan: UInt8 {
        case nothing
        /// Big-endian numbers of four bytes.
        case numbers
        case backendKey
        case status
        case tag
        case parameter
        case errorFields
    }

    private var header = PostgresHeaderReader()
    private var scan = Scan.nothing
    private var position = 0
    private var numbers: UInt64 = 0
    private var word = PostgresWord()
    private var fields = PostgresErrorFields()

    /// Whether a message broke the framing; nothing after it can be understood.
    package private(set) var isLost = false
    /// How many messages ended, all types; wraps around.
    package private(set) var messages: UInt64 = 0
    /// How many DataRow messages ended; wraps around.
    package private(set) var dataRows: UInt64 = 0
    /// How many CopyData messages ended; wraps around.
    package private(set) var copyDataMessages: UInt64 = 0
    /// The secret of the last BackendKeyData, 0 to 256 bytes; empty when none came.
    package private(set) var backendKey: [UInt8] = []

    /// The value of `application_name` in the last ParameterStatus about it, at most 64 bytes of it; empty when none came.
    package private(set) var applicationName: [UInt8] = []
    /// Whether the last ParameterStatus was about `application_name`.
    package private(set) var namesApplication = false

    package init() {}

    /// Whether the last byte consumed ended a message, or none was consumed yet: an ErrorResponse of the
    /// gateway's own may be put here.
    package var isAtBoundary: Bool { header.isAtBoundary && !isLost }

    /// The next message that ended within `bytes`, or nil when all of them are consumed.
    ///
    /// Throws `invalid-message-length` for a length outside the bounds of its type, `invalid-ready-for-query` for
    /// a transaction status the protocol does not have, and `framing-lost` ever after.
    package mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> PostgresServerEvent? {
        if isLost { throw WireError(.server, "framing-lost", "an earlier message broke the framing") }
        let count = bytes.count
        while offset < count {
            if !header.isInBody {
                guard let length = header.read(bytes, at: &offset) else { return nil }
                if header.type == UInt8(ascii: "D") || header.type == UInt8(ascii: "d") {
                    // Rows come by the million: nothing is prepared for them.
                    try check(length, 4, PostgresLimits.server)
                    header.enterBody(length: length)
                } else {
                    try begin(length)
                }
            }
            let available = count &- offset
            let taken = header.remaining < available ? header.remaining : available
            if scan != .nothing { look(bytes, from: offset, to: offset &+ taken) }
            offset &+= taken
            header.remaining &-= taken
            if header.remaining > 0 { return nil }
            header.leaveBody()
            messages &+= 1
            if header.type == UInt8(ascii: "D") {
                dataRows &+= 1
            } else if header.type == UInt8(ascii: "d") {
                copyDataMessages &+= 1
            } else {
                scan = .nothing
                return try event()
            }
        }
        return nil
    }

    @inline(__always)
    private mutating func check(_ length: UInt32, _ minimum: Int, _ maximum: Int) throws(WireError) {
        if Int(length) < minimum || Int(length) > maximum {
            isLost = true
            throw header.invalidLength(length, from: .server, atMost: maximum)
        }
    }

    /// Checks the length of a message other than a row and decides what to look at in its body.
    private mutating func begin(_ length: UInt32) throws(WireError) {
        switch header.type {
        case UInt8(ascii: "Z"):
            try check(length, 5, 5)
            scan = .status
        case UInt8(ascii: "C"):
            try check(length, 4, PostgresLimits.server)
            word = PostgresWord()
            scan = .tag
        case UInt8(ascii: "E"), UInt8(ascii: "N"):
            try check(length, 4, PostgresLimits.server)
            fields = PostgresErrorFields()
            scan = .errorFields
        case UInt8(ascii: "S"):
            try check(length, 4, PostgresLimits.server)
            namesApplication = false
            scan = .parameter
        case UInt8(ascii: "R"):
            try check(length, 8, PostgresLimits.authentication)
            scan = .numbers
        case UInt8(ascii: "K"):
            try check(length, 8, 8 + PostgresLimits.cancelKey.maximum)
            backendKey.removeAll(keepingCapacity: true)
            scan = .backendKey
        case UInt8(ascii: "v"):
            try check(length, 12, PostgresLimits.authentication)
            scan = .numbers
        default:
            try check(length, 4, PostgresLimits.server)
        }
        position = 0
        numbers = 0
        header.enterBody(length: length)
    }

    /// Looks at `bytes[start..<end]` of the body.
    private mutating func look(_ bytes: Bytes, from start: Int, to end: Int) {
        switch scan {
        case .nothing:
            break
        case .status:
            if start < end { numbers = UInt64(bytes[start]) }
        case .tag:
            lookAtTag(bytes, from: start, to: end)
        case .parameter:
            lookAtParameter(bytes, from: start, to: end)
        case .errorFields:
            fields.scan(bytes, from: start, to: end)
            if fields.isDone { scan = .nothing }
        case .numbers, .backendKey:
            lookAtNumbers(bytes, from: start, to: end)
        }
    }

    private mutating func lookAtTag(_ bytes: Bytes, from start: Int, to end: Int) {
        var index = start
        while index < end {
            let byte = bytes[index].asciiLowercased
            guard byte &- 0x61 < 26 || byte == 0x5F, word.length < 32 else {
                scan = .nothing
                return
            }
            word.append(byte)
            index &+= 1
        }
    }

    /// Compares the name and keeps the value behind it, up to the zero byte that ends each.
    private mutating func lookAtParameter(_ bytes: Bytes, from start: Int, to end: Int) {
        for index in start..<end {
            let byte = bytes[index]
            if namesApplication {
                guard byte != 0, applicationName.count < Self.nameLength else {
                    scan = .nothing
                    return
                }
                applicationName.append(byte)
            } else {
                guard byte == Self.applicationNameField[position] else {
                    scan = .nothing
                    return
                }
                position &+= 1
                guard position == Self.applicationNameField.count else { continue }
                namesApplication = true
                applicationName.removeAll(keepingCapacity: true)
            }
        }
    }

    private static let applicationNameField = Array("application_name\0".utf8)
    /// A server cuts names: NAMEDATALEN of src/include/pg_config_manual.h.
    private static let nameLength = 64

    private mutating func lookAtNumbers(_ bytes: Bytes, from start: Int, to end: Int) {
        for index in start..<end {
            if scan == .backendKey, position >= 4 {
                backendKey.append(bytes[index])
            } else if position >= 8 {
                scan = .nothing
                return
            } else {
                numbers = numbers &<< 8 | UInt64(bytes[index])
            }
            position &+= 1
        }
    }

    private mutating func event() throws(WireError) -> PostgresServerEvent {
        switch header.type {
        case UInt8(ascii: "T"): return .rowsDescribed
        case UInt8(ascii: "C"): return .commandCompleted(PostgresCommand.named(word))
        case UInt8(ascii: "Z"):
            guard let status = PostgresTransactionStatus(rawValue: UInt8(truncatingIfNeeded: numbers)) else {
                isLost = true
                throw WireError(
                    .server, "invalid-ready-for-query",
                    "transaction status \(PostgresHeaderReader.printable(UInt8(truncatingIfNeeded: numbers)))")
            }
            return .readyForQueryReceived(status)
        case UInt8(ascii: "1"): return .parseCompleted
        case UInt8(ascii: "2"): return .bindCompleted
        case UInt8(ascii: "3"): return .closeCompleted
        case UInt8(ascii: "n"): return .noDataDescribed
        case UInt8(ascii: "t"): return .parametersDescribed
        case UInt8(ascii: "s"): return .portalSuspended
        case UInt8(ascii: "I"): return .emptyQueryAnswered
        case UInt8(ascii: "E"): return .errorReported(fields.severity, fields.sqlState)
        case UInt8(ascii: "N"): return .noticeReported(fields.severity, fields.sqlState)
        case UInt8(ascii: "S"): return .parameterReported
        case UInt8(ascii: "A"): return .notificationReceived
        case UInt8(ascii: "G"): return .copyInStarted
        case UInt8(ascii: "H"): return .copyOutStarted
        case UInt8(ascii: "W"): return .copyBothStarted
        case UInt8(ascii: "c"): return .copyDoneReceived
        case UInt8(ascii: "V"): return .functionCallAnswered
        default: return rareEvent()
        }
    }

    /// Messages of a session's beginning, and those we do not know.
    private func rareEvent() -> PostgresServerEvent {
        switch header.type {
        case UInt8(ascii: "R"):
            // Only the first four bytes are the code; the rest of a longer body went into `numbers` after it.
            let code = UInt32(truncatingIfNeeded: position > 4 ? numbers &>> (UInt64(position &- 4) &* 8) : numbers)
            return code == 0 ? .authenticationCompleted : .authenticationRequested(code: code)
        case UInt8(ascii: "K"):
            return .backendKeyReceived(processID: UInt32(truncatingIfNeeded: numbers))
        case UInt8(ascii: "v"):
            return .protocolNegotiated(
                version: UInt32(truncatingIfNeeded: numbers &>> 32), unknownOptions: UInt32(truncatingIfNeeded: numbers)
            )
        default:
            return .unknownReceived(type: header.type)
        }
    }
}
