// What is left of an operation when a part of it is ignored.

extension Operation {
    /// The same without the options that `ignored` stands for; nil when nothing is left to do.
    public func without(_ ignored: CapabilitySet) -> Operation? {
        guard case .keyValue(let operation) = self, ignored.contains(.keyValueTTL) else { return nil }
        switch operation {
        case .set(let key, let value, var options):
            options.expiry = .never
            return .keyValue(.set(key: key, value: value, options))
        case .getAndExpire(let key, _): return .keyValue(.get(key: key))
        default: return nil
        }
    }

    /// The answer to an operation of which nothing is left: what it would answer if it had been done.
    public var answerWhenIgnored: Answer {
        switch self {
        case .keyValue(.expire), .keyValue(.persist): .flag(true)
        default: .done
        }
    }
}

extension Capability {
    /// Whether there is a way to accept it without effect.
    public var canBeIgnored: Bool { self == .keyValueTTL }
}

extension KeyValueOperation {
    /// The key of an operation on one key; nil for the others.
    public var singleKey: [UInt8]? {
        switch self {
        case .get(let key), .getVersioned(let key), .set(let key, _, _), .getAndExpire(let key, _),
            .getAndDelete(let key), .deleteVersion(let key, _), .type(let key), .append(let key, _),
            .length(let key), .range(let key, _, _), .overwrite(let key, _, _), .increment(let key, _),
            .incrementFloat(let key, _), .expire(let key, _, _), .expiry(let key), .persist(let key):
            key
        default: nil
        }
    }
}
