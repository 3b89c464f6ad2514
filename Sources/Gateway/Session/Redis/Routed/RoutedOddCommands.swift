// Commands that are too long to be held until they are whole, inline, or oddly spelled: where they go.

import RedisWire
import Wire

extension RoutedClient {
    /// What a command is that does not lie whole in what was received.
    enum Odd {
        /// It passes as it comes, on a connection of its own that leads there.
        case lane(RoutedLane)
        /// So many bytes mean what these words say.
        case spelled(Int, [UInt8])
        /// So many bytes are no command: a blank line.
        case nothing(Int)
        /// Where it goes does not show yet.
        case unfinished
        /// It cannot be followed, nor what comes behind it.
        case refused([UInt8])
    }

    /// What the command at `offset` is; it has no effect.
    func odd(_ bytes: Span<UInt8>, at offset: Int) -> Odd {
        var reader = RedisCommandReader()
        // What does not fit into what is held of a command is not looked at: its keys come early, or not at all.
        let end = min(bytes.count, offset &+ RedisLimits.sharedCommand.maximum)
        var place = offset
        let event: RedisCommandReader.Event?
        do throws(RedisProtocolError) {
            event = try reader.next(bytes.extracting(0..<end), at: &place)
        } catch {
            return .refused(Self.protocolError(error))
        }
        switch event {
        case .commandRead:
            let line = reader.line
            return .spelled(place &- offset, Self.spell([line.name] + line.arguments))
        case .nothingRead: return .nothing(place &- offset)
        case nil: break
        }
        guard bytes[offset] == 0x2A else { return .unfinished }
        // The last word may have begun only.
        let words = Array(([reader.line.name] + reader.line.arguments).dropLast())
        return placeLong(words, isAll: end &- offset >= RedisLimits.sharedCommand.maximum)
    }

    /// Where a command goes of which `words` are known; `isAll` when no more will be looked at.
    private func placeLong(_ words: [[UInt8]], isAll: Bool) -> Odd {
        let known = Self.spell(words)
        guard !words.isEmpty, case .whole(let command) = RedisWholeCommand.find(in: known.span, at: 0) else {
            return isAll ? .refused(Self.tooLong) : .unfinished
        }
        if let refusal = refusal(of: command, in: known.span) { return .refused(reply(to: refusal)) }
        if words.count < 2, denials?.dependsOnSubcommand(command.command) == true {
            return isAll ? .refused(Self.tooLong) : .unfinished
        }
        if door != nil, !isLoggedIn { return .refused(Self.tooLong) }
        if router.hasOnePlace { return .lane(router.home(state)) }
        let isOpen = Self.isOpenEnded[Int(command.command.rawValue)]
        var lane: RoutedLane?
        if !isOpen, !RedisKeys.of(command, in: known.span).isEmpty {
            if case .lane(let found) = router.decide(command, in: known.span, state) { lane = found }
        } else if !isOpen {
            // Without its key it says nothing; with any it would.
            let guess = Self.spell(words + [[0x31], [0x31], [0x31]])
            if case .whole(let full) = RedisWholeCommand.find(in: guess.span, at: 0),
                RedisKeys.of(full, in: guess.span).isEmpty,
                let home = home(of: command, in: known.span)
            {
                lane = home
            }
        }
        if transaction != .none, lane != nil { return .refused(Self.tooLong) }
        return lane.map { .lane($0) } ?? (isAll || isOpen ? .refused(Self.tooLong) : .unfinished)
    }

    private func home(of command: RedisWholeCommand, in bytes: Span<UInt8>) -> RoutedLane? {
        switch router.decide(command, in: bytes, state) {
        case .anywhere(let lane), .lane(let lane): lane
        default: nil
        }
    }

    /// Takes such a command as far as can be; false when what follows has to wait.
    func takeOdd(_ bytes: Span<UInt8>, at offset: inout Int) -> Bool {
        switch odd(bytes, at: offset) {
        case .lane(let lane):
            if own != nil {
                guard lane === ownLane else {
                    _ = putAside(for: lane)
                    return false
                }
                guard slots.isEmpty else {
                    holdsWhole = true
                    isStalled = true
                    return false
                }
                flush()
                isAway = false
                waker.wake()
                return false
            }
            guard oddMayPass() else {
                holdsWhole = true
                isStalled = true
                return false
            }
            wanted = lane
            errand = .connect
            needsOwn = true
        case .spelled(let count, let words):
            substitute = words
            offset &+= count
        case .nothing(let count):
            offset &+= count
            return true
        case .unfinished: break
        case .refused(let reply): return refuseOdd(reply, bytes, at: &offset)
        }
        return false
    }

    private func refuseOdd(_ reply: [UInt8], _ bytes: Span<UInt8>, at offset: inout Int) -> Bool {
        leave(with: reply)
        offset = bytes.count
        return false
    }

    /// What a client that has not logged in hears about a command that only users may send; see wire limits of the server.
    func strangerRefusal(_ bytes: Span<UInt8>, at offset: Int) -> [UInt8]? {
        guard door != nil, !isLoggedIn else { return nil }
        var reader = RedisCommandReader()
        reader.isAuthenticated = false
        var place = offset
        do throws(RedisProtocolError) {
            _ = try reader.next(bytes, at: &place)
            return nil
        } catch {
            return Self.protocolError(error)
        }
    }

    /// The server's words; nothing when it would close without any.
    private static func protocolError(_ error: RedisProtocolError) -> [UInt8] {
        error.reply.isEmpty ? [] : [0x2D] + error.reply + [.carriageReturn, .lineFeed]
    }

    static func spell(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { RedisSplit.append(word.span, to: &bytes) }
        return bytes
    }

    static let tooLong = RedisErrorReply.compose(
        "this command is longer than \(RedisLimits.sharedCommand.maximum) bytes, and its start does not say which "
            + "backend it is for")

    /// Commands whose keys go on to their end, so that the first do not speak for all.
    private static let isOpenEnded: [Bool] = {
        let names: Set<String> = [
            "mset", "msetnx", "mget", "del", "unlink", "exists", "touch", "watch", "sunion", "sinter", "sdiff",
            "sunionstore", "sinterstore", "sdiffstore", "pfcount", "pfmerge", "bitop", "zunionstore", "zinterstore",
            "zdiffstore", "zunion", "zinter", "zdiff", "zintercard", "sintercard", "eval", "evalsha", "eval_ro",
            "evalsha_ro", "fcall", "fcall_ro", "xread", "xreadgroup", "blpop", "brpop", "bzpopmin", "bzpopmax",
            "blmpop",
            "bzmpop", "lmpop", "zmpop", "migrate", "sort", "georadius", "georadiusbymember", "unknown",
        ]
        return RedisCommand.names.map { names.contains($0.description) }
    }()
}
