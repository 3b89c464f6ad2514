// What the recorder sees in requests that are written down, such as those of conformance cases.

import PostgresWire
import Reactor
import RedisWire
import S3Wire
import Wire

/// Reads requests as the recorder of a listener reads those of its clients.
package final class UsageReading {
    /// It is never started: the recorder takes the time from it.
    private let worker: Worker

    package init() throws { worker = try Worker(index: 0) }

    /// The features that the requests in `bytes` show, which came on a connection of `wire` behind `ahead` others without an answer.
    ///
    /// What cannot be read shows nothing.
    package func features(of bytes: [UInt8], on wire: String, ahead: Int = 0) -> Set<String> {
        guard let wire = WireProtocol(rawValue: wire) else { return [] }
        let table = UsageTables.of(wire)
        let listener = ListenerUsage(table, samples: 0, worker: worker)
        switch wire {
        case .redis: readRedis(bytes.span, listener, ahead: ahead)
        case .postgres: readPostgres(bytes.span, listener)
        case .s3: readS3(bytes.span, listener)
        }
        return listener.snapshots.reduce(into: []) { features, snapshot in
            for (place, _) in snapshot.counters { features.insert(table.features[place]) }
        }
    }

    private func readRedis(_ bytes: Bytes, _ listener: ListenerUsage, ahead: Int) {
        let usage = RedisUsage(listener, client: nil)
        usage.become(UsageIdentity())
        var framer = RedisRequestFramer(keepsWords: true)
        var offset = 0
        var pending = ahead
        while let event = try? framer.next(bytes, at: &offset) {
            guard case .commandReceived(let request) = event else { continue }
            pending += 1
            usage.received(request, in: bytes, endingAt: offset, pending: pending, words: framer.words)
        }
    }

    private func readPostgres(_ bytes: Bytes, _ listener: ListenerUsage) {
        let usage = PostgresUsage(listener, client: nil)
        usage.become(UsageIdentity())
        // A type is a letter, and the first packet begins with a length.
        if bytes.count > 0, bytes[0] == 0 {
            var parser = PostgresStartupParser()
            if case .packet(.sessionRequested(let startup), _)? = try? parser.next(bytes) { usage.opened(startup) }
            return
        }
        var framer = PostgresClientFramer()
        var offset = 0
        while let event = try? framer.next(bytes, at: &offset) {
            let end = offset
            let start = max(0, end - framer.messageLength) + 5
            usage.received(event, in: bytes, endingAt: end, length: framer.messageLength)
            // A server answers each statement with its own word.
            switch event {
            case .querySent:
                for command in Self.statements(start..<max(start, end - 1), in: bytes) { usage.answered(command) }
            case .parseSent(let command): usage.answered(command)
            default: break
            }
        }
    }

    /// The kinds of all statements of a text.
    private static func statements(_ text: Range<Int>, in bytes: Bytes) -> [PostgresCommand] {
        var commands: [PostgresCommand] = []
        var start = text.lowerBound
        var place = start
        while place < text.upperBound {
            let next = place + 1 < text.upperBound ? bytes[place + 1] : 0
            switch bytes[place] {
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                place = PostgresUsageLook.quoted(bytes[place], place, text.upperBound, in: bytes, escapes: false)
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
                place = PostgresUsageLook.comment(place, text.upperBound, in: bytes)
            case UInt8(ascii: "$"): place = PostgresUsageLook.dollar(place, text.upperBound, in: bytes)
            case UInt8(ascii: ";"):
                commands.append(PostgresCommand.first(of: bytes.extracting(start..<place)))
                place += 1
                start = place
            default: place += 1
            }
        }
        if start < text.upperBound {
            commands.append(PostgresCommand.first(of: bytes.extracting(start..<text.upperBound)))
        }
        return commands
    }

    private func readS3(_ bytes: Bytes, _ listener: ListenerUsage) {
        var scanner = S3HeadScanner(.client)
        var offset = 0
        guard let length = try? scanner.next(bytes, at: &offset) else { return }
        let head = bytes.extracting((offset - length)..<offset)
        guard let request = try? S3RequestHead(head) else { return }
        let resource = S3Resource(request, head, baseDomains: S3BaseDomains())
        S3Usage(listener, client: nil).received(request, S3Command(request, head, for: resource), in: head)
    }
}
