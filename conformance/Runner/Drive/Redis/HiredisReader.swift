// hiredis' own formatter and reader, fed with bytes that the runner has recorded.

import CHiredis

/// A reader of hiredis.
final class HiredisReader {
    private let reader: UnsafeMutablePointer<redisReader>

    init() {
        guard let reader = redisReaderCreate() else { preconditionFailure("out of memory") }
        self.reader = reader
        // hiredis keeps 16 KiB at most between replies; a reply itself is bounded by what the case expects in its time.
        reader.pointee.maxbuf = 16 << 10
    }

    deinit { redisReaderFree(reader) }

    /// The bytes of a command as hiredis writes them.
    static func format(_ words: [[UInt8]]) throws(DriverFailure) -> [UInt8] {
        var target: UnsafeMutablePointer<CChar>?
        var lengths = words.map(\.count)
        // One text holds all words, so that their addresses stay good for the call.
        var joined: [UInt8] = []
        joined.reserveCapacity(lengths.reduce(1, +))
        for word in words { joined.append(contentsOf: word) }
        joined.append(0)
        let length = joined.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            var place = 0
            var pointers = words.map { word -> UnsafePointer<CChar>? in
                defer { place += word.count }
                return base.map { UnsafePointer($0 + place) }
            }
            return redisFormatCommandArgv(&target, Int32(words.count), &pointers, &lengths)
        }
        guard length > 0, let target else { throw DriverFailure(.unable, "hiredis does not format this command") }
        defer { redisFreeCommand(target) }
        return target.withMemoryRebound(to: UInt8.self, capacity: Int(length)) {
            Array(UnsafeBufferPointer(start: $0, count: Int(length)))
        }
    }

    func feed(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            _ = redisReaderFeed(reader, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        }
    }

    /// The next reply; nil while it is not complete.
    func next() throws(DriverFailure) -> Value? {
        var reply: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &reply) == REDIS_OK else {
            let text = withUnsafeBytes(of: reader.pointee.errstr) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw DriverFailure(.malformed, "hiredis: \(text)")
        }
        guard let reply else { return nil }
        defer { freeReplyObject(reply) }
        return Self.value(reply.assumingMemoryBound(to: redisReply.self))
    }

    private static func value(_ reply: UnsafeMutablePointer<redisReply>) -> Value {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING: return .bytes(text(reply))
        case REDIS_REPLY_STATUS: return .typed("simple", .bytes(text(reply)))
        case REDIS_REPLY_ERROR: return .typed("error", .bytes(text(reply)))
        case REDIS_REPLY_INTEGER: return .integer(reply.pointee.integer)
        case REDIS_REPLY_ARRAY:
            var values: [Value] = []
            for index in 0..<reply.pointee.elements {
                guard let element = reply.pointee.element?[index] else { continue }
                values.append(value(element))
            }
            return .list(values)
        default: return .null
        }
    }

    private static func text(_ reply: UnsafeMutablePointer<redisReply>) -> [UInt8] {
        guard let start = reply.pointee.str else { return [] }
        return start.withMemoryRebound(to: UInt8.self, capacity: Int(reply.pointee.len)) {
            Array(UnsafeBufferPointer(start: $0, count: Int(reply.pointee.len)))
        }
    }
}
