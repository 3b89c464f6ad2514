// What is left of an operation when a part of it is ignored.

/// What is done in an operation's place, and what its answer says then.
public struct OperationRest: Sendable, Equatable {
    public let operation: Operation
    /// What of the operation is left out.
    public let ignored: CapabilitySet
    /// What is answered when the key is there, where the rest only asks whether it is; nil for the rest's own answer.
    private let whenThere: Answer?
    private let whenMissing: Answer

    /// All of `operation`, or a rest whose answer is the operation's own.
    public init(_ operation: Operation, ignored: CapabilitySet = CapabilitySet()) {
        self.operation = operation
        self.ignored = ignored
        whenThere = nil
        whenMissing = .missing
    }

    /// Whether `key` is there, and nothing else.
    init(existenceOf key: [UInt8], ignored: CapabilitySet, whenThere: Answer, whenMissing: Answer) {
        self.init(.exists(keys: [key]), ignored, whenThere, whenMissing)
    }

    /// The end of `key`, whose time has passed already: nothing is left out then.
    init(endOf key: [UInt8], whenThere: Answer, whenMissing: Answer) {
        self.init(.delete(keys: [key]), CapabilitySet(), whenThere, whenMissing)
    }

    private init(
        _ operation: KeyValueOperation, _ ignored: CapabilitySet, _ whenThere: Answer, _ whenMissing: Answer
    ) {
        self.operation = .keyValue(operation)
        self.ignored = ignored
        self.whenThere = whenThere
        self.whenMissing = whenMissing
    }

    /// The operation's answer, made of the answer to its rest.
    public func answer(_ answer: Answer) -> Answer {
        guard let whenThere else { return answer }
        return answer == .integer(0) ? whenMissing : whenThere
    }
}

extension Operation {
    /// The same without the options that `ignored` stands for; a key has no time to live afterwards, whatever was asked.
    ///
    /// A time that has passed at `now`, in milliseconds since 1970, asks for the end of a key, and for that a backend needs
    /// no times: it is ended.
    public func without(_ ignored: CapabilitySet, now: Int64) -> OperationRest {
        guard case .keyValue(let operation) = self, ignored.contains(.keyValueTTL) else { return OperationRest(self) }
        let ttl = CapabilitySet(.keyValueTTL)
        switch operation {
        case .set(let key, let value, var options):
            if case .at(let time) = options.expiry, time <= now, let rest = Self.ended(key, options) { return rest }
            options.expiry = .never
            return OperationRest(.keyValue(.set(key: key, value: value, options)), ignored: ttl)
        case .getAndExpire(let key, .at(let time)) where time <= now:
            return OperationRest(.keyValue(.getAndDelete(key: key)))
        case .getAndExpire(let key, _): return OperationRest(.keyValue(.get(key: key)), ignored: ttl)
        case .expire(let key, let time, let condition):
            let isSet = condition.holds(for: time, over: nil)
            if isSet, time <= now {
                return OperationRest(endOf: key, whenThere: .flag(true), whenMissing: .flag(false))
            }
            return OperationRest(
                existenceOf: key, ignored: ttl, whenThere: .flag(isSet), whenMissing: .flag(false))
        case .expiry(let key):
            return OperationRest(existenceOf: key, ignored: ttl, whenThere: .done, whenMissing: .missing)
        case .persist(let key):
            return OperationRest(existenceOf: key, ignored: ttl, whenThere: .flag(false), whenMissing: .flag(false))
        default: return OperationRest(self)
        }
    }

    /// A set whose value has no time to live at all: what was there is ended where the condition holds; nil for a
    /// condition on a version.
    private static func ended(_ key: [UInt8], _ options: SetOptions) -> OperationRest? {
        switch (options.condition, options.returnsOld) {
        case (.always, false): OperationRest(endOf: key, whenThere: .done, whenMissing: .done)
        case (.present, false): OperationRest(endOf: key, whenThere: .done, whenMissing: .missing)
        case (.always, true), (.present, true): OperationRest(.keyValue(.getAndDelete(key: key)))
        case (.absent, false):
            OperationRest(
                existenceOf: key, ignored: CapabilitySet(), whenThere: .missing, whenMissing: .done)
        case (.absent, true): OperationRest(.keyValue(.get(key: key)))
        case (.version, _): nil
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
