// Everything that is answered by one line: ms, md, mg without a value, touch and flush_all.

import Capabilities
import Multiplex

/// What the line says.
enum MemcachedStatus: Equatable {
    /// `HD`: the meta commands' word for yes; with the seconds that are left when they were asked for, -1 for no end.
    case head(secondsLeft: Int64)
    /// `NS`: a condition on the key's presence did not hold.
    case notStored
    /// `EX`: the key has another version.
    case exists
    /// `NF` and `NOT_FOUND`: there is no such key to change.
    case notFound
    /// `EN`: there is no such key to read.
    case miss
    case touched, ok
    /// An error of the server's own, after which the conversation goes on.
    case failed(Failure)

    /// Reads the answer to a request for `key`; nil when it is none, or another key's.
    init?(_ line: Span<UInt8>, to key: [UInt8]) {
        guard line.count >= 4, line[line.count - 2] == 0x0D else { return nil }
        if line.count == 4 || line[2] == 0x20 {
            guard let status = Self.meta(line, to: key) else { return nil }
            self = status
            return
        }
        switch line.count {
        case 9 where MemcachedText.starts(line, at: 0, with: "TOUCHED\r\n"): self = .touched
        case 11 where MemcachedText.starts(line, at: 0, with: "NOT_FOUND\r\n"): self = .notFound
        default:
            var error: Failure?
            guard Self.error(line, &error) == .done, let error else { return nil }
            self = .failed(error)
        }
    }

    /// Reads `<word> <flag><value>*` (protocol.txt, "Meta Commands"); the flag k repeats the key.
    private static func meta(_ line: Span<UInt8>, to key: [UInt8]) -> MemcachedStatus? {
        var secondsLeft: Int64 = -1
        var index = 2
        let end = line.count - 2
        while index < end {
            guard line[index] == 0x20, index + 1 < end else { return nil }
            let flag = line[index + 1]
            let value = MemcachedText.word(line, from: index + 2, end)
            index = value.upperBound
            switch flag {
            case UInt8(ascii: "k"): guard MemcachedText.isEqual(line, value, key) else { return nil }
            case UInt8(ascii: "t"):
                guard let seconds = self.seconds(line, value) else { return nil }
                secondsLeft = seconds
            default: return nil
            }
        }
        return switch (line[0], line[1]) {
        case (UInt8(ascii: "H"), UInt8(ascii: "D")): .head(secondsLeft: secondsLeft)
        case (UInt8(ascii: "N"), UInt8(ascii: "S")): .notStored
        case (UInt8(ascii: "E"), UInt8(ascii: "X")): .exists
        case (UInt8(ascii: "N"), UInt8(ascii: "F")): .notFound
        case (UInt8(ascii: "E"), UInt8(ascii: "N")): .miss
        case (UInt8(ascii: "O"), UInt8(ascii: "K")) where line.count == 4: .ok
        default: nil
        }
    }

    /// The seconds of the flag t; -1 for a key without an expiry.
    private static func seconds(_ line: Span<UInt8>, _ range: Range<Int>) -> Int64? {
        if range.count == 2, MemcachedText.starts(line, at: range.lowerBound, with: "-1") { return -1 }
        var index = range.lowerBound
        guard let seconds = MemcachedText.number(line, &index, range.upperBound), index == range.upperBound else {
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
final class StatusExchange: AnsweringExchange {
    enum Request {
        /// `ms`, if `condition` holds.
        case store(StoreCondition, value: [UInt8], expiry: Int64)
        case delete
        /// `md` with a version: deletes only if it still holds.
        case deleteVersion(UInt64)
        case touch(expiry: Int64)
        /// `mg` without a value: whether the key is there, and the seconds it has left.
        case look
        case flushAll
    }

    /// When a value is stored (protocol.txt, "Meta Set", the flags M and C).
    enum StoreCondition {
        case always, absent, present
        case version(UInt64)
    }

    private let request: Request
    private let key: [UInt8]
    private(set) var status = MemcachedStatus.miss

    init(_ request: Request, _ key: [UInt8] = []) {
        self.request = request
        self.key = key
        if case .look = request { super.init(isRepeatable: true) } else { super.init() }
    }

    override func answer() throws(Failure) -> Answer {
        let isYes =
            switch status {
            case .failed(let failure): throw failure
            case .head, .touched, .ok: true
            case .notStored, .exists, .notFound, .miss: false
            }
        return switch request {
        case .store, .flushAll: isYes ? .done : .missing
        case .delete, .look: .integer(isYes ? 1 : 0)
        case .deleteVersion, .touch: .flag(isYes)
        }
    }

    override func encode(id: UInt64, into output: inout OutputBuffer) {
        switch request {
        case .store(let condition, let value, let expiry):
            output.append("ms ")
            output.append(key)
            output.append(0x20)
            output.append(decimal: UInt64(value.count))
            output.append(" T")
            output.append(decimal: expiry)
            switch condition {
            case .always: break
            case .absent: output.append(" ME")
            case .present: output.append(" MR")
            case .version(let cas):
                output.append(" C")
                output.append(decimal: cas)
            }
            output.append(" k\r\n")
            output.append(value)
        case .delete:
            output.append("md ")
            output.append(key)
            output.append(" k")
        case .deleteVersion(let cas):
            output.append("md ")
            output.append(key)
            output.append(" C")
            output.append(decimal: cas)
            output.append(" k")
        case .touch(let expiry):
            output.append("touch ")
            output.append(key)
            output.append(0x20)
            output.append(decimal: expiry)
        case .look:
            output.append("mg ")
            output.append(key)
            output.append(" t k")
        case .flushAll: output.append("flush_all")
        }
        output.append("\r\n")
    }

    override func receive(_ frame: Span<UInt8>) -> ExchangeProgress {
        guard let status = MemcachedStatus(frame, to: key), fits(status) else {
            var failure: Failure?
            return MemcachedStatus.error(frame, &failure)
        }
        self.status = status
        return .done
    }

    /// Whether the word is one that this request can be answered with.
    private func fits(_ status: MemcachedStatus) -> Bool {
        switch (request, status) {
        case (_, .failed): true
        case (.store, .head), (.store, .notStored), (.store, .exists), (.store, .notFound): true
        case (.delete, .head), (.delete, .notFound): true
        case (.deleteVersion, .head), (.deleteVersion, .exists), (.deleteVersion, .notFound): true
        case (.look, .head), (.look, .miss): true
        case (.touch, .touched), (.touch, .notFound), (.flushAll, .ok): true
        default: false
        }
    }
}
