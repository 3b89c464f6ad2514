// Which keys of a Redis listener are sampled, and how they are asked for.

import Yams

/// How a listener's keys are sampled.
package struct KeySampling: Sendable, Equatable {
    /// One command in so many is looked at.
    package var every = ConfigurationDefaults.sampleEvery
    /// Keys of each kind that are shown.
    package var top = ConfigurationDefaults.sampleTop
}

extension ConfigurationKey {
    static let sampleKeys = [sampling, samplingEvery, samplingTop]

    static let sampling = ConfigurationKey(
        "listeners.NAME.sample-keys", .section, default: .described("no key is kept"),
        """
        Redis only: which keys are asked for most, and which move the most bytes, as `fairlead top` shows them, with \
        their names. `{}` for the defaults. See [Hot keys and big values](#hot-keys-and-big-values).
        """)
    static let samplingEvery = ConfigurationKey(
        "listeners.NAME.sample-keys.every", .wholeNumber(1...1_000_000),
        default: .value("\(ConfigurationDefaults.sampleEvery)"),
        "One command in so many is looked at, picked at random; of those with 16 KiB or more every one is looked at for its size."
    )
    static let samplingTop = ConfigurationKey(
        "listeners.NAME.sample-keys.top", .wholeNumber(1...64), default: .value("\(ConfigurationDefaults.sampleTop)"),
        "How many hot keys, and how many big values, are shown.")
}

extension ConfigurationDecoder {
    /// How a listener's keys are sampled; nil when they are not.
    mutating func sampling(_ parent: ConfigurationSection) -> KeySampling? {
        guard let section = section(.sampling, in: parent) else { return nil }
        var sampling = KeySampling()
        sampling.every = wholeNumber(.samplingEvery, in: section) ?? sampling.every
        sampling.top = wholeNumber(.samplingTop, in: section) ?? sampling.top
        return sampling
    }
}

/// Checks `sample-keys`.
enum KeySamplingChecks {
    /// The finding about the sampling of `listener`, if it can have none.
    static func findings(_ listener: ListenerConfiguration) -> [ConfigurationChecks.Finding] {
        guard listener.sampling != nil, listener.protocol != .redis else { return [] }
        return [
            .init(
                key: "listeners.\(listener.name).sample-keys",
                message: "keys are Redis keys, and this listener speaks \(listener.protocol.rawValue): remove this key")
        ]
    }
}
