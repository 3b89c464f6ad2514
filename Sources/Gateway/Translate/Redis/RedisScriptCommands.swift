// EVAL, EVALSHA and SCRIPT, as far as scripts are known.

import Capabilities
import RedisWire

/// EVAL and its kin.
enum RedisScriptCommands {
    private static let flags: RedisCommandFlags = [
        .noScript, .stale, .movableKeys, .noMandatoryKeys, .skipMonitor,
    ]
    private static let lock = CapabilitySet(.lockRelease)

    static let entries: [RedisCommandEntry] = [
        .init("eval", -3, flags, .counted(at: 2), .scripting, lock) { line, context throws(RedisErrorText) in
            try call(line.arguments) {
                guard let script = RedisLoadedScript(line.arguments[0]) else { return nil }
                // A server keeps what it has run.
                context.scripts.load(script)
                return script
            } orElse: {
                .unsupported("eval")
            }
        },
        .init("evalsha", -3, flags, .counted(at: 2), .scripting, lock) { line, context throws(RedisErrorText) in
            guard line.arguments[0].count == 40 else { throw .noScript }
            return try call(line.arguments) {
                context.scripts[line.arguments[0]]
            } orElse: {
                .reply(.error(.noScript))
            }
        },
        .init("script", -2, [], .none, .scripting, lock, script),
    ]

    /// Source: redis src/eval.c evalGenericCommand, which counts the keys before it looks for the script.
    private static func call(
        _ arguments: [[UInt8]], _ script: () -> RedisLoadedScript?, orElse: () -> RedisTranslation
    ) throws(RedisErrorText) -> RedisTranslation {
        let number = try RedisArgument.integer(arguments[1])
        guard number <= Int64(arguments.count - 2) else { throw .keyCountTooLarge }
        guard number >= 0 else { throw RedisErrorText("ERR Number of keys can't be negative") }
        guard let script = script() else { return orElse() }
        guard number == 1, arguments.count == 3 + script.meaning.argumentCount else { return .unsupported("eval") }
        return .idiom(.script(script, key: arguments[2], arguments: Array(arguments[3...])), .integer)
    }

    private static func script(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let name = line.arguments[0]
        let rest = line.arguments[1...]
        switch true {
        case name.isWord("load"):
            guard let text = rest.first, let script = RedisLoadedScript(text) else {
                return .unsupported("script|load")
            }
            return .idiom(.loadScript(script), .bulk)
        case name.isWord("exists"): return .reply(.flags(rest.map { context.scripts[$0] != nil }))
        case name.isWord("flush"):
            guard rest.allSatisfy({ $0.isWord("sync") || $0.isWord("async") }), rest.count <= 1 else {
                throw .flushModes
            }
            return .idiom(.forgetScripts, .status)
        case name.isWord("kill"): throw .noRunningScript
        case name.isWord("help"): return .reply(.help("script"))
        default: return .unsupported("script|\(String(decoding: name, as: UTF8.self).lowercased())")
        }
    }
}
