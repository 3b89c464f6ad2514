// Which commands are looked at because they may show an option that was not seen.

import RedisWire
import Wire

/// Of a command that is long enough to have an option one word is read, in some 15 ns, and in a transaction each command is told from those
/// outside; all others pay one comparison.
extension RedisUsage {
    /// Whether a command of `count` words may show what was not seen.
    @inline(__always)
    func mayBeNew(_ command: RedisCommand, words count: Int) -> Bool {
        isInTransaction || count > self.words.outlines[Int(command.rawValue)].words
    }

    /// Whether a command that lies in `bytes` up to `end` has an outline that is new.
    @inline(never)
    func isNew(_ request: RedisRequest, in bytes: Bytes, endingAt end: Int) -> Bool {
        isNew(
            request.command, words: request.argumentCount, in: bytes, from: end - Int(clamping: request.byteCount),
            to: end)
    }

    /// The same of a command that came in pieces.
    @inline(never)
    func isNew(_ request: RedisRequest, _ passed: RedisPassingWords?) -> Bool {
        let outline = self.words.outlines[Int(request.command.rawValue)]
        guard request.argumentCount > outline.words else { return isNew(0, request.command) }
        return isNew(passed.map { RedisOutline.of($0, at: outline.place) } ?? 0, request.command)
    }

    /// The same of a command that lies whole in `bytes`.
    @inline(never)
    func isNew(_ command: RedisWholeCommand, in bytes: Bytes) -> Bool {
        isNew(
            command.command, words: command.argumentCount, in: bytes, from: command.range.lowerBound,
            to: command.range.upperBound)
    }

    /// The same of a command that a translator has read.
    func isNew(_ line: RedisCommandLine) -> Bool {
        let outline = self.words.outlines[Int(line.command.rawValue)]
        return isNew(line.count > outline.words ? RedisOutline.of(line, at: outline.place) : 0, line.command)
    }

    @inline(__always)
    private func isNew(_ command: RedisCommand, words count: Int, in bytes: Bytes, from start: Int, to end: Int) -> Bool
    {
        let outline = self.words.outlines[Int(command.rawValue)]
        // A plain command in a transaction.
        guard count > outline.words else { return isNew(0, command) }
        guard let place = outline.place else {
            return isNew(RedisOutline.ofLastWord(in: bytes, endingAt: end), command)
        }
        return isNew(start >= 0 ? RedisOutline.ofWord(place, in: bytes, at: start) : 0, command)
    }

    private func isNew(_ outline: Int, _ command: RedisCommand) -> Bool {
        block?.isNew(outline: isInTransaction ? outline + 64 : outline, of: Int(command.rawValue)) ?? false
    }
}
