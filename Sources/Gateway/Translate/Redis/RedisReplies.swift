// Spells answers in the shapes of Redis replies.

import Capabilities
import RedisWire

extension RedisReplyWriter {
    mutating func write(_ reply: RedisFixedReply) {
        switch reply {
        case .null: null()
        case .emptyArray: array(0)
        case .emptyPage:
            array(2)
            bulk("0")
            array(0)
        case .flags(let flags):
            array(flags.count)
            for flag in flags { integer(flag ? 1 : 0) }
        case .help(let command):
            let lines = RedisHelp.lines(of: command)
            array(lines.count)
            for line in lines { status(Array(line.utf8)) }
        case .error(let text): error(text.bytes)
        }
    }

    /// Writes `answer` in `shape`; false, with nothing written, when the answer is none that the shape is for.
    mutating func write(_ answer: Answer, _ shape: RedisReplyShape) -> Bool {
        switch (shape, answer) {
        case (.bulk, .bytes(let value)), (.waitedFor, .bytes(let value)): bulk(value)
        case (.waitedFor, .missing): nullArray()
        case (.bulk, .missing), (.status, .missing), (.integer, .missing), (.double, .missing): null()
        case (.status, .done), (.status, .integer), (.status, .flag): status("OK")
        case (.integer, .integer(let value)): integer(value)
        case (.integer, .flag(let value)): integer(value ? 1 : 0)
        case (.held, .flag(let isHeld)): if isHeld { status("OK") } else { null() }
        case (.queued, .bytes): integer(1)
        case (.takenItem, .taken(_, .list(let items))): return items.first.map { write($0, .bulk) } ?? false
        case (.takenItem, .missing): null()
        case (.wasDone, .done): integer(1)
        case (.wasDone, .missing): integer(0)
        case (.typeName, .bytes(let name)): status(name)
        case (.typeName, .missing): status("none")
        case (.double, .double(let value)): double(value)
        case (.timeLeft, _), (.expiry, _): return writeTime(answer, shape)
        case (.array, .missing): array(0)
        case (.arrayOrNull, .missing): nullArray()
        case (.array, .list(let items)), (.arrayOrNull, .list(let items)):
            array(items.count)
            for item in items { write(element: item) }
        case (.set, .list(let items)):
            set(items.count)
            for item in items { write(element: item) }
        case (.set, .missing): set(0)
        case (.firstFlag, .list(let items)): return items.first.map { write($0, .integer) } ?? false
        case (.firstDouble, .list(let items)): return items.first.map { write($0, .double) } ?? false
        case (.flags, .list(let items)):
            array(items.count)
            for item in items { write(element: item) }
        case (.counts(let names), .list(let items)) where items.count == names.count:
            array(names.count * 2)
            for (name, item) in zip(names, items) {
                bulk(name)
                write(element: item)
            }
        case (.map, _), (.names, _), (.pairs, _): return writePairs(answer, shape)
        case (.members, _), (.scored, _), (.firstScored, _): return writeScored(answer, shape)
        case (.takenFirst, _), (.taken, _), (.takenFirstScored, _): return writeTaken(answer, shape)
        case (.page, .page(let cursor, let items)):
            array(2)
            bulk(String(cursor))
            array(items.count)
            for item in items { write(pageItem: item) }
        default: return false
        }
        return true
    }

    /// An item of an array: what stands there says its own type.
    private mutating func write(element: Answer) {
        switch element {
        case .bytes(let value): bulk(value)
        case .integer(let value): integer(value)
        case .flag(let value): integer(value ? 1 : 0)
        case .double(let value): double(value)
        default: null()
        }
    }

    /// Scores on a page are bulk strings in both versions.
    private mutating func write(pageItem: Answer) {
        if case .double(let score) = pageItem {
            var text: [UInt8] = []
            RedisDouble.append(score, to: &text)
            bulk(text)
        } else {
            write(element: pageItem)
        }
    }

    private mutating func writeTime(_ answer: Answer, _ shape: RedisReplyShape) -> Bool {
        switch (shape, answer) {
        case (_, .missing): integer(-2)
        case (_, .done): integer(-1)
        case (.timeLeft(let inSeconds, let now), .integer(let time)):
            let left = max(0, time.subtractingReportingOverflow(now).partialValue)
            integer(inSeconds ? left.addingReportingOverflow(500).partialValue / 1000 : left)
        case (.expiry(let inSeconds), .integer(let time)):
            integer(inSeconds ? time.addingReportingOverflow(500).partialValue / 1000 : time)
        default: return false
        }
        return true
    }

    private mutating func writePairs(_ answer: Answer, _ shape: RedisReplyShape) -> Bool {
        var pairs: [Pair] = []
        switch answer {
        case .pairs(let found): pairs = found
        case .missing: break
        default: return false
        }
        switch shape {
        case .map: map(pairs.count)
        case .names: array(pairs.count)
        default: array(isRESP3 ? pairs.count : pairs.count * 2)
        }
        for pair in pairs {
            if shape == .pairs, isRESP3 { array(2) }
            bulk(pair.name)
            if shape != .names { bulk(pair.value) }
        }
        return true
    }

    private mutating func writeScored(_ answer: Answer, _ shape: RedisReplyShape) -> Bool {
        var members: [ScoredMember] = []
        switch answer {
        case .scored(let found): members = found
        case .missing: break
        default: return false
        }
        switch shape {
        case .members:
            array(members.count)
            for member in members { bulk(member.member) }
        case .firstScored:
            array(members.isEmpty ? 0 : 2)
            if let first = members.first { write(first) }
        default:
            array(isRESP3 ? members.count : members.count * 2)
            for member in members {
                if isRESP3 { array(2) }
                write(member)
            }
        }
        return true
    }

    private mutating func write(_ member: ScoredMember) {
        bulk(member.member)
        double(member.score)
    }

    private mutating func writeTaken(_ answer: Answer, _ shape: RedisReplyShape) -> Bool {
        switch (shape, answer) {
        case (_, .missing): nullArray()
        case (.takenFirst, .taken(let key, .list(let items))):
            guard let first = items.first else { return false }
            array(2)
            bulk(key)
            write(element: first)
        case (.takenFirstScored, .taken(let key, .scored(let members))):
            guard let first = members.first else { return false }
            array(3)
            bulk(key)
            write(first)
        case (.taken, .taken(let key, .list(let items))):
            array(2)
            bulk(key)
            array(items.count)
            for item in items { write(element: item) }
        case (.taken, .taken(let key, .scored(let members))):
            array(2)
            bulk(key)
            array(members.count)
            for member in members {
                array(2)
                write(member)
            }
        default: return false
        }
        return true
    }
}
