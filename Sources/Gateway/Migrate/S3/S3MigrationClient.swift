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

    private unowned(unsafe) let socket: Socket
    private let notes: MigrationNotes
    private var scanner = S3HeadScanner(.client)
    private var head: [UInt8] = []
    private var body = S3Framer(.none, side: .client)
    /// What DeleteObjects lists, while it comes.
    private var listing: S3MigrationListing?
    private var waiting: [Waiting] = []
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
        guard listing != nil else { return }
        listing?.take(bytes.extracting(start..<offset))
        if body.isEnded { noteListed() }
    }

    private func take(_ request: S3RequestHead) {
        body = S3Framer(request.framing, side: .client)
        guard waiting.count < Self.waitingLimit else { return goBlind() }
        let resource = S3Resource(request, head.span, baseDomains: notes.serving.baseDomains)
        let command = S3Command(request, head.span, for: resource)
        let writes = S3Writes.of(command, request.method, resource)
        guard writes != .nothing else { return waiting.append(Waiting(method: request.method)) }
        let ticket = notes.dirty.begin()
        waiting.append(Waiting(method: request.method, ticket: ticket))
        var bucket = plain(resource.bucket)
        // Names of hosts have no case, and buckets of S3 are lower.
        if resource.isInHost { bucket = bucket?.map(\.asciiLowercased) }
        switch writes {
        case .nothing: break
        case .bucket: note(bucket, [], ticket)
        case .object: note(bucket, plain(resource.key), ticket)
        case .listed:
            listing = bucket.flatMap { S3MigrationListing(head, request, bucket: $0) }
            if listing == nil || body.isEnded { notes.dirty.noteEverything(ticket, isOrdered: false) }
        case .everything: notes.dirty.noteEverything(ticket, isOrdered: false)
        }
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

    /// The list has come to its end; its request is the last one, and not answered.
    private func noteListed() {
        defer { listing = nil }
        guard let listing, let ticket = waiting.last?.ticket else { return }
        guard let keys = listing.keys else { return notes.dirty.noteEverything(ticket, isOrdered: false) }
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
        if waiting.count == 1, listing != nil {
            // Answered before all of it was read: what was carried out of it is not known.
            if let ticket = waiting[0].ticket { notes.dirty.noteEverything(ticket, isOrdered: false) }
            listing = nil
        }
        if let ticket = waiting.removeFirst().ticket { notes.dirty.end(ticket) }
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

    /// A body that is slow to come keeps its own generation: what is sent is written when it has come.
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
        listing = nil
        collector = nil
        if isHeld { letGo() }
    }
}
