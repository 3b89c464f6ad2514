// Conversations written one message a line, and the ways to feed them: whole, byte by byte, split at random.

import PostgresWire
import Wire

/// The recorded conversations; see the extensions.
enum Recorded {}

/// A message of one side, or any piece of its bytes.
struct Piece {
    let side: Side
    let bytes: [UInt8]
}

/// A conversation: `> Q "select 1\0"` is a client's message, `<` a server's; `startup` has no type or length.
///
/// Escapes in the body: `\0`, `\t`, `\n`, `\xNN`.
struct Transcript {
    /// The startup packet, empty when the transcript has none.
    private(set) var startup: [UInt8] = []
    /// All typed messages, in the order they passed.
    private(set) var messages: [Piece] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: true)
            guard words.count >= 2 else { continue }
            let body = words.count > 2 ? Self.unescape(words[2].dropFirst().dropLast()) : []
            if words[1] == "startup" {
                startup = body
            } else {
                let side: Side = words[0] == ">" ? .client : .server
                messages.append(Piece(side: side, bytes: message(words[1].utf8.first ?? 0, body)))
            }
        }
    }

    /// All bytes of one side in a row.
    func bytes(of side: Side) -> [UInt8] { messages.filter { $0.side == side }.flatMap(\.bytes) }

    /// Messages of one side that follow each other, joined.
    var turns: [Piece] {
        var turns: [Piece] = []
        for message in messages {
            if let last = turns.last, last.side == message.side {
                turns[turns.count - 1] = Piece(side: last.side, bytes: last.bytes + message.bytes)
            } else {
                turns.append(message)
            }
        }
        return turns
    }

    private static func unescape(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch kind {
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "n"): bytes.append(10)
            default:
                bytes.append(UInt8(String(rest.prefix(2)) ?? "", radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            }
        }
        return bytes
    }
}

/// A typed message with its header.
func message(_ type: UInt8, _ body: [UInt8] = []) -> [UInt8] { header(type, UInt32(body.count + 4)) + body }

/// A typed message whose type and body are text.
func message(_ type: Unicode.Scalar, _ body: String = "") -> [UInt8] { message(UInt8(ascii: type), Array(body.utf8)) }

/// The five bytes before a body of `length - 4` bytes.
func header(_ type: UInt8, _ length: UInt32) -> [UInt8] { [type] + bigEndian(length) }

func bigEndian(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
}

/// A generator of the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The ways to cut an input: whole, byte by byte, and at random.
func cutsOfEveryKind(_ bytes: [UInt8]) -> [[[UInt8]]] {
    var ways = [[bytes], bytes.map { [$0] }]
    for seed in 1...8 {
        var generator = SeededGenerator(seed: UInt64(seed))
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = Int.random(in: 0...min(rest.count, seed * 4), using: &generator)
            pieces.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        ways.append(pieces)
    }
    return ways
}

/// What a framer made of some pieces.
struct Framed<Event: Equatable>: Equatable {
    var events: [Event] = []
    var error: String?
    var isAtBoundary = true
    var messages: UInt64 = 0
    var rows: UInt64 = 0
    var copyData: UInt64 = 0
}

func frameClient(_ pieces: [[UInt8]]) -> Framed<PostgresClientEvent> {
    var framer = PostgresClientFramer()
    var framed = Framed<PostgresClientEvent>()
    do {
        for piece in pieces {
            var offset = 0
            while let event = try framer.next(piece.span, at: &offset) { framed.events.append(event) }
            if offset != piece.count { framed.error = "\(offset) of \(piece.count) consumed" }
        }
    } catch {
        framed.error = error.code
    }
    framed.isAtBoundary = framer.isAtBoundary
    framed.messages = framer.messages
    framed.copyData = framer.copyDataMessages
    return framed
}

func frameServer(_ pieces: [[UInt8]]) -> Framed<PostgresServerEvent> {
    var framer = PostgresServerFramer()
    var framed = Framed<PostgresServerEvent>()
    do {
        for piece in pieces {
            var offset = 0
            while let event = try framer.next(piece.span, at: &offset) { framed.events.append(event) }
            if offset != piece.count { framed.error = "\(offset) of \(piece.count) consumed" }
        }
    } catch {
        framed.error = error.code
    }
    framed.isAtBoundary = framer.isAtBoundary
    framed.messages = framer.messages
    framed.rows = framer.dataRows
    framed.copyData = framer.copyDataMessages
    return framed
}

/// What both sides' bytes come to, fed in `cut` pieces: outcomes as `command` or `command!SQLSTATE`.
struct Told: Equatable {
    var outcomes: [String] = []
    var error: String?
    var status: PostgresTransactionStatus?
    var isIdle = false
    var outstanding: UInt64 = 0
    var unpaired: UInt64 = 0
    var skipped: UInt64 = 0
}

func tell(_ transcript: Transcript, cut: ([UInt8]) -> [[UInt8]]) -> Told {
    var conversation = PostgresConversation(startedAt: 0)
    var told = Told()
    do {
        for (turn, piece) in transcript.turns.enumerated() {
            for part in cut(piece.bytes) {
                if piece.side == .client {
                    try conversation.clientSent(part.span, at: UInt64(turn))
                } else {
                    var offset = 0
                    while let outcome = try conversation.serverSent(part.span, from: &offset) {
                        told.outcomes.append(describe(outcome))
                    }
                }
            }
        }
    } catch {
        told.error = error.code
    }
    told.status = conversation.exchange.transactionStatus
    told.isIdle = conversation.exchange.isIdle
    told.outstanding = conversation.exchange.outstanding
    told.unpaired = conversation.exchange.unpaired
    told.skipped = conversation.exchange.skipped
    return told
}

func describe(_ outcome: PostgresOutcome) -> String {
    "\(outcome.command.name)" + (outcome.failed ? "!\(outcome.sqlState)" : "")
}

/// What every way of feeding comes to; a way that differs from the first is put into `error`.
func tellEveryWay(_ text: String) -> Told {
    let transcript = Transcript(text)
    let whole = tell(transcript) { [$0] }
    for way in 1..<10 {
        let told = tell(transcript) { cutsOfEveryKind($0)[way] }
        if told != whole {
            var different = told
            different.error = "way \(way) differs"
            return different
        }
    }
    return whole
}

// The same calls with an array, since a span may not be captured by the macros of the tests.

extension PostgresStartupParser {
    mutating func next(_ bytes: [UInt8]) throws(WireError) -> PostgresStartupStep { try next(bytes.span) }
}

extension PostgresServerFramer {
    mutating func next(_ bytes: [UInt8], at offset: inout Int) throws(WireError) -> PostgresServerEvent? {
        try next(bytes.span, at: &offset)
    }
}

extension PostgresEncryptionAnswer {
    static func read(
        _ bytes: [UInt8], to encryption: PostgresEncryption
    ) throws(WireError) -> PostgresEncryptionAnswer? {
        try read(bytes.span, to: encryption)
    }
}
