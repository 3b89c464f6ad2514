// The lengths of the words of a command that comes in more than one piece, and the words that are short.

import Wire

/// What is kept of the first words of one command.
///
/// A command whose value is as large as the buffers never lies in one of them, and is told by these.
package struct RedisPassingWords: Sendable {
    /// Words of a command of which anything is kept.
    package static let most = 48
    /// Bytes of a word that is kept; of a longer one only its length is.
    package static let bytesAtMost = 64

    /// The words that are kept, each behind a zero.
    package private(set) var bytes: [UInt8] = []
    private var words: [(length: Int, end: Int)] = []
    private var isKept = false

    package init() {}

    /// Words of which at least the length is known.
    package var count: Int { words.count }

    /// How long the word at `place` is, the name being 0.
    package func length(_ place: Int) -> Int { words[place].length }

    /// Where in ``bytes`` the word at `place` lies; empty for one that is too long to be kept.
    package func range(_ place: Int) -> Range<Int> { (place > 0 ? words[place - 1].end + 1 : 1)..<words[place].end }

    /// Takes the words of a command that begins at `start` and goes on behind the end of `bytes`, in a form that was found right.
    mutating func read(_ bytes: Bytes, from start: Int) {
        if words.capacity == 0 {
            self.bytes.reserveCapacity(Self.most * (Self.bytesAtMost + 1))
            words.reserveCapacity(Self.most)
        }
        self.bytes.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        isKept = false
        guard let lineEnd = bytes.firstIndex(of: .carriageReturn, from: start) else { return }
        var place = lineEnd + 2
        while place < bytes.count, bytes[place] == UInt8(ascii: "$") {
            var length = 0
            place += 1
            while place < bytes.count, bytes[place].isASCIIDigit {
                length = length &* 10 &+ Int(bytes[place] &- 0x30)
                place += 1
            }
            guard length >= 0, bytes.count - place >= 2 else { return }
            place += 2
            begin(length)
            let taken = min(length, bytes.count - place)
            keep(bytes, place..<(place + taken))
            place += taken
            guard taken == length, bytes.count - place >= 2 else { return }
            place += 2
        }
    }

    /// A word of `length` bytes begins.
    mutating func begin(_ length: Int) {
        isKept = words.count < Self.most && length <= Self.bytesAtMost
        guard words.count < Self.most else { return }
        bytes.append(0)
        words.append((length, bytes.count))
    }

    /// Bytes of the word that began.
    mutating func keep(_ source: Bytes, _ range: Range<Int>) {
        guard isKept else { return }
        for place in range { bytes.append(source[place]) }
        words[words.count - 1].end = bytes.count
    }
}
