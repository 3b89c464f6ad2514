// Fuzzes the reader of whole Redis commands: the same commands, however the bytes arrive.

import RedisWire
import Wire

/// What the reader gave: the words of each command, none for an empty one, and what ended it.
private struct Found: Equatable {
    var commands: [[[UInt8]]] = []
    var error: RedisProtocolError?
    var isAtBoundary = true
}

private func find(_ input: [UInt8], isAuthenticated: Bool, pieceSize: (Int) -> Int) -> Found {
    var reader = RedisCommandReader()
    reader.isAuthenticated = isAuthenticated
    var found = Found()
    var start = 0
    var index = 0
    while start < input.count {
        let end = min(input.count, start + max(1, pieceSize(index)))
        let piece = Array(input[start..<end])
        var offset = 0
        do throws(RedisProtocolError) {
            while let event = try reader.next(piece.span, at: &offset) {
                guard event == .commandRead else {
                    found.commands.append([])
                    continue
                }
                precondition(reader.line.count == reader.line.arguments.count + 1)
                found.commands.append([reader.line.name] + reader.line.arguments)
            }
        } catch {
            found.error = error
            return found
        }
        precondition(offset == piece.count, "every byte is consumed")
        start = end
        index += 1
    }
    found.isAtBoundary = reader.isAtBoundary
    return found
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRedisCommandReader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    for isAuthenticated in [true, false] {
        let whole = find(input, isAuthenticated: isAuthenticated) { _ in input.count }
        let bytewise = find(input, isAuthenticated: isAuthenticated) { _ in 1 }
        let split = find(input, isAuthenticated: isAuthenticated) { Int(input[($0 * 7 + 3) % input.count] & 31) }
        precondition(bytewise == whole && split == whole, "the same is read whichever way it comes")
        let words = whole.commands.joined().reduce(0) { $0 + $1.count }
        precondition(words <= input.count, "no word is made of bytes that did not come")
        // The reply is one line, whatever the client sent.
        if let error = whole.error { precondition(!error.reply.contains { $0 < 0x20 || $0 == 0x7F }) }
    }
    return 0
}
