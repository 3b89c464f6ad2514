// Follows one client's conversation for the samples of keys.

import Reactor
import RedisWire
import Wire

/// Frames what a client sends and gets, and looks at some of it; it holds up to nobody and changes nothing.
///
/// It stands at the client's own socket, so it is the same for every way in which a session is served.
final class RedisKeySampler: SocketTap {
    /// Bytes of a command that comes in pieces that are kept: enough for its name and what is kept of a key.
    private static let headLimit = 256
    /// Keys of one command that are looked at.
    private static let keyLimit = 64
    /// Bytes from which a command is looked at whether or not it is one of the sample.
    private static let large: UInt64 = 16 * 1024

    private let samples: KeySamples
    @exclusivity(unchecked) private var commands = RedisPassingCommands(keeping: RedisKeySampler.headLimit)
    @exclusivity(unchecked) private var replies = RedisReplyFramer()
    @exclusivity(unchecked) private var exchange = RedisExchange()
    @exclusivity(unchecked) private var isBlind = false
    /// The key of the command whose reply is to be measured.
    @exclusivity(unchecked) private var awaitedKey: [UInt8] = []
    @exclusivity(unchecked) private var awaitedLength = 0
    @exclusivity(unchecked) private var awaitedCommand = RedisCommand.unknown
    /// Replies before it; negative when none is awaited.
    @exclusivity(unchecked) private var awaited = -1

    init(_ samples: KeySamples) { self.samples = samples }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        do throws(WireError) {
            try commands.pass(bytes) { event, bytes, start in
                switch event {
                case .emptyReceived: exchange.emptyReceived()
                case .commandReceived(let request): take(request, bytes, at: start)
                }
                return !isBlind
            }
        } catch {
            goBlind()
        }
    }

    @inline(__always)
    private func take(_ request: RedisRequest, _ bytes: Span<UInt8>, at start: Int) {
        let before = exchange.pendingCount
        let isAnswered = exchange.commandReceived(request, at: 0)
        let isDue = samples.isDue()
        if isDue || request.byteCount >= Self.large {
            // Inside of a transaction the reply is no more than QUEUED.
            let isMeasured = isAnswered && !exchange.isInTransaction
            look(request, bytes, at: start, isDue: isDue, before: isMeasured ? before : -1)
        }
    }

    /// Notes the keys of a command of which at least the beginning lies at `start`; its reply comes behind `before` others,
    /// or not at all.
    private func look(_ request: RedisRequest, _ bytes: Span<UInt8>, at start: Int, isDue: Bool, before: Int) {
        if request.byteCount < Self.large, case .whole(let command) = RedisWholeCommand.find(in: bytes, at: start) {
            let keys = RedisKeys.of(command, in: bytes)
            if keys.count == 1, let place = keys.place(0), let range = command.argument(place, in: bytes) {
                return note(bytes.extracting(range), length: range.count, request, isDue: isDue, before: before)
            }
            var cursor = RedisKeyCursor(keys, of: command, in: bytes)
            var count = 0
            while isDue, count < Self.keyLimit, let range = cursor.next(in: bytes) {
                samples.note(bytes.extracting(range.prefix(SampledKey.keptBytes)), length: range.count)
                count &+= 1
            }
            return
        }
        // Where several keys share the bytes, nobody can say whose they are.
        guard request.command.hasOneKeyFirst, let first = RedisCommandHead.find(in: bytes, at: start),
            first.range.count >= min(first.length, SampledKey.keptBytes)
        else { return }
        note(bytes.extracting(first.range), length: first.length, request, isDue: isDue, before: before)
    }

    private func note(_ whole: Span<UInt8>, length: Int, _ request: RedisRequest, isDue: Bool, before: Int) {
        let key = whole.extracting(0..<min(whole.count, SampledKey.keptBytes))
        if isDue { samples.note(key, length: length) }
        if request.byteCount >= BigValues.least {
            samples.note(
                key, length: length,
                moved: BigValues.Value(
                    bytes: request.byteCount, command: request.command, isReply: false, seen: samples.worker.now))
        }
        guard before >= 0, awaited < 0 else { return }
        awaited = before
        awaitedKey.removeAll(keepingCapacity: true)
        for place in 0..<key.count { awaitedKey.append(key[place]) }
        awaitedLength = length
        awaitedCommand = request.command
    }

    // MARK: Replies

    func sent(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while let reply = try replies.next(bytes, at: &offset) {
                switch exchange.replyReceived(reply) {
                case .answered: if awaited >= 0 { answered(reply) }
                case .untracked: awaited = -1
                case .confirmed, .pushed, .unmatched: break
                }
            }
        } catch {
            goBlind()
        }
    }

    private func answered(_ reply: RedisReply) {
        awaited -= 1
        guard awaited < 0, !reply.isError else { return }
        let value = BigValues.Value(
            bytes: reply.byteCount, command: awaitedCommand, isReply: true, seen: samples.worker.now)
        let key = awaitedKey
        samples.note(key.span, length: awaitedLength, moved: value)
    }

    // MARK: The end

    func ended() {}

    /// Follows the client no more.
    private func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        awaitedKey = []
        samples.addBlindClient()
    }
}
