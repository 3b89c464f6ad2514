// Fuzzes the reader of a PostgreSQL client's whole messages.

import PostgresWire
import Wire

private struct Found: Equatable {
    var messages: [PostgresClientMessage] = []
    var codes: [String] = []
}

/// Reads as a session does: bytes are kept until a message is whole.
private func find(_ input: [UInt8], pieceSize: Int) -> Found {
    let reader = PostgresClientMessageReader(limit: 4096)
    var found = Found()
    var held: [UInt8] = []
    var start = 0
    while start < input.count {
        held += input[start..<min(input.count, start + pieceSize)]
        start += pieceSize
        var offset = 0
        var isWaiting = false
        while !isWaiting {
            let before = offset
            do throws(WireError) {
                switch try reader.next(held.span, at: &offset) {
                case .moreNeeded(let total):
                    precondition(offset == before, "nothing is taken of half a message")
                    precondition(total > held.count - offset, "what is asked for is not there yet")
                    isWaiting = true
                case .message(let message):
                    precondition(offset > before && offset <= held.count)
                    check(message, in: before..<offset)
                    found.messages.append(moved(message, by: -before))
                }
            } catch {
                found.codes.append(error.code)
                guard error.code == "invalid-message-layout" else { return found }
                precondition(offset > before, "a message whose layout is wrong is passed over")
            }
        }
        held.removeFirst(offset)
    }
    return found
}

private func ranges(of message: PostgresClientMessage) -> [Range<Int>] {
    switch message {
    case .query(let range), .describeStatement(let range), .describePortal(let range), .closeStatement(let range),
        .closePortal(let range), .copyData(let range), .copyFail(let range), .credentials(let range):
        [range]
    case .parse(let name, let text, _): [name, text]
    case .bind(let bind): [bind.portal, bind.statement] + bind.values.compactMap { $0 }
    case .execute(let portal, _): [portal]
    case .sync, .flush, .copyDone, .functionCall, .terminate: []
    }
}

private func check(_ message: PostgresClientMessage, in bounds: Range<Int>) {
    for range in ranges(of: message) { precondition(range.clamped(to: bounds) == range, "a range leaves its message") }
    if case .execute(_, let rows) = message { precondition(rows >= 0) }
}

/// The message as if it stood at the beginning, so that passes with other pieces can be compared.
private func moved(_ message: PostgresClientMessage, by distance: Int) -> PostgresClientMessage {
    func move(_ range: Range<Int>) -> Range<Int> { range.lowerBound + distance..<range.upperBound + distance }
    switch message {
    case .query(let range): return .query(move(range))
    case .parse(let name, let text, let types): return .parse(name: move(name), text: move(text), types: types)
    case .bind(var bind):
        bind.portal = move(bind.portal)
        bind.statement = move(bind.statement)
        bind.values = bind.values.map { $0.map(move) }
        return .bind(bind)
    case .describeStatement(let range): return .describeStatement(move(range))
    case .describePortal(let range): return .describePortal(move(range))
    case .execute(let portal, let rows): return .execute(portal: move(portal), rows: rows)
    case .closeStatement(let range): return .closeStatement(move(range))
    case .closePortal(let range): return .closePortal(move(range))
    case .copyData(let range): return .copyData(move(range))
    case .copyFail(let range): return .copyFail(move(range))
    case .credentials(let range): return .credentials(move(range))
    case .sync, .flush, .copyDone, .functionCall, .terminate: return message
    }
}

/// Checks that messages do not depend on how the bytes arrive and never reach beyond themselves.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPostgresMessages(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = find(input, pieceSize: max(1, count))
    precondition(find(input, pieceSize: 1) == whole, "byte by byte differs")
    precondition(find(input, pieceSize: 1 + Int(input.first ?? 0) % 17) == whole, "in pieces differs")
    return 0
}
