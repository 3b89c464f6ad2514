// Fuzzes the framer of a PostgreSQL client's messages.

import PostgresWire
import Wire

private struct Framed: Equatable {
    var events: [PostgresClientEvent] = []
    var counts: [UInt64] = []
    var code = ""
    var isAtBoundary = false
}

private func frame(_ pieces: [[UInt8]]) -> Framed {
    var framer = PostgresClientFramer()
    var framed = Framed()
    do {
        for piece in pieces {
            var offset = 0
            while let event = try framer.next(piece.span, at: &offset) { framed.events.append(event) }
            precondition(offset == piece.count, "bytes left over")
        }
    } catch {
        framed.code = error.code
        precondition(framer.isLost && !framer.isAtBoundary)
    }
    framed.counts = [framer.messages, framer.copyDataMessages]
    framed.isAtBoundary = framer.isAtBoundary
    return framed
}

/// Checks that the events do not depend on how the bytes arrive.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPostgresClient(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = frame([input])
    precondition(frame(input.map { [$0] }) == whole, "byte by byte differs")
    if let first = input.first {
        let place = Int(first) % (input.count + 1)
        precondition(frame([Array(input[..<place]), Array(input[place...])]) == whole, "split at \(place) differs")
    }
    return 0
}
