// Walks over the field lines of a head and refuses every line that two readers could read differently.

import Wire

/// One field line: where its name and its value are, the value without the blanks around it.
package struct S3Field: Sendable, Equatable {
    package let name: Range<Int>
    package let value: Range<Int>
}

/// A position in the field lines of a complete head.
///
/// Refused are, by RFC 9112 section 5: a line without a name, white space before the colon, a folded line, a bare
/// CR and a NUL. Bytes above ASCII are part of a value (`obs-text`) and pass.
package struct S3FieldCursor: Sendable, Equatable {
    /// Where the next line begins; after the last one, where the body begins.
    package private(set) var position: Int
    let side: Side

    /// A cursor at `position`, which is right after the start line.
    package init(at position: Int, side: Side) {
        self.position = position
        self.side = side
    }

    /// The next field, or nil at the empty line, which is then passed.
    @inline(__always)
    package mutating func next(_ bytes: Bytes) throws(WireError) -> S3Field? {
        let start = position
        var index = start
        while index < bytes.count, S3Byte.isToken(bytes[index]) { index &+= 1 }
        guard index < bytes.count, index > start, bytes[index] == S3Byte.colon else {
            if try passEmptyLine(bytes) { return nil }
            throw badName(bytes, index)
        }
        let end = bytes.firstValueEnd(from: index &+ 1)
        position = try S3FieldCursor.passLineEnd(bytes, at: end, side: side)
        return S3Field(name: start..<index, value: bytes.trimmingBlanks(index &+ 1..<end))
    }

    /// The index behind the CR LF at `end`; throws when something else is there.
    @inline(__always)
    static func passLineEnd(_ bytes: Bytes, at end: Int, side: Side) throws(WireError) -> Int {
        guard end &+ 1 < bytes.count, bytes[end] == S3Byte.carriageReturn, bytes[end &+ 1] == S3Byte.lineFeed else {
            throw lineEndError(bytes, at: end, side: side)
        }
        return end &+ 2
    }

    private static func lineEndError(_ bytes: Bytes, at end: Int, side: Side) -> WireError {
        guard end < bytes.count else { return WireError(side, "head-truncated", "a head without its empty line") }
        switch bytes[end] {
        case 0: return WireError(side, "nul-in-head", "a NUL byte at offset \(end) of a head")
        case S3Byte.lineFeed: return WireError(side, "bare-line-feed", "expected CR before the LF at offset \(end)")
        default: return WireError(side, "bare-carriage-return", "expected LF after the CR at offset \(end)")
        }
    }

    private mutating func passEmptyLine(_ bytes: Bytes) throws(WireError) -> Bool {
        guard position < bytes.count, bytes[position] == S3Byte.carriageReturn else { return false }
        position = try S3FieldCursor.passLineEnd(bytes, at: position, side: side)
        guard position == bytes.count else {
            throw WireError(side, "head-overrun", "bytes behind the empty line at offset \(position) of a head")
        }
        return true
    }

    private func badName(_ bytes: Bytes, _ index: Int) -> WireError {
        guard index < bytes.count else { return WireError(side, "head-truncated", "a head without its empty line") }
        let byte = bytes[index]
        if index == position {
            if S3Byte.isBlank(byte) {
                return WireError(side, "obsolete-folding", "a folded line at offset \(index); RFC 9112 section 5.2")
            }
            if byte == S3Byte.colon { return WireError(side, "field-without-name", "no name at offset \(index)") }
        } else if S3Byte.isBlank(byte) {
            return WireError(side, "blank-before-colon", "white space in or after a field name at offset \(index)")
        }
        return WireError(side, "bad-field-name", "byte \(byte) at offset \(index) cannot be in a field name")
    }
}
