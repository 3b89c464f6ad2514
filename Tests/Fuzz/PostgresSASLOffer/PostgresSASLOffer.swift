// Fuzzes the one change the gateway makes to a server's bytes: the withdrawn offer of channel binding.

import PostgresWire
import Wire

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let once = PostgresSASLOffer.withoutChannelBinding(input.span) else { return 0 }
    // It only takes away, and there is nothing left to take away from what it gave.
    precondition(once.count <= input.count, "the answer grew")
    precondition(PostgresSASLOffer.withoutChannelBinding(once.span) == once, "a second look changed the answer")
    return 0
}
