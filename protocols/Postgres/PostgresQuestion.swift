// Composes a client's messages, for a gateway that asks a server itself.

import Wire

/// Messages of a client, ready to be sent.
package enum PostgresQuestion {
    /// StartupMessage of version 3.0.
    package static func startup(user: String, database: String, settings: [(name: String, value: String)]) -> [UInt8] {
        var body: [UInt8] = []
        body.appendBigEndian(0x3_0000)
        for (name, value) in [("user", user), ("database", database)] + settings.map({ ($0.name, $0.value) }) {
            append(name.utf8, to: &body)
            append(value.utf8, to: &body)
        }
        body.append(0)
        var packet: [UInt8] = []
        packet.appendBigEndian(UInt32(truncatingIfNeeded: body.count + 4))
        return packet + body
    }

    package static func query(_ text: [UInt8]) -> [UInt8] { message("Q", text + [0]) }
    package static func password(_ password: [UInt8]) -> [UInt8] { message("p", password + [0]) }
    package static func saslResponse(_ response: [UInt8]) -> [UInt8] { message("p", response) }
    package static func saslInitialResponse(_ mechanism: String, _ response: [UInt8]) -> [UInt8] {
        var body = Array(mechanism.utf8) + [0]
        body.appendBigEndian(UInt32(truncatingIfNeeded: response.count))
        return message("p", body + response)
    }

    /// Parse of the statement without a name; `rest` is a Parse's body behind the name: the text and the types.
    package static func parse(_ rest: [UInt8]) -> [UInt8] { message("P", [0] + rest) }

    /// Bind of the statement without a name to the portal without one; `rest` is a Bind's body behind both names.
    package static func bind(_ rest: [UInt8]) -> [UInt8] { message("B", [0, 0] + rest) }

    /// Describe of the statement, or else of the portal, without a name.
    package static func describe(statement: Bool) -> [UInt8] {
        message("D", [UInt8(ascii: statement ? "S" : "P"), 0])
    }

    /// Execute of the portal without a name, for all rows.
    package static var execute: [UInt8] { message("E", [0, 0, 0, 0, 0]) }
    package static var sync: [UInt8] { message("S", []) }
    package static func copyData(_ data: [UInt8]) -> [UInt8] { message("d", data) }
    package static var copyDone: [UInt8] { message("c", []) }

    private static func message(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
        var bytes = [UInt8(ascii: type)]
        bytes.reserveCapacity(5 + body.count)
        bytes.appendBigEndian(UInt32(truncatingIfNeeded: body.count + 4))
        return bytes + body
    }

    /// Text with its zero byte; a zero inside would end it early.
    private static func append(_ text: some Sequence<UInt8>, to body: inout [UInt8]) {
        for byte in text where byte != 0 { body.append(byte) }
        body.append(0)
    }
}
