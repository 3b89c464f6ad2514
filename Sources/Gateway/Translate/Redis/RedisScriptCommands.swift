// The two scripts that clients use to give up and to extend a lock, known by their text.

import Capabilities
import RedisWire

/// A script whose meaning is known without running it.
enum RedisKnownScript: Sendable, Equatable {
    /// Deletes the key if its value is the argument.
    case compareAndDelete
    /// Gives the key the second argument's milliseconds to live if its value is the first.
    case compareAndExpire

    /// Arguments that the script takes.
    var argumentCount: Int { self == .compareAndDelete ? 1 : 2 }

    /// The script with this text, as far as letters, quotes and brackets tell; nil for any other.
    init?(_ text: [UInt8]) {
        // A comment or a long text is none of these; the bound comes before any work on the text.
        guard text.count <= 512 else { return nil }
        let folded = text.compactMap { byte -> UInt8? in
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, 0x3B: nil
            case 0x27: 0x22
            case 0x41...0x5A: byte | 0x20
            default: byte
            }
        }
        switch String(decoding: folded, as: UTF8.self) {
        case Self.condition + #"returnredis.call("del",keys[1])"# + Self.otherwise: self = .compareAndDelete
        case Self.condition + #"returnredis.call("pexpire",keys[1],argv[2])"# + Self.otherwise:
            self = .compareAndExpire
        default: return nil
        }
    }

    // The form that the documents of Redis give for a lock on one server (redis.io, "Distributed Locks").
    private static let condition = #"ifredis.call("get",keys[1])==argv[1]then"#
    private static let otherwise = "elsereturn0end"
}

/// EVAL and EVALSHA, as far as scripts are known.
enum RedisScriptCommands {
    private static let flags: RedisCommandFlags = [.noScript, .stale, .movableKeys]
    private static let lock = CapabilitySet(.lockRelease)

    static let entries: [RedisCommandEntry] = [
        .init("eval", -3, flags, .counted(at: 2), .scripting, lock, evaluate),
        .init("evalsha", -3, flags, .counted(at: 2), .scripting, lock) { _, _ throws(RedisErrorText) in
            // No script is ever loaded; clients send its text then.
            throw RedisErrorText("NOSCRIPT No matching script. Please use EVAL.")
        },
    ]

    private static func evaluate(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        let number = try RedisArgument.integer(arguments[1])
        guard number >= 0 else { throw RedisErrorText("ERR Number of keys can't be negative") }
        guard number <= Int64(arguments.count - 2) else { throw .keyCountTooLarge }
        guard let script = RedisKnownScript(arguments[0]), number == 1, arguments.count == 3 + script.argumentCount
        else { return .unsupported("eval") }
        if script == .compareAndExpire, RedisInteger.parse(arguments[4]) == nil { throw .notAnInteger }
        return .idiom(.script(script, key: arguments[2], arguments: Array(arguments[3...])), .integer)
    }
}
