// Fuzzes the reader of COPY's rows, and reads again what the writer makes of them.

import PostgresWire
import Wire

private struct Found: Equatable {
    var rows: [[[UInt8]?]] = []
    var code = ""
    var lines = 0
}

private func find(_ input: [UInt8], _ format: PostgresCopyFormat, pieceSize: Int) -> Found {
    var reader = PostgresCopyReader(format)
    var found = Found()
    var start = 0
    do throws(WireError) {
        while start < input.count {
            reader.append(input[start..<min(input.count, start + pieceSize)])
            start += pieceSize
            while let row = try reader.next(atEnd: false) { found.rows.append(row) }
        }
        while let row = try reader.next(atEnd: true) { found.rows.append(row) }
    } catch { found.code = error.code }
    found.lines = reader.lines
    return found
}

/// Checks that rows do not depend on how the bytes arrive, and that rows that are written are the rows that are read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPostgresCopy(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let all = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = all.first else { return 0 }
    let input = Array(all.dropFirst())
    var format = PostgresCopyFormat()
    if choice & 1 != 0 { format.becomeCSV() }
    if choice & 2 != 0 { format.delimiter = UInt8(ascii: "|") }
    if choice & 4 != 0 { format.hasHeader = true }
    if choice & 8 != 0, format.isCSV { format.escape = UInt8(ascii: "\\") }
    let whole = find(input, format, pieceSize: max(1, input.count))
    precondition(find(input, format, pieceSize: 1) == whole, "byte by byte differs")
    precondition(find(input, format, pieceSize: 2 + Int(choice >> 4)) == whole, "in pieces differs")
    precondition(whole.rows.joined().reduce(0) { $0 + ($1?.count ?? 0) } <= input.count, "values have bytes that came")

    format.hasHeader = false
    var written: [UInt8] = []
    for row in whole.rows { format.append(row, to: &written) }
    let again = find(written, format, pieceSize: max(1, written.count))
    precondition(again.code.isEmpty && again.rows == whole.rows, "what was written is read as something else")
    return 0
}
