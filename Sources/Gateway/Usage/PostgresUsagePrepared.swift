// What the statements show that a session has prepared under names.

import Wire

/// Features by the names of statements; of more names than are kept the oldest are forgotten.
///
/// A statement is sent once and bound for as long as its connection lasts, so that Bind tells how often what it shows is used.
struct PostgresUsagePrepared {
    /// Statements, and features of one.
    private static let mostNames = 256
    private static let mostFeatures = 48

    private var features: [UInt64: [UInt16]] = [:]
    /// In the order of their coming, from ``oldest`` on.
    private var names: [UInt64] = []
    private var oldest = 0
    private var current: UInt64 = 0

    /// What stands for a name.
    static func key(_ name: Range<Int>, in bytes: Bytes) -> UInt64 {
        name.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64(bytes[$1])) &* 0x0000_0100_0000_01B3 }
    }

    /// A statement is prepared under this name, in the place of any other.
    mutating func begin(_ name: UInt64) {
        current = name
        if features.updateValue([], forKey: name) != nil { return }
        if names.count < Self.mostNames {
            names.append(name)
        } else {
            features[names[oldest]] = nil
            names[oldest] = name
            oldest = (oldest + 1) % Self.mostNames
        }
    }

    /// The statement that was begun last shows `feature`.
    mutating func note(_ feature: Int) {
        guard let feature = UInt16(exactly: feature), let known = features[current], known.count < Self.mostFeatures,
            !known.contains(feature)
        else { return }
        features[current]?.append(feature)
    }

    /// What the statement with this name shows; nothing where it is not known.
    func features(of name: UInt64) -> [UInt16] { features[name] ?? [] }
}
