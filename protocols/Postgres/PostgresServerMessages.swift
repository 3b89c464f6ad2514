// Composes a server's messages, for a gateway that answers itself.

import Wire

/// A column of a RowDescription.
package struct PostgresFieldDescription: Sendable, Equatable {
    package var name: [UInt8]
    package var table: UInt32
    package var place: Int16
    package var type: UInt32
    package var length: Int16
    package var modifier: Int32
    package var format: UInt16

    package init(
        name: [UInt8], table: UInt32 = 0, place: Int16 = 0, type: UInt32, length: Int16, modifier: Int32 = -1,
        format: UInt16 = 0
    ) {
        self.name = name
        self.table = table
        self.place = place
        self.type = type
        self.length = length
        self.modifier = modifier
        self.format = format
    }
}

/// What an ErrorResponse or a NoticeResponse says (protocol page "Error and Notice Message Fields").
package struct PostgresReport: Error, Sendable, Equatable {
    package var severity: String
    package var state: String
    package var message: String
    package var detail: String?
    package var hint: String?
    /// In characters from one.
    package var position: Int?
    package var context: String?
    package var table: String?
    package var column: String?
    package var constraint: String?

    package init(severity: String = "ERROR", state: String, message: String) {
        self.severity = severity
        self.state = state
        self.message = message
    }
}

/// Messages one after another, ready to be sent.
package struct PostgresServerMessages: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var start = 0

    package init() {}

    package var count: Int { bytes.count }

    /// Gives up the bytes and begins anew, with as much room.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    // MARK: Parts

    private mutating func begin(_ type: Unicode.Scalar) {
        bytes.append(UInt8(ascii: type))
        start = bytes.count
        bytes.appendBigEndian(0)
    }

    private mutating func end() {
        let length = UInt32(truncatingIfNeeded: bytes.count - start)
        for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * place)) }
    }

    private mutating func append(_ number: UInt16) {
        bytes.append(UInt8(truncatingIfNeeded: number >> 8))
        bytes.append(UInt8(truncatingIfNeeded: number))
    }

    /// Text with its zero byte; a zero inside would end it early.
    private mutating func append(text: some Sequence<UInt8>) {
        for byte in text where byte != 0 { bytes.append(byte) }
        bytes.append(0)
    }

    private mutating func plain(_ type: Unicode.Scalar) {
        begin(type)
        end()
    }

    // MARK: Login

    /// AuthenticationOk, or any other request that carries nothing.
    package mutating func authentication(_ code: UInt32, _ data: [UInt8] = []) {
        begin("R")
        bytes.appendBigEndian(code)
        bytes += data
        end()
    }

    /// AuthenticationSASL with the names of mechanisms.
    package mutating func saslMechanisms(_ names: [String]) {
        begin("R")
        bytes.appendBigEndian(10)
        for name in names { append(text: name.utf8) }
        bytes.append(0)
        end()
    }

    package mutating func parameterStatus(_ name: String, _ value: String) {
        begin("S")
        append(text: name.utf8)
        append(text: value.utf8)
        end()
    }

    /// NotificationResponse: what somebody told a channel, and the process id of who did.
    package mutating func notification(_ processID: UInt32, channel: [UInt8], payload: [UInt8]) {
        begin("A")
        bytes.appendBigEndian(processID)
        append(text: channel)
        append(text: payload)
        end()
    }

    package mutating func backendKeyData(processID: UInt32, secret: [UInt8]) {
        begin("K")
        bytes.appendBigEndian(processID)
        bytes += secret
        end()
    }

    /// NegotiateProtocolVersion: the newest minor version, and the options that are not known.
    package mutating func negotiateProtocolVersion(_ version: UInt32, unknown: [[UInt8]]) {
        begin("v")
        bytes.appendBigEndian(version)
        bytes.appendBigEndian(UInt32(truncatingIfNeeded: unknown.count))
        for name in unknown { append(text: name) }
        end()
    }

    package mutating func readyForQuery(_ status: PostgresTransactionStatus) {
        begin("Z")
        bytes.append(status.rawValue)
        end()
    }

    // MARK: Answers

    package mutating func parseComplete() { plain("1") }
    package mutating func bindComplete() { plain("2") }
    package mutating func closeComplete() { plain("3") }
    package mutating func noData() { plain("n") }
    package mutating func emptyQueryResponse() { plain("I") }
    package mutating func portalSuspended() { plain("s") }
    package mutating func copyDone() { plain("c") }

    package mutating func commandComplete(_ tag: String) {
        begin("C")
        append(text: tag.utf8)
        end()
    }

    package mutating func parameterDescription(_ types: [UInt32]) {
        begin("t")
        append(UInt16(truncatingIfNeeded: types.count))
        for type in types { bytes.appendBigEndian(type) }
        end()
    }

    package mutating func rowDescription(_ fields: [PostgresFieldDescription]) {
        begin("T")
        append(UInt16(truncatingIfNeeded: fields.count))
        for field in fields {
            append(text: field.name)
            bytes.appendBigEndian(field.table)
            append(UInt16(bitPattern: field.place))
            bytes.appendBigEndian(field.type)
            append(UInt16(bitPattern: field.length))
            bytes.appendBigEndian(UInt32(bitPattern: field.modifier))
            append(field.format)
        }
        end()
    }

    /// A DataRow of `count` values; `write` appends each one's bytes, and says false for NULL.
    package mutating func dataRow<E: Error>(
        _ count: Int, _ write: (Int, inout [UInt8]) throws(E) -> Bool
    ) throws(E) {
        let whole = bytes.count
        begin("D")
        append(UInt16(truncatingIfNeeded: count))
        for index in 0..<count {
            let place = bytes.count
            bytes.appendBigEndian(.max)
            do throws(E) {
                guard try write(index, &bytes) else { continue }
            } catch {
                // Half a row must not be sent before the error.
                bytes.removeSubrange(whole...)
                throw error
            }
            let length = UInt32(truncatingIfNeeded: bytes.count - place - 4)
            for offset in 0..<4 { bytes[place + offset] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * offset)) }
        }
        end()
    }

    /// CopyInResponse or CopyOutResponse for `columns` columns of text.
    package mutating func copyResponse(isIn: Bool, columns: Int) {
        begin(isIn ? "G" : "H")
        bytes.append(0)
        append(UInt16(truncatingIfNeeded: columns))
        for _ in 0..<columns { append(0) }
        end()
    }

    package mutating func copyData(_ data: [UInt8]) {
        begin("d")
        bytes += data
        end()
    }

    // MARK: Reports

    package mutating func error(_ report: PostgresReport) { self.report("E", report) }
    package mutating func notice(_ report: PostgresReport) { self.report("N", report) }

    private mutating func report(_ type: Unicode.Scalar, _ report: PostgresReport) {
        begin(type)
        field("S", report.severity)
        field("V", report.severity)
        field("C", report.state)
        field("M", report.message)
        field("D", report.detail)
        field("H", report.hint)
        field("P", report.position.map(String.init))
        field("W", report.context)
        field("t", report.table)
        field("c", report.column)
        field("n", report.constraint)
        bytes.append(0)
        end()
    }

    private mutating func field(_ type: Unicode.Scalar, _ text: String?) {
        guard let text else { return }
        bytes.append(UInt8(ascii: type))
        append(text: text.utf8.prefix(PostgresLimits.reportField.maximum))
    }
}
