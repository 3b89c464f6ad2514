// What passed over the wire during a step, as far as it is kept.

/// The bytes of a step, sent and received, in order.
package struct Evidence: Sendable, Equatable {
    package enum Direction: String, Sendable {
        case sent
        case received
    }

    package struct Piece: Sendable, Equatable {
        package var direction: Direction
        /// The bytes, or their beginning.
        package var bytes: [UInt8]
        /// How many there were.
        package var count: Int
    }

    /// Bytes of one piece that are kept: enough to see what it was.
    package static let pieceBytes = 2048
    /// Pieces of one step that are kept.
    package static let pieces = 64

    package private(set) var pieces: [Piece] = []
    /// Pieces beyond those.
    package private(set) var dropped = 0

    package init() {}

    package mutating func sent(_ bytes: [UInt8]) { add(.sent, bytes) }
    package mutating func received(_ bytes: [UInt8]) { add(.received, bytes) }

    private mutating func add(_ direction: Direction, _ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        // What comes in many small reads is one piece to a reader.
        if let last = pieces.indices.last, pieces[last].direction == direction {
            let room = max(Self.pieceBytes - pieces[last].bytes.count, 0)
            pieces[last].bytes += bytes.prefix(room)
            pieces[last].count += bytes.count
            return
        }
        guard pieces.count < Self.pieces else {
            dropped += 1
            return
        }
        pieces.append(Piece(direction: direction, bytes: Array(bytes.prefix(Self.pieceBytes)), count: bytes.count))
    }
}
