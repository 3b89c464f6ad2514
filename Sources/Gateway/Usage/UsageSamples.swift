// Redacted examples of what features look like, where the configuration asks for them.

/// Examples by feature, of one application on one worker; their number and their lengths are bounded.
struct UsageSamples {
    /// Examples of all features.
    static let total = 512
    /// Bytes of one example; what is longer is cut by whoever composes it.
    static let length = 240
    /// Features of one request.
    private static let wantedLimit = 64

    /// Examples of one feature.
    private let limit: Int
    private(set) var byFeature: [Int: [String]] = [:]
    private var count = 0
    /// The features of the request that is looked at, which are short of examples.
    private var wanted: [Int] = []
    private var isOpen = false

    init(limit: Int) { self.limit = limit }

    /// A request that shows `feature` is looked at.
    mutating func open(_ feature: Int) {
        isOpen = true
        wanted.removeAll(keepingCapacity: true)
        want(feature)
    }

    /// The request that is looked at shows `feature` as well.
    mutating func want(_ feature: Int) {
        guard isOpen, wanted.count < Self.wantedLimit, count < Self.total, (byFeature[feature]?.count ?? 0) < limit
        else { return }
        wanted.append(feature)
    }

    /// The look is over; `text` is composed where a feature is short of examples, and nil where it must not be.
    mutating func close(_ text: () -> String?) {
        isOpen = false
        guard !wanted.isEmpty, let text = text() else { return }
        for feature in wanted where count < Self.total && byFeature[feature]?.contains(text) != true {
            byFeature[feature, default: []].append(text)
            count += 1
        }
    }

    mutating func reset() { self = UsageSamples(limit: limit) }
}
