// Random numbers for picking keys and members; no secret depends on them.

/// SplitMix64, which is quick and passes the usual tests.
struct RandomSource: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// A number from zero to below `bound`, which is not zero.
    mutating func below(_ bound: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(bound)).high) }

    /// Distinct numbers below `bound`, as many as `count` or all of them, in random order.
    mutating func distinct(_ count: Int, below bound: Int) -> [Int] {
        if count >= bound { return (0..<bound).shuffled(using: &self) }
        if count * 3 > bound {
            var all = Array(0..<bound)
            for index in 0..<count { all.swapAt(index, index + below(bound - index)) }
            return Array(all[..<count])
        }
        var seen: Set<Int> = []
        var chosen: [Int] = []
        chosen.reserveCapacity(count)
        while chosen.count < count {
            let number = below(bound)
            if seen.insert(number).inserted { chosen.append(number) }
        }
        return chosen
    }
}
