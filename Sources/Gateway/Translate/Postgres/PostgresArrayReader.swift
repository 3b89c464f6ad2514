// Arrays as parameters, which reach the backend as their text.

import Capabilities

/// Reads arrays of one dimension.
enum PostgresArrayReader {
    /// The text of an array in binary (arrayfuncs.c `array_send`), as `{1,"two",NULL}`.
    static func text(_ bytes: [UInt8], _ type: SQLType, number: Int) throws(SQLFailure) -> SQLValue {
        let malformed = SQLFailure("22P03", "incorrect binary data format in bind parameter \(number)")
        var offset = 0
        func integer() throws(SQLFailure) -> Int32 {
            guard bytes.count - offset >= 4 else { throw malformed }
            defer { offset += 4 }
            return bytes[offset..<(offset + 4)].reduce(Int32(0)) { $0 << 8 | Int32(truncatingIfNeeded: $1) }
        }
        let dimensions = try integer()
        _ = try integer()
        _ = try integer()
        guard dimensions <= 1 else { throw .refused(.sqlParameters, "arrays of arrays are not known here") }
        guard dimensions == 1 else { return .text("{}") }
        let count = try integer()
        _ = try integer()
        // Each item has a length of four bytes at least.
        guard count >= 0, Int(count) <= (bytes.count - offset) / 4 else { throw malformed }
        var text: [UInt8] = [UInt8(ascii: "{")]
        for index in 0..<Int(count) {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            let length = Int(try integer())
            guard length >= -1 else { throw malformed }
            guard length >= 0 else {
                text += Array("NULL".utf8)
                continue
            }
            guard length <= bytes.count - offset else { throw malformed }
            let item = Array(bytes[offset..<(offset + length)])
            offset += length
            let value = try PostgresValueReader.value(item, type, binary: true, number: number)
            var written: [UInt8] = []
            PostgresValueWriter.appendText(value, SQLColumn("", type), to: &written)
            if case .integer = value, !type.isRegistered {
                text += written
                continue
            }
            text.append(UInt8(ascii: "\""))
            for byte in written {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
                text.append(byte)
            }
            text.append(UInt8(ascii: "\""))
        }
        guard offset == bytes.count else { throw malformed }
        return .text(text + [UInt8(ascii: "}")])
    }
}
