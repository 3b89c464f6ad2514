// What a Redis session shows of its application.

import RedisWire
import Wire

/// Counts every command, and looks at the words of the first ones and of a sample of those behind them.
final class RedisUsage: SessionUsage {
    let words = RedisUsageTable.shared
    @exclusivity(unchecked) private var identity = UsageIdentity()
    @exclusivity(unchecked) private var queued = 0
    /// Whether MULTI was sent, and its end was not.
    @exclusivity(unchecked) private(set) var isInTransaction = false
    @exclusivity(unchecked) private var claims = RedisUsageClaims()
    /// Whether commands have come that will be counted once it is known whether the client's word of itself was accepted.
    @exclusivity(unchecked) private var holdsCommands = false
    private let auth = RedisCommand.auth
    private let select = RedisCommand.select

    /// Notes a command that has passed; its bytes end at `end` in `bytes`, and begin there as well unless they came in pieces, of which
    /// `passed` tells.
    @inline(__always)
    func received(
        _ request: RedisRequest, in bytes: Bytes, endingAt end: Int, pending: Int,
        words passed: @autoclosure () -> RedisPassingWords?
    ) {
        var weight = count(request, words: request.argumentCount)
        if mayBeNew(request.command, words: request.argumentCount), !request.isInline,
            end >= Int(clamping: request.byteCount)
                ? isNew(request, in: bytes, endingAt: end) : isNew(request, passed())
        {
            weight = max(weight, 1)
        }
        if weight > 0 {
            look(request, in: bytes, endingAt: end, pending: pending, words: passed(), weight: weight)
        }
    }

    /// Notes a command that lies whole in `bytes`.
    @inline(__always)
    func received(_ command: RedisWholeCommand, in bytes: Bytes, pending: Int) {
        var weight = count(
            RedisRequest(command: command.command, effect: Self.effect(command.command)), words: command.argumentCount)
        if mayBeNew(command.command, words: command.argumentCount), isNew(command, in: bytes) {
            weight = max(weight, 1)
        }
        guard weight > 0 else { return }
        if pending > 0 { note(words.pipelining, weight: weight) }
        look(command, in: bytes, weight: weight)
    }

    /// Notes a command that a translator has read.
    func received(_ line: RedisCommandLine) {
        var weight = count(RedisRequest(command: line.command, effect: Self.effect(line.command)), words: line.count)
        if mayBeNew(line.command, words: line.count), isNew(line) { weight = max(weight, 1) }
        guard weight > 0 else { return }
        var look = RedisUsageLook(self, words, line.command, count: line.count, weight: weight)
        for place in 0..<min(line.count, RedisUsageTable.mostWords) {
            let word = place == 0 ? line.name : line.arguments[place - 1]
            look.take(0..<word.count, in: word.span)
        }
        finish(look, bytes: line.byteCount)
    }

    private static func effect(_ command: RedisCommand) -> RedisEffect {
        switch command {
        case .multi: .multi
        case .exec: .exec
        case .discard: .discard
        case .reset: .reset
        default: .none
        }
    }

    /// Counts a command; how many commands a look at it stands for.
    @inline(__always)
    private func count(_ request: RedisRequest, words: Int) -> UInt64 {
        queued &+= 1
        if request.effect != .none { noteEffect(request) }
        guard let counting else { return settle(request, words: words) }
        let weight = counting._withUnsafeGuaranteedRef {
            $0.count(request: Int(request.command.rawValue), words: words, now: worker.now)
        }
        if request.command == .client || request.command == .hello || request.command == auth
            || request.command == .reset
        {
            return max(weight, 1)
        }
        return weight
    }

    /// What a client says before its first true command tells who it is.
    private func settle(_ request: RedisRequest, words: Int) -> UInt64 {
        if [.client, .hello, auth, select].contains(request.command) {
            note(Int(request.command.rawValue))
            return 1
        }
        // Whoever says who it is and goes on without waiting is known in a moment.
        if claims.waitingIdentities > 0, hasEarlyRoom {
            holdsCommands = true
            note(Int(request.command.rawValue))
            return 1
        }
        return begin().count(request: Int(request.command.rawValue), words: words, now: worker.now)
    }

    private func begin() -> UsageBlock {
        if isEncrypted { note(words.tls) }
        holdsCommands = false
        return become(identity)
    }

    private func noteEffect(_ request: RedisRequest) {
        switch request.effect {
        case .multi:
            queued = 0
            isInTransaction = true
        case .discard, .reset: isInTransaction = false
        case .exec:
            isInTransaction = false
            note(words.transaction)
            note(size: max(0, queued - 1), of: RedisUsageTable.transactionLength)
        case .hello where request.helloVersion == 3: note(words.resp3)
        default: break
        }
    }

    @inline(never)
    private func look(
        _ request: RedisRequest, in bytes: Bytes, endingAt end: Int, pending: Int, words passed: RedisPassingWords?,
        weight: UInt64
    ) {
        if pending > 1 { note(words.pipelining, weight: weight) }
        if request.isInline { note(words.inline, weight: weight) }
        if request.mayBlock { note(words.blocking, weight: weight) }
        let start = end - Int(clamping: request.byteCount)
        if start >= 0, !request.isInline, case .whole(let command) = RedisWholeCommand.find(in: bytes, at: start) {
            return look(command, in: bytes, weight: weight)
        }
        if start < 0, !request.isInline, let passed, passed.count > 0 { return look(request, passed, weight: weight) }
        note(size: Int(clamping: request.byteCount), of: RedisUsageTable.requestSize, weight: weight)
        note(size: request.argumentCount, of: RedisUsageTable.argumentCount, weight: weight)
    }

    @inline(never)
    private func look(_ command: RedisWholeCommand, in bytes: Bytes, weight: UInt64) {
        var look = RedisUsageLook(self, words, command.command, count: command.argumentCount, weight: weight)
        var arguments = RedisArgumentCursor(command, in: bytes)
        while look.place < RedisUsageTable.mostWords, let range = arguments.next(in: bytes) {
            look.take(range, in: bytes)
        }
        finish(look, bytes: command.range.count)
    }

    /// Looks at a command that came in pieces.
    private func look(_ request: RedisRequest, _ passed: RedisPassingWords, weight: UInt64) {
        var look = RedisUsageLook(self, words, request.command, count: request.argumentCount, weight: weight)
        let bytes = passed.bytes
        for place in 0..<passed.count {
            look.take(passed.range(place), in: bytes.span, length: passed.length(place))
        }
        finish(look, bytes: Int(clamping: request.byteCount))
    }

    private func finish(_ look: RedisUsageLook, bytes: Int) {
        look.end()
        note(size: bytes, of: RedisUsageTable.requestSize, weight: look.weight)
        note(size: look.count, of: RedisUsageTable.argumentCount, weight: look.weight)
        if let block, block.takesSamples { block.endSample { look.example } }
        claims.make(look.claim)
    }

    private func adopt(name: String?, user: String?, library: String?) {
        let before = identity
        identity.name = name ?? identity.name
        identity.user = user ?? identity.user
        identity.more = library ?? identity.more
        if block != nil, identity != before { become(identity) }
    }

    // MARK: What holds only if the server accepts it

    /// The command that was received last was sent; `replyAt` says which of the replies to come is its own, 1 being the next, and is nil
    /// when it gets none.
    @inline(__always)
    func sent(_ command: RedisCommand, replyAt place: @autoclosure () -> Int?) {
        if claims.hasMade { claims.sent(command, replyAt: place()) }
    }

    /// The server has answered a command.
    @inline(__always)
    func received(_ outcome: RedisOutcome, _ reply: RedisReply) {
        guard claims.isWaiting, case .answered(let answer) = outcome else { return }
        believe(claims.answered(answer, reply))
    }

    /// What was received last was answered by the gateway, for which the client is `user` now; nil for a stranger.
    func answeredHere(user: @autoclosure () -> String?) {
        guard claims.hasMade else { return }
        let claim = claims.take()
        if case .nobody = claim { return believe(claim) }
        guard case .identity(let claimed, _, _) = claim, let user = user() else { return }
        if claimed == nil || Self.user(user.utf8) == claimed { believe(claim) }
    }

    private func believe(_ claim: RedisUsageClaims.Claim?) {
        switch claim {
        case .identity(let user, let name, let library): adopt(name: name, user: user, library: library)
        case .nobody: adopt(name: "", user: "", library: nil)
        case .command(let name, let weight): block?.note(unknown: name, weight: weight)
        case nil: break
        }
        if holdsCommands, claims.waitingIdentities == 0 { _ = begin() }
    }

    /// What a user is called here: the default user has no name.
    static func user(_ bytes: some Sequence<UInt8>) -> String {
        let text = UsageIdentity.text(bytes)
        return text == "default" ? "" : text
    }
}

extension RedisUsage {
    /// By command id: whether the first argument is a key.
    static let hasKeyFirst: [Bool] = (0..<RedisCommand.count).map { RedisCommand(rawValue: UInt16($0)).beginsWithKey }
}
