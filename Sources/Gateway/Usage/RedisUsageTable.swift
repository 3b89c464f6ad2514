// Every feature of Redis that is told apart: commands, their options, forms and subcommands.

import RedisWire
import Usage

/// The words that may follow a command and what they mean, as data.
struct RedisUsageTable: Sendable {
    /// An option and how many arguments belong to it.
    struct Option: Sendable {
        let word: RedisText
        let arity: Int
        let feature: Int
        /// What the argument behind it says of the key's expiry.
        let expiry: RedisUsageExpiry?
    }

    /// Where options of a command stand.
    struct Options: Sendable {
        enum Place: Sendable {
            /// From this argument on, between others.
            case from(Int)
            /// From this argument on, up to the first word that is none.
            case leading(Int)
            /// Behind as many arguments as the one at this place says.
            case counted(Int)
        }

        let place: Place
        let words: [Option]

        /// The option that is called `word`; nil for another word.
        func option(called word: RedisText) -> Option? {
            // By hand: an iterator allocates where it is not specialised, and a steady state is held to allocate nothing.
            var index = 0
            while index < words.count {
                if words[index].word == word { return words[index] }
                index += 1
            }
            return nil
        }
    }

    /// Which word of a command shows that it may have options that were not seen.
    struct Outline: Sendable {
        /// A command of no more words has no options.
        var words = Int.max
        /// The place of the word; nil for the last that is no number.
        var place: Int?
    }

    static let shared = RedisUsageTable()

    /// A word is not looked at behind so many: options are near the name or near the end of short commands.
    static let mostWords = 48

    let table: UsageTable
    /// By command id.
    let options: [Options?]
    /// By command id.
    let outlines: [Outline]
    /// By command id: what shows that a stand-in's form is used in a transaction; nil for commands without a stand-in.
    let queued: [Int?]
    /// By command id: the most arguments, the name included, with which it has one key, pair or member; zero for others.
    let single: [(count: Int, feature: Int)]
    /// By command id: what options that mean something together show; nil for others.
    let forms: [Int?]
    /// By command id: the place of a value whose size is worth knowing; zero for others.
    let valuePlace: [Int]
    /// By command id: the place of the key's expiry; nil for others.
    let expiries: [(unit: RedisUsageExpiry, place: Int)?]
    let modules: [(prefix: String, feature: Int)]
    let restore: RedisCommand
    /// By command id: the place of a script's text, and what a text shows that gives up or extends a lock, or any other; nil for commands
    /// without one.
    let scripts: [(place: Int, lock: Int, other: Int)?]
    /// That another database than the first is selected.
    let otherDatabase: Int
    let resp3, inline, pipelining, transaction, blocking, tls, module: Int

    static let keySize = 0
    static let valueSize = 1
    static let requestSize = 2
    static let argumentCount = 3
    static let transactionLength = 4
    static let expirySeconds = 5
    static let databaseNumber = 6

    private init() {
        var features = RedisCommand.names.map { "redis.command.\($0)" }
        let exactCount = features.count
        func add(_ name: String) -> Int {
            features.append(name)
            return features.count - 1
        }
        func text(_ word: some StringProtocol) -> RedisText {
            let bytes = Array(word.utf8)
            return RedisWholeCommand.word(0..<bytes.count, in: bytes.span)
        }
        func id(_ name: some StringProtocol) -> Int {
            Int(RedisCommandTable.shared.command(named: text(name)).rawValue)
        }

        var options = [Options?](repeating: nil, count: exactCount)
        var outlines = [Outline](repeating: Outline(), count: exactCount)
        for line in RedisUsageWords.options {
            let words = line.split(separator: " ")
            let place = Int(words[1].drop { !$0.isNumber }) ?? 1
            for name in words[0].split(separator: ",") where id(name) != 0 {
                let kind = words[1].first == "s" ? "subcommand" : "option"
                let known = words.dropFirst(2).map { word in
                    let parts = word.split(separator: ":")
                    return Option(
                        word: text(parts[0]), arity: parts.count > 1 ? Int(parts[1]) ?? 0 : 0,
                        feature: add("redis.\(kind).\(name).\(parts[0])"),
                        expiry: RedisUsageWords.expiring.contains(String(name))
                            ? RedisUsageExpiry(option: parts[0]) : nil)
                }
                let position: Options.Place =
                    switch words[1].first {
                    case "n": .counted(place)
                    case "l", "s": .leading(place)
                    default: .from(place)
                    }
                options[id(name)] = Options(place: position, words: known)
                switch position {
                case .from(let place): outlines[id(name)] = Outline(words: place, place: nil)
                case .leading(let place): outlines[id(name)] = Outline(words: place, place: place)
                // With another option it has other words, and their number is looked at.
                case .counted: break
                }
            }
        }
        var single = [(count: Int, feature: Int)](repeating: (0, 0), count: exactCount)
        for (count, names) in RedisUsageWords.single {
            for name in names.split(separator: " ") where id(name) != 0 {
                single[id(name)] = (count, add("redis.shape.\(name).many"))
            }
        }
        var forms = [Int?](repeating: nil, count: exactCount)
        for (name, form) in RedisUsageWords.forms { forms[id(name)] = add("redis.shape.\(name).\(form)") }
        forms[0] = nil
        var queued = [Int?](repeating: nil, count: exactCount)
        for name in RedisUsageWords.queued.split(separator: " ") where id(name) != 0 {
            let form = RedisUsageWords.forms.first { $0.0 == name }.map { ".\($0.1)" } ?? ""
            queued[id(name)] = add("redis.shape.\(name)\(form).queued")
        }
        self.queued = queued
        self.forms = forms
        self.outlines = outlines
        restore = RedisCommandTable.shared.command(named: text("restore"))
        var valuePlace = [Int](repeating: 0, count: exactCount)
        for (place, names) in RedisUsageWords.values {
            for name in names.split(separator: " ") { valuePlace[id(name)] = place }
        }
        valuePlace[0] = 0
        var expiries = [(unit: RedisUsageExpiry, place: Int)?](repeating: nil, count: exactCount)
        for (place, unit, names) in RedisUsageWords.expiries {
            for name in names.split(separator: " ") where id(name) != 0 { expiries[id(name)] = (unit, place) }
        }
        self.expiries = expiries
        var scripts = [(place: Int, lock: Int, other: Int)?](repeating: nil, count: exactCount)
        for (name, place) in RedisUsageWords.scripts {
            scripts[id(name)] = (place, add("redis.shape.\(name).lock-script"), add("redis.shape.\(name).other-script"))
        }
        scripts[0] = nil
        self.scripts = scripts
        otherDatabase = add("redis.shape.select.other")
        modules = RedisUsageWords.modules.split(separator: " ").map { (String($0) + ".", add("redis.module.\($0)")) }
        module = add("redis.module.other")
        resp3 = add("redis.protocol.resp3")
        inline = add("redis.protocol.inline")
        tls = add("redis.protocol.tls")
        pipelining = add("redis.protocol.pipelining")
        transaction = add("redis.state.transaction")
        blocking = add("redis.state.blocking")
        self.options = options
        self.single = single
        self.valuePlace = valuePlace
        table = UsageTable(
            features: features, exactCount: exactCount, requests: 0..<exactCount,
            sizes: [
                "redis.key.bytes", "redis.value.bytes", "redis.request.bytes", "redis.request.arguments",
                "redis.transaction.commands", "redis.expiry.seconds", "redis.database.number",
            ])
    }
}
