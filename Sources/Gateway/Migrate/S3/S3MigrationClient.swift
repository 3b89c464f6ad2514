// Follows one client of an S3 listener that is being moved: which objects it writes, and when it may be let go.

import Migration
import Reactor
import S3Wire
import Wire

/// Notes the objects of writes from when their heads are read until they are answered, and holds the client when asked to.
///
/// A client that is held ends between two requests. One that only reads is not waited for: what is under way goes to its
/// end and is of before. What is sent is waited for a while, and then given up: nobody was promised it.
final class S3MigrationClient: MigrationClient {
    /// A request whose answer is still to come.
    private struct Waiting {
        let method: S3Method
        var ticket: DirtyKeys.Ticket?
    }

    /// A write whose body is on its way.
    private enum Coming {
        case bucket([UInt8]?)
        case object(bucket: [UInt8]?, key: [UInt8]?)
        case everything
    }

    private unowned(unsafe) let socket: Socket
    private let notes: MigrationNotes
    private var scanner = S3HeadScanner(.client)
    private var head: [UInt8] = []
    private var body = S3Framer(.none, side: .client)
    /// What DeleteObjects lists, while it comes.
    private var listing: S3MigrationListing?
    private var waiting: [Waiting] = []
    /// What the last of ``waiting`` writes once its body has come: a client may take hours for it, and meanwhile the keys of
    /// others would be kept back.
    private var coming: Coming?
    private var collector: S3ReplyCollector?
    /// That of everything, once the conversation cannot be followed.
    private var blind: DirtyKeys.Ticket?
    private var isHeld = false

    /// Requests that a client may have sent ahead.
    private static let waitingLimit = 64

    init(_ socket: Socket, _ notes: MigrationNotes) {
        self.socket = socket
        self.notes = notes
        notes.add(self)
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard blind == nil else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                guard body.isEnded else {
                    try passBody(bytes, at: &offset)
                    continue
                }
                let start = offset
                let length = try scanner.next(bytes, at: &offset)
                head += bytes.array(start..<offset)
                guard let length else { break }
                // Empty lines before a request are no part of it.
                if head.count > length { head.removeFirst(head.count - length) }
                try take(S3RequestHead(head.span))
                head = []
                if blind != nil { return }
            }
        } catch {
            goBlind()
        }
        if isHeld { letGo() }
    }

    private func passBody(_ bytes: Span<UInt8>, at offset: inout Int) throws(WireError) {
        let start = offset
        _ = try body.next(bytes, at: &offset)
        listing?.take(bytes.extracting(start..<offset))
        if body.isEnded { hasCome() }
    }

    private func take(_ request: S3RequestHead) {
        body = S3Framer(request.framing, side: .client)
        guard waiting.count < Self.waitingLimit else { return goBlind() }
        let resource = S3Resource(request, head.span, baseDomains: notes.serving.baseDomains)
        let command = S3Command(request, head.span, for: resource)
        let writes = S3Writes.of(command, request.method, resource)
        guard writes != .nothing else { return waiting.append(Waiting(method: request.method)) }
        waiting.append(Waiting(method: request.method))
        var bucket = plain(resource.bucket)
        // Names of hosts have no case, and buckets of S3 are lower.
        if resource.isInHost { bucket = bucket?.map(\.asciiLowercased) }
        switch writes {
        case .nothing: break
        case .bucket: coming = .bucket(bucket)
        case .object: coming = .object(bucket: bucket, key: plain(resource.key))
        case .listed:
            listing = body.isEnded ? nil : bucket.flatMap { S3MigrationListing(head, request, bucket: $0) }
            coming = .everything
        case .everything: coming = .everything
        }
        if body.isEnded { hasCome() }
    }

    /// All of the last request is here, and the server may carry it out.
    private func hasCome() {
        guard let coming, !waiting.isEmpty else { return }
        let ticket = notes.dirty.begin()
        waiting[waiting.count - 1].ticket = ticket
        switch coming {
        case .bucket(let bucket): note(bucket, [], ticket)
        case .object(let bucket, let key): note(bucket, key, ticket)
        case .everything: noteListed(ticket)
        }
        self.coming = nil
        listing = nil
    }

    /// What a range of the head stands for; nil where it stands for nothing.
    private func plain(_ range: Range<Int>?) -> [UInt8]? {
        guard let range else { return nil }
        let head = head
        return S3Percent.decoded(head.span, range)
    }

    private func note(_ bucket: [UInt8]?, _ key: [UInt8]?, _ ticket: DirtyKeys.Ticket) {
        // What cannot be read here, a server may read in its own way.
        guard let bucket, let key else { return notes.dirty.noteEverything(ticket, isOrdered: false) }
        notes.dirty.note(S3MigrationName.spell(bucket, key).span, database: 0, ticket)
    }

    /// What was listed; everything where there is no list that can be read.
    private func noteListed(_ ticket: DirtyKeys.Ticket) {
        guard let listing, let keys = listing.keys else {
            return notes.dirty.noteEverything(ticket, isOrdered: false)
        }
        for key in keys { note(listing.bucket, key, ticket) }
    }

    // MARK: Answers

    func sent(_ bytes: Span<UInt8>) {
        guard blind == nil else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count, let first = waiting.first {
                var current = collector ?? S3ReplyCollector(answering: first.method, limit: 0)
                collector = nil
                if try current.take(bytes, at: &offset) != nil {
                    answered()
                } else {
                    collector = current
                }
            }
        } catch {
            return goBlind()
        }
        if isHeld { letGo() }
    }

    private func answered() {
        if waiting.count == 1 { hasBrokenOff() }
        if let ticket = waiting.removeFirst().ticket { notes.dirty.end(ticket) }
    }

    /// What was on its way is answered before all of it was read, or the client is gone: a server may have carried it out.
    private func hasBrokenOff() {
        // Of a list, nobody knows how much.
        listing = nil
        hasCome()
    }

    // MARK: Holding

    func hold() {
        isHeld = true
        letGo()
    }

    func release() {
        isHeld = false
        socket.resume()
    }

    /// What has not come to its end holds nothing back.
    func letGoOfQueued() {}

    func giveUp(byForce: Bool) {
        guard byForce || !body.isEnded && !waiting.isEmpty else { return }
        socket.waker.cancel()
    }

    /// Reads nothing further but what belongs to a request under way, and ends the session where it may.
    private func letGo() {
        if blind != nil { return socket.waker.cancel() }
        // What is on its way is a promise in the making.
        guard body.isEnded || waiting.isEmpty else { return }
        socket.pause()
        guard waiting.allSatisfy({ $0.method.isSafe }) else { return }
        // It writes nothing any more, and may take its time for what it is being told.
        notes.remove(self)
        socket.retire()
    }

    // MARK: The end

    func ended() {
        notes.remove(self)
        if let blind { return notes.dirty.lose(blind) }
        if collector?.finish() != nil { answered() }
        hasBrokenOff()
        for (place, entry) in waiting.enumerated() {
            guard let ticket = entry.ticket else { continue }
            // Nobody carries out what has not come to its end.
            let isWhole = place < waiting.count - 1 || body.isEnded
            if isWhole { notes.dirty.lose(ticket) } else { notes.dirty.end(ticket) }
        }
        waiting = []
    }

    /// Follows the client no more: anything may be written until it is gone.
    private func goBlind() {
        guard blind == nil else { return }
        let ticket = notes.dirty.begin()
        notes.dirty.noteEverything(ticket, isOrdered: false)
        blind = ticket
        for entry in waiting { if let ticket = entry.ticket { notes.dirty.end(ticket) } }
        waiting = []
        head = []
        coming = nil
        listing = nil
        collector = nil
        if isHeld { letGo() }
    }
}
