// What the tests of Redis translation share: a command in words, and what became of it.

import Capabilities
import RedisWire

@testable import Gateway

/// Bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What the words, which are split at spaces, become at the time 1,000,000.
func translated(_ words: String, mayWait: Bool = true) -> RedisTranslation {
    let line = RedisCommandLine(words.split(separator: " ").map { bytes(String($0)) })
    var context = RedisTranslationContext()
    context.now = 1_000_000
    context.mayWait = mayWait
    guard let entry = RedisCommandSet.shared[line.command], case .translate(let translate) = entry.action else {
        return .reply(.error(RedisErrorText("no such entry: \(words)")))
    }
    guard entry.takes(line.count) else { return .reply(.error(.wrongArity(entry.name))) }
    do throws(RedisErrorText) {
        return try translate(line, context)
    } catch {
        return .reply(.error(error))
    }
}

/// The error that the words are answered with at once; empty for none.
func refusal(_ words: String) -> String {
    switch translated(words) {
    case .reply(.error(let text)): text.text
    case .refuse(let text, _, _): "after a look: \(text.text)"
    default: ""
    }
}

/// The reply of a command whose operation was answered with `answer`, in RESP2 and in RESP3.
func replies(_ words: String, _ answer: Answer) -> [String] {
    [false, true].map { isRESP3 in
        var writer = RedisReplyWriter()
        writer.isRESP3 = isRESP3
        guard case .perform(_, let shape) = translated(words), writer.write(answer, shape) else { return "no reply" }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
