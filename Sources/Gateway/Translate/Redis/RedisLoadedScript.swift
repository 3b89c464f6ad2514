// A script that a client has given, and what a server says of an error within it.

import Capabilities
import Digest
import RedisWire

/// A known script as it was spelled.
final class RedisLoadedScript: Sendable, Equatable {
    let meaning: RedisKnownScript
    /// SHA-1 in lower-case hexadecimal digits, by which it is called.
    let digest: [UInt8]
    /// The lines, counted from one, on which the value is read and on which the key is changed.
    private let readLine: Int
    private let changeLine: Int

    /// The script with this text; nil when its meaning is not known.
    init?(_ text: [UInt8]) {
        guard let meaning = RedisKnownScript(text) else { return nil }
        self.meaning = meaning
        digest = hexadecimal(HashAlgorithm.sha1.hash(text))
        readLine = Self.lines(of: "redis.call", text).first ?? 1
        changeLine = Self.lines(of: "redis.call", text).last ?? 1
    }

    static func == (one: RedisLoadedScript, other: RedisLoadedScript) -> Bool { one.digest == other.digest }

    /// The error reply of a command within the script; nil for failures that are none of the script's.
    ///
    /// Source: redis src/script_lua.c luaExtractErrorInformation and src/eval.c evalGenericCommand.
    func error(_ failure: Failure, _ text: RedisErrorText) -> RedisErrorText? {
        let line: Int
        switch failure {
        case .wrongType: line = readLine
        case .notAnInteger, .invalid: line = changeLine
        default: return nil
        }
        return RedisErrorText(
            bytes: text.bytes + " script: ".utf8 + digest + ", on @user_script:\(line).".utf8)
    }

    private static func lines(of word: StaticString, _ text: [UInt8]) -> [Int] {
        let count = word.utf8CodeUnitCount
        var lines: [Int] = []
        var line = 1
        for index in text.indices {
            if text[index] == 0x0A { line += 1 }
            if index + count <= text.count, Array(text[index..<(index + count)]).isWord(word) { lines.append(line) }
        }
        return lines
    }
}
