// Patterns for the names of commands and parameters.

/// A pattern of `*`, `?` and letters in any case, for short names that the gateway itself gave.
struct RedisGlob {
    private let pattern: [UInt8]

    /// Longer patterns match no name.
    private static let longest = 256

    init(_ pattern: [UInt8]) {
        self.pattern = pattern.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    }

    /// Whether `name`, in lower case, matches.
    func matches(_ name: [UInt8]) -> Bool {
        guard pattern.count <= Self.longest else { return false }
        // Where the last star stood and what it has taken, so that the work is at most the product of the lengths.
        var (index, place, star, taken) = (0, 0, -1, 0)
        while place < name.count {
            if index < pattern.count, pattern[index] == 0x2A {
                (star, taken) = (index, place)
                index += 1
            } else if index < pattern.count, pattern[index] == 0x3F || pattern[index] == name[place] {
                index += 1
                place += 1
            } else if star >= 0 {
                taken += 1
                (index, place) = (star + 1, taken)
            } else {
                return false
            }
        }
        return pattern[index...].allSatisfy { $0 == 0x2A }
    }
}
