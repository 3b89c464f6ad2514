// Reading values: get, gets and gat of one key, and get of several.

import Capabilities
import Multiplex

/// A request whose answer is values and then `END`; subclasses say which keys they are for.
class RetrievalExchange: Exchange {
    /// An error of the server's own; the values that came before it do not count.
    private(set) var error: Failure?

    /// Takes one value with the line before it; false when nobody asked for its key.
    func take(_ frame: Span<UInt8>, _ head: MemcachedText.ValueHead) -> Bool { false }

    final override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        guard MemcachedText.isValue(frame, at: 0) else {
            if MemcachedText.starts(frame, at: 0, with: "END\r\n") { return .done }
            return MemcachedStatus.error(frame, &error)
        }
        guard let head = MemcachedText.valueHead(frame) else {
            return .broken("expected VALUE with a key, flags and a length")
        }
        // A value of a key that was not asked for is somebody else's answer.
        return take(frame, head)
            ? .more : .broken("expected the value of a key that was asked for, and got another one's")
    }
}

/// `get` of one key, `gets` for the version, `gat` to move the expiry as well.
final class ValueExchange: RetrievalExchange {
    enum Verb {
        case get, gets
        /// Get and touch, with a time as memcached takes it.
        case gat(Int64)
    }

    private let verb: Verb
    private let key: [UInt8]
    private var value: Answer = .missing

    init(_ verb: Verb, _ key: [UInt8]) {
        self.verb = verb
        self.key = key
        // A read can be sent again, as long as it does not move an expiry.
        if case .gat = verb { super.init() } else { super.init(isRepeatable: true) }
    }

    /// The value, or what the server said instead.
    func answer() throws(Failure) -> Answer {
        if let error { throw error }
        return value
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        switch verb {
        case .get: output.append("get ")
        case .gets: output.append("gets ")
        case .gat(let time):
            output.append("gat ")
            output.append(decimal: time)
            output.append(0x20)
        }
        output.append(key)
        output.append("\r\n")
    }

    override func take(_ frame: Span<UInt8>, _ head: MemcachedText.ValueHead) -> Bool {
        guard value == .missing, MemcachedText.isEqual(frame, head.key, key) else { return false }
        let bytes = MemcachedText.array(frame, head.block)
        if case .gets = verb { value = .versioned(bytes, Version(head.cas)) } else { value = .bytes(bytes) }
        return true
    }
}

/// `get` of several keys.
final class ValuesExchange: RetrievalExchange {
    private let keys: [[UInt8]]
    /// The key whose value can come next: memcached answers in the order of the request and leaves out what it lacks.
    private var next = 0
    private var values: [Answer]

    init(_ keys: [[UInt8]]) {
        self.keys = keys
        values = Array(repeating: .missing, count: keys.count)
        super.init(isRepeatable: true)
    }

    /// The answer for each key, in their order, or what the server said instead.
    func answers() throws(Failure) -> [Answer] {
        if let error { throw error }
        return values
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        output.append("get")
        for key in keys {
            output.append(0x20)
            output.append(key)
        }
        output.append("\r\n")
    }

    override func take(_ frame: Span<UInt8>, _ head: MemcachedText.ValueHead) -> Bool {
        while next < keys.count, !MemcachedText.isEqual(frame, head.key, keys[next]) { next += 1 }
        guard next < keys.count else { return false }
        values[next] = .bytes(MemcachedText.array(frame, head.block))
        next += 1
        return true
    }
}
