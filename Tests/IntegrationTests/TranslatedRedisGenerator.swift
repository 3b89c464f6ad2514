// Makes random Redis commands from the grammar, the same ones for the same seed.

/// A small random generator whose sequence is the same everywhere (SplitMix64, public domain).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Random commands, most of them right, some of them wrong.
struct TranslatedRedisGenerator {
    private var random: SeededRandom
    private let forms: [String]

    init(seed: UInt64, forms: [String] = TranslatedRedisGrammar.forms) {
        random = SeededRandom(seed: seed)
        self.forms = forms
    }

    /// One of so many connections.
    mutating func connection(of count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

    /// The words of the next command.
    mutating func next() -> [String] { next { _ in true } }

    /// The words of the next command whose form is one of those `allowed`.
    mutating func next(_ allowed: (String) -> Bool) -> [String] {
        var form = pick(forms)
        while !allowed(form) { form = pick(forms) }
        var text = Substring(form)
        var words = expand(&text, until: nil).split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        // A word of spaces or of nothing cannot stand in a form.
        for index in words.indices {
            if let text = Self.texts[words[index]] { words[index] = text }
        }
        guard Self.mayBeWrong(words[0]) else { return words }
        switch Int.random(in: 0..<40, using: &random) {
        case 0: words.append(pick(Self.junk))
        case 1 where words.count > 1: words[Int.random(in: 1..<words.count, using: &random)] = pick(Self.junk)
        case 2 where words.count > 1: words.remove(at: Int.random(in: 1..<words.count, using: &random))
        case 3: words[0] = words[0].lowercased()
        default: break
        }
        return words
    }

    /// Whether a wrong word does no more than to be refused: a command that waits could wait for ever, one that takes by
    /// lot could take something else than the real server, a script could be another one, and of itself each server
    /// tells its own.
    private static func mayBeWrong(_ command: String) -> Bool {
        !command.hasPrefix("B") && !command.hasPrefix("EVAL") && !command.hasSuffix("SUBSCRIBE")
            && !["SPOP", "HELLO", "COMMAND", "SCRIPT"].contains(command)
    }

    private static let texts = [
        "EMPTY": "", "SPACED": "two words", "OTHER": "return 1", "RELEASE": release,
        "RELEASED": "b70c2384248f88e6b75b9f89241a180f856ad852",
        "EXTEND": extend, "PROLONG": prolong,
    ]
    static let release =
        #"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#
    static let extend =
        #"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("pexpire",KEYS[1],ARGV[2]) else return 0 end"#
    /// As redis-py's class Lock has it.
    static let prolong = """
        local token = redis.call('get', KEYS[1])
        if not token or token ~= ARGV[1] then
            return 0
        end
        local expiration = redis.call('pttl', KEYS[1])
        if not expiration then
            expiration = 0
        end
        if expiration < 0 then
            return 0
        end

        local newttl = ARGV[2]
        if ARGV[3] == "0" then
            newttl = ARGV[2] + expiration
        end
        redis.call('pexpire', KEYS[1], newttl)
        return 1
        """

    private static let junk = ["abc", "-1", "0", "EMPTY!", "99999999999999999999", "nan", "inf", "1.5", "REV", "COUNT"]

    private mutating func pick(_ choices: [String]) -> String {
        choices[Int.random(in: 0..<choices.count, using: &random)]
    }

    /// Expands a form up to `end`, which is taken.
    private mutating func expand(_ text: inout Substring, until end: Character?) -> String {
        var alternatives = [""]
        while let character = text.popFirst() {
            switch character {
            case end: return pick(alternatives)
            case "|" where end != nil: alternatives.append("")
            case "(": alternatives[alternatives.count - 1] += expand(&text, until: ")")
            case "[":
                let inside = expand(&text, until: "]")
                if Bool.random(using: &random) { alternatives[alternatives.count - 1] += inside }
            case "{":
                let name = text.prefix { $0 != "}" }
                text = text.dropFirst(name.count + 1)
                alternatives[alternatives.count - 1] += value(of: String(name))
            default: alternatives[alternatives.count - 1].append(character)
            }
        }
        return pick(alternatives)
    }

    private mutating func value(of kind: String) -> String {
        if kind.hasSuffix("+") {
            let count = Int.random(in: 1...3, using: &random)
            return (0..<count).map { _ in value(of: String(kind.dropLast())) }.joined(separator: " ")
        }
        switch kind {
        case "k": return pick(["s1", "s2", "h1", "h2", "l1", "l2", "t1", "t2", "z1", "z2", "none"])
        case "s", "h", "l", "t", "z":
            if Int.random(in: 0..<12, using: &random) == 0 { return value(of: "k") }
            return kind + pick(["1", "2"])
        case "y": return "y1"
        case "w": return pick(["1", "2", "0.5", "-1", "0", "inf", "-inf"])
        case "v": return pick(["a", "b", "c", "10", "-3", "3.5", "hello", "EMPTY", "SPACED", "x\u{E9}y"])
        case "m": return pick(["a", "b", "c", "d", "e", "1", "2"])
        case "n":
            return pick(["0", "1", "2", "3", "5", "-1", "-2", "-3", "-100", "100", "9223372036854775807", "abc"])
        case "c": return pick(["0", "1", "2", "3", "7"])
        case "f":
            return pick(["0", "1", "2", "-1", "3.25", "0.1", "1e3", "-2.5", "inf", "-inf", "100", "1.1", "zero"])
        case "e": return pick(["9000000000000", "9000000001000", "9100000000000", "1"])
        case "d": return pick(["1000", "2000", "50000", "0", "-5", "abc"])
        case "u": return pick(["1000", "50000"])
        case "db": return pick(["0", "0", "1", "2"])
        case "ch": return pick(["ca", "cb", "news"])
        case "pt": return pick(["c*", "*", "n?ws", "c[ab]"])
        case "b": return pick(["-inf", "+inf", "(1", "1", "2", "(2.5", "0", "3.25", "(a", "100"])
        case "x": return pick(["-", "+", "[a", "(a", "[c", "(c", "[d", "[1", "b"])
        case "g": return pick(["*", "s*", "?1", "[hl]1", "a", "[^s]*", "\\*"])
        default: return kind
        }
    }
}
