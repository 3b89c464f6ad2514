// What several options of one command amount to together.

import RedisWire

/// Options that mean something only with one another: SET with NX and a time is a lock, LMOVE from right to left a queue.
struct RedisUsageForm {
    private var isAbsent = false
    private var expires = false
    private var givesOld = false
    private var comesFromRight = false
    private(set) var hasAbsoluteTime = false
    private(set) var isQueue = false

    /// Whether a key is set only if it is not there, and for a time, and nothing else is asked.
    var isLock: Bool { isAbsent && expires && !givesOld }

    /// The option `word` stands at `place`.
    mutating func take(_ word: RedisText, at place: Int, isExpiry: Bool) {
        if isExpiry { expires = true }
        switch word {
        case Self.absent: isAbsent = true
        case Self.old: givesOld = true
        case Self.absolute: hasAbsoluteTime = true
        case Self.right: comesFromRight = place == 3
        case Self.left: isQueue = comesFromRight && place == 4
        default: break
        }
    }

    private static let absent = RedisText("nx")
    private static let old = RedisText("get")
    private static let absolute = RedisText("absttl")
    private static let right = RedisText("right")
    private static let left = RedisText("left")
}
