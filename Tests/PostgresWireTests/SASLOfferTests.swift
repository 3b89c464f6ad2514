// The offer of SASL mechanisms to a client in the clear behind a gateway that adds TLS.

import PostgresWire
import Testing

@Suite("The SASL offer")
struct SASLOfferTests {
    private let both = message("R", "\0\0\0\u{A}SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0")
    private let plain = message("R", "\0\0\0\u{A}SCRAM-SHA-256\0\0")

    private func changed(_ bytes: [UInt8]) -> [UInt8]? { PostgresSASLOffer.withoutChannelBinding(bytes.span) }

    @Test("mechanisms that bind to the channel are withdrawn, in whatever order they come")
    func withdrawn() {
        #expect(changed(both) == plain)
        #expect(changed(message("R", "\0\0\0\u{A}SCRAM-SHA-256\0SCRAM-SHA-256-PLUS\0\0")) == plain)
    }

    @Test("what comes before and behind the offer stays as it came")
    func around() {
        let negotiation = message("v", "\0\u{3}\0\0\0\0\0\0")
        let notice = message("N", "SNOTICE\0\0")
        #expect(changed(negotiation + both + notice) == negotiation + plain + notice)
    }

    @Test("nothing is said before the first message is complete")
    func incomplete() {
        let bytes = message("v", "\0\u{3}\0\0\0\0\0\0") + both
        for count in 0..<bytes.count { #expect(changed(Array(bytes[..<count])) == nil, "\(count) bytes") }
    }

    @Test("other requests, offers of nothing else, errors and garbage pass unchanged")
    func others() {
        for bytes in [
            message("R", "\0\0\0\0"), message("R", "\0\0\0\u{5}salt"), message("R", "\0\0"),
            message("R", "\0\0\0\u{A}SCRAM-SHA-256-PLUS\0\0"), message("R", "\0\0\0\u{A}-PLUS\0X\0\0"),
            message("R", "\0\0\0\u{A}SCRAM-SHA-256-PLUS"), message("R", "\0\0\0\u{A}X-PLUS\0Y\0"),
            message("R", "\0\0\0\u{A}X-PLUS\0Y\0\0more"), message("R", "\0\0\0\u{A}X\0Y\0\0"),
            message("E", "SFATAL\0\0"),
            [0x52, 0, 0, 0, 3, 9], [0x52, 0xFF, 0xFF, 0xFF, 0xFF], Array("HTTP/1.1 400".utf8),
        ] { #expect(changed(bytes) == bytes) }
    }
}
