// The commands in a client's bytes as they pass a tap.

import RedisWire
import Wire

/// Finds commands, each with at least its beginning at hand even when it came in pieces.
struct RedisPassingCommands {
    private var framer = RedisRequestFramer()
    /// The beginning of the command whose rest is to come.
    private var kept: [UInt8] = []
    /// Bytes of such a command that are kept.
    private let limit: Int

    init(keeping limit: Int) { self.limit = limit }

    /// Tells `take` of each event that ends in `bytes`, with the bytes in which its command begins and where, until it says no.
    ///
    /// Throws when the bytes are no commands; nothing more is found from then on.
    @inline(__always)
    mutating func pass(
        _ bytes: Span<UInt8>, _ take: (RedisRequestEvent, Span<UInt8>, Int) -> Bool
    ) throws(WireError) {
        var offset = 0
        while true {
            let start = offset
            guard let event = try framer.next(bytes, at: &offset) else {
                return keep(bytes.extracting(start..<bytes.count))
            }
            let goesOn: Bool
            if kept.isEmpty {
                goesOn = take(event, bytes, start)
            } else {
                keep(bytes.extracting(start..<offset))
                goesOn = take(event, kept.span, 0)
                kept.removeAll(keepingCapacity: kept.capacity <= 4096)
            }
            guard goesOn else { return }
        }
    }

    private mutating func keep(_ bytes: Span<UInt8>) {
        let room = limit &- kept.count
        guard room > 0, bytes.count > 0 else { return }
        bytes.extracting(0..<min(room, bytes.count)).withUnsafeBufferPointer { kept.append(contentsOf: $0) }
    }
}
