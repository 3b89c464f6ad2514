// Everything that is answered by one line: set, add, replace, cas, delete, touch, flush_all, mg and md.

import Capabilities
import Multiplex

/// What the line says.
enum MemcachedStatus: Equatable {
    case stored, notStored, exists, notFound, deleted, touched, ok
    /// `HD`: the meta commands' word for yes; with the seconds that are left when they were asked for, -1 for no end.
    case head(secondsLeft: Int64)
    /// `EN`: the meta commands' word for a miss.
    case miss
    /// An error of the server's own, after which the conversation goes on.
    case failed(Failure)

    /// Reads a line; nil when it is none of the protocol's.
    init?(_ line: Span<UInt8>) {
        switch line.count {
        case 8 where MemcachedText.starts(line, at: 0, with: "STORED\r\n"): self = .stored
        case 12 where MemcachedText.starts(line, at: 0, with: "NOT_STORED\r\n"): self = .notStored
        case 8 where MemcachedText.starts(line, at: 0, with: "EXISTS\r\n"): self = .exists
        case 11 where MemcachedText.starts(line, at: 0, with: "NOT_FOUND\r\n"): self = .notFound
        case 9 where MemcachedText.starts(line, at: 0, with: "DELETED\r\n"): self = .deleted
        case 9 where MemcachedText.starts(line, at: 0, with: "TOUCHED\r\n"): self = .touched
        case 4 where MemcachedText.starts(line, at: 0, with: "OK\r\n"): self = .ok
        case 4 where MemcachedText.starts(line, at: 0, with: "EN\r\n"): self = .miss
        case 4 where MemcachedText.starts(line, at: 0, with: "NF\r\n"): self = .notFound
        case 4 where MemcachedText.starts(line, at: 0, with: "EX\r\n"): self = .exists
        case 4... where MemcachedText.starts(line, at: 0, with: "HD"):
            guard let seconds = Self.secondsLeft(line) else { return nil }
            self = .head(secondsLeft: seconds)
        default:
            var error: Failure?
            guard Self.error(line, &error) == .done, let error else { return nil }
            self = .failed(error)
        }
    }

    /// The number of `HD t<seconds>`; -1 when the line has none, and for a key without an expiry.
    private static func secondsLeft(_ line: Span<UInt8>) -> Int64? {
        guard line.count > 6 else { return -1 }
        guard MemcachedText.starts(line, at: 0, with: "HD t"), line[line.count - 2] == 0x0D else { return nil }
        if MemcachedText.starts(line, at: 4, with: "-1\r\n") { return -1 }
        var index = 4
        guard let seconds = MemcachedText.number(line, &index, line.count - 2), index == line.count - 2 else {
            return nil
        }
        return Int64(exactly: seconds)
    }

    /// Reads `SERVER_ERROR <text>`.
    ///
    /// `ERROR` and `CLIENT_ERROR` mean that the server has not understood us: what follows may be its view of a value as
    /// commands, and no later answer can be trusted.
    static func error(_ line: Span<UInt8>, _ failure: inout Failure?) -> ExchangeProgress {
        guard MemcachedText.starts(line, at: 0, with: "SERVER_ERROR"), line.count >= 14 else {
            let text = line.withUnsafeBufferPointer {
                String(decoding: $0.prefix(100).filter { $0 >= 0x20 }, as: UTF8.self)
            }
            return .broken("expected an answer to the request, and got '\(text)'")
        }
        let text = line.withUnsafeBufferPointer { String(decoding: $0.dropLast(2), as: UTF8.self) }
        failure = .backend(text)
        return .done
    }
}

/// A request whose answer is one line.
final class StatusExchange: Exchange {
    enum Request {
        /// `cas` is zero but for the verb of that name.
        case store(StoreVerb, key: [UInt8], value: [UInt8], expiry: Int64, cas: UInt64)
        case delete(key: [UInt8])
        /// `md` with a version: deletes only if it still holds.
        case deleteVersion(key: [UInt8], cas: UInt64)
        case touch(key: [UInt8], expiry: Int64)
        /// `mg` without a value: whether the key is there, and the seconds it has left.
        case look(key: [UInt8])
        case flushAll
    }

    enum StoreVerb {
        case set, add, replace, cas

        var word: StaticString {
            switch self {
            case .set: "set "
            case .add: "add "
            case .replace: "replace "
            case .cas: "cas "
            }
        }
    }

    private let request: Request
    private(set) var status = MemcachedStatus.miss

    init(_ request: Request) {
        self.request = request
        if case .look = request { super.init(isRepeatable: true) } else { super.init() }
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        switch request {
        case .store(let verb, let key, let value, let expiry, let cas):
            output.append(verb.word)
            output.append(key)
            // The flags are the client's own, and we have none.
            output.append(" 0 ")
            output.append(decimal: expiry)
            output.append(0x20)
            output.append(decimal: UInt64(value.count))
            if verb == .cas {
                output.append(0x20)
                output.append(decimal: cas)
            }
            output.append("\r\n")
            output.append(value)
        case .delete(let key):
            output.append("delete ")
            output.append(key)
        case .deleteVersion(let key, let cas):
            output.append("md ")
            output.append(key)
            output.append(" C")
            output.append(decimal: cas)
        case .touch(let key, let expiry):
            output.append("touch ")
            output.append(key)
            output.append(0x20)
            output.append(decimal: expiry)
        case .look(let key):
            output.append("mg ")
            output.append(key)
            output.append(" t")
        case .flushAll: output.append("flush_all")
        }
        output.append("\r\n")
    }

    override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        guard let status = MemcachedStatus(frame) else {
            var failure: Failure?
            return MemcachedStatus.error(frame, &failure)
        }
        self.status = status
        return .done
    }
}
