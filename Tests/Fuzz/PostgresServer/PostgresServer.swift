// Fuzzes the framer of a PostgreSQL server's messages.

import PostgresWire
import Wire

private struct Framed: Equatable {
    var events: [PostgresServerEvent] = []
    var counts: [UInt64] = []
    var code = ""
    var isAtBoundary = false
}

private func frame(_ pieces: [[UInt8]]) -> Framed {
    var framer = PostgresServerFramer()
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
    framed.counts = [framer.messages, framer.copyDataMessages, framer.dataRows]
    framed.isAtBoundary = framer.isAtBoundary
    return framed
}

/// Checks that the events do not depend on how the bytes arrive.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPostgresServer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = frame([input])
    precondition(frame(input.map { [$0] }) == whole, "byte by byte differs")
    if let first = input.first {
        let place = Int(first) % (input.count + 1)
        precondition(frame([Array(input[..<place]), Array(input[place...])]) == whole, "split at \(place) differs")
    }
    var exchange = PostgresExchange(startedAt: 0)
    for (index, event) in whole.events.enumerated() {
        _ = exchange.serverSent(event)
        // Requests that the input's bytes choose, so that pairing is tried in many states.
        switch input[index % input.count] % 8 {
        case 0: exchange.clientSent(.querySent(.select), at: 1)
        case 1: exchange.clientSent(.parseSent(.insert), at: 1)
        case 2: exchange.clientSent(.executeSent, at: 1)
        case 3: exchange.clientSent(.syncSent, at: 1)
        case 4: exchange.clientSent(.copyDoneSent, at: 1)
        default: break
        }
    }
    var abandoned = 0
    while exchange.abandonNext() != nil { abandoned += 1 }
    precondition(abandoned <= PostgresLimits.trackedRequests.maximum)
    return 0
}
