// Fuzzes what a PostgreSQL client says of itself: start-up parameters and the messages of SCRAM.

import PostgresWire
import Wire

/// Checks that what is taken out of a message was in it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPostgresLogin(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let first = PostgresSCRAM.initialResponse(input) {
        precondition(first.message.count + 5 <= count && input.suffix(first.message.count) == first.message[...])
    }
    if let first = PostgresSCRAM.ClientFirst(input) {
        precondition(first.header + first.bare == input, "header and bare message are the message")
        precondition(!first.nonce.isEmpty && !first.nonce.contains(UInt8(ascii: ",")))
        precondition((first.flag == UInt8(ascii: "p")) == (first.binding != nil))
    }
    if let final = PostgresSCRAM.ClientFinal(input) {
        precondition(
            final.withoutProof + Array(",p=".utf8) + final.proof == input, "what is signed is all but the proof")
    }
    var parser = PostgresStartupParser(directTLS: true)
    if case .packet(.sessionRequested, let length)? = try? parser.next(input.span) {
        let parameters = PostgresStartupParameters(input, length)
        let bytes = parameters.settings.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count }
        precondition(
            bytes + parameters.protocolOptions.joined().count <= length, "settings are made of the packet's bytes")
    }
    return 0
}
