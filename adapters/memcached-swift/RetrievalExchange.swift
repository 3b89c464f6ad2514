// Reading values: mg of one key, with its version or a new expiry, and get of several.

import Capabilities
import Multiplex

/// `mg` of one key: the value, its version, or the value with a new expiry (protocol.txt, "Meta Get").
///
/// memcached gathers the answers to several `mg` in one send; for `get` it makes a send each.
final class ValueExchange: AnsweringExchange {
    enum Verb {
        case get, gets
        /// Get and touch, with a time as memcached takes it.
        case gat(Int64)
    }

    private let verb: Verb
    private let key: [UInt8]
    private var value: Answer = .missing
    /// An error of the server's own.
    private var error: Failure?

    init(_ verb: Verb, _ key: [UInt8]) {
        self.verb = verb
        self.key = key
        // A read can be sent again, as long as it does not move an expiry.
        if case .gat = verb { super.init() } else { super.init(isRepeatable: true) }
    }

    /// The value, or what the server said instead.
    override func answer() throws(Failure) -> Answer {
        if let error { throw error }
        return value
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        output.append("mg ")
        output.append(key)
        // The flag k has the answer repeat the key, which is how an answer is known to be ours.
        switch verb {
        case .get: output.append(" v k\r\n")
        case .gets: output.append(" v c k\r\n")
        case .gat(let time):
            output.append(" v k T")
            output.append(decimal: time)
            output.append("\r\n")
        }
    }

    override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        guard MemcachedText.isValue(frame, at: 0) else {
            return isMiss(frame) ? .done : MemcachedStatus.error(frame, &error)
        }
        guard let head = MemcachedText.valueHead(frame), head.isMeta else {
            return .broken("expected VA with a length and a key")
        }
        guard MemcachedText.isEqual(frame, head.key, key) else {
            return .broken("expected the value of the key that was asked for, and got another one's")
        }
        let bytes = MemcachedText.array(frame, head.block)
        switch verb {
        case .get, .gat: value = .bytes(bytes)
        case .gets:
            guard let cas = head.cas else { return .broken("expected a version with the value") }
            value = .versioned(bytes, Version(cas))
        }
        return .done
    }

    /// Whether it is `EN k<key>` with our key, or `EN` as of servers that name no key when they have none.
    private func isMiss(_ line: Span<UInt8>) -> Bool {
        if line.count == 4 { return MemcachedText.starts(line, at: 0, with: "EN\r\n") }
        return line.count > 6 && MemcachedText.starts(line, at: 0, with: "EN k")
            && MemcachedText.isEqual(line, 4..<line.count - 2, key)
    }
}

/// `get` of several keys: values, and then `END`.
final class ValuesExchange: Exchange {
    private let keys: [[UInt8]]
    /// The key whose value can come next: memcached answers in the order of the request and leaves out what it lacks.
    private var next = 0
    private var values: [Answer]
    /// An error of the server's own; the values that came before it do not count.
    private var error: Failure?

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

    override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        guard MemcachedText.isValue(frame, at: 0) else {
            return frame.count == 5 && MemcachedText.starts(frame, at: 0, with: "END\r\n")
                ? .done : MemcachedStatus.error(frame, &error)
        }
        guard let head = MemcachedText.valueHead(frame), !head.isMeta else {
            return .broken("expected VALUE with a key, flags and a length")
        }
        // A value of a key that was not asked for is somebody else's answer.
        while next < keys.count, !MemcachedText.isEqual(frame, head.key, keys[next]) { next += 1 }
        guard next < keys.count else {
            return .broken("expected the value of a key that was asked for, and got another one's")
        }
        values[next] = .bytes(MemcachedText.array(frame, head.block))
        next += 1
        return .more
    }
}
