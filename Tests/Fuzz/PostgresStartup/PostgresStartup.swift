// Fuzzes the parser of PostgreSQL's untyped first packets.

import PostgresWire
import Wire

/// Checks that a packet is found at its last byte and not before, and that no answer claims bytes that are not there.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPostgresStartup(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var rest = input[...]
    var parser = PostgresStartupParser(directTLS: count % 2 == 0)
    while !rest.isEmpty {
        let fresh = parser
        let bytes = Array(rest)
        guard let step = try? parser.next(bytes.span) else { break }
        guard case .packet(let packet, let length) = step else {
            if case .moreNeeded(let total) = step { precondition(total > bytes.count && total <= 10_004) }
            break
        }
        precondition(length <= bytes.count)
        if case .cancelRequested(let processID, let key) = packet {
            precondition(
                PostgresRequestCode.cancelRequest(processID: processID, key: key) == Array(bytes[..<length]))
        }
        if length > 1 {
            let early = Array(bytes[..<(length - 1)])
            var again = fresh
            guard let incomplete = try? again.next(early.span), case .moreNeeded = incomplete else {
                preconditionFailure("a packet without its last byte was taken")
            }
        }
        if case .sessionRequested = packet { break }
        if length == 0 { break }
        rest = rest.dropFirst(length)
    }
    for encryption in [PostgresEncryption.tls, .gss] {
        guard let answer = try? PostgresEncryptionAnswer.read(input.span, to: encryption) else { continue }
        precondition(answer == .failed || input.count == 1)
    }
    return 0
}
