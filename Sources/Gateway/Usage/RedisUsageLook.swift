// One look at a command: its options, forms and sizes, and what it says of its sender.

import RedisWire
import Wire

/// One look at the words of a command, from the first to the last.
struct RedisUsageLook {
    /// What a command says about who sends it.
    struct Said {
        var name: String?
        var user: String?
        var library: String?
    }

    private enum Part {
        case name, user, library
    }

    private let usage: RedisUsage
    private let words: RedisUsageTable
    private let command: RedisCommand
    let count: Int
    let weight: UInt64
    private(set) var place = 0
    private(set) var said: Said?
    private var sample: RedisUsageSample?
    /// The name of a command that is in no table.
    private var unknownName: String?
    /// The place of the next word that may be an option; nil when there is none any more.
    private var optionPlace: Int?
    private var expected: (part: Part, place: Int)?
    /// Where the key's expiry stands; nil when none is known.
    private var expiry: (unit: RedisUsageExpiry, place: Int)?
    /// The life of RESTORE, as one from now and as a time: which it is, a later word tells.
    private var restored: (life: Int?, time: Int?) = (nil, nil)
    private var form = RedisUsageForm()
    /// Whether it is SCRIPT LOAD.
    private var loadsScript = false

    init(_ usage: RedisUsage, _ words: RedisUsageTable, _ command: RedisCommand, count: Int, weight: UInt64) {
        self.usage = usage
        self.words = words
        self.command = command
        self.count = count
        self.weight = weight
        let id = Int(command.rawValue)
        switch words.options[id]?.place {
        case .from(let place), .leading(let place): optionPlace = place
        case .counted, nil: break
        }
        expiry = words.expiries[id]
        if let block = usage.block, block.takesSamples {
            block.beginSample(id)
            sample = RedisUsageSample(command, count: count)
        }
        let single = words.single[id]
        if single.count > 0, count > single.count { usage.note(single.feature, weight: weight) }
    }

    /// The word at the next place, which lies in `range` of `bytes`; a long one that came in pieces is not there, and `length` is its own.
    mutating func take(_ range: Range<Int>, in bytes: Bytes, length: Int? = nil) {
        defer { place += 1 }
        let length = length ?? range.count
        sample?.take(bytes: length, at: place)
        let id = Int(command.rawValue)
        if place == 0 {
            if id == 0 {
                noteModule(range, in: bytes)
                unknownName = RedisUsageClaims.name(range, in: bytes)
            }
            if command == .auth, count == 3 { expected = (.user, 1) }
            return
        }
        if place == 1, RedisUsage.hasKeyFirst[id] {
            usage.note(size: length, of: RedisUsageTable.keySize, weight: weight)
        }
        if place == words.valuePlace[id] {
            usage.note(size: length, of: RedisUsageTable.valueSize, weight: weight)
        }
        noteExpiry(range, in: bytes)
        if command == .select, place == 1 { noteDatabase(range, in: bytes) }
        if let script = words.scripts[id] { noteScript(script, range, in: bytes, length) }
        if command == .client || command == .hello || command == .auth, range.count == length {
            listen(range, in: bytes)
        }
        guard let options = words.options[id] else { return }
        if case .counted(place) = options.place {
            // A command has no more arguments than it has; a number that says more has no options behind it.
            let number = length <= 4 ? range.reduce(0) { $0 * 10 + Int(bytes[$1] & 15) } : count
            optionPlace = place + 1 + number
        }
        guard place == optionPlace, length <= RedisText.capacity else {
            if place == optionPlace { miss(options) }
            return
        }
        let word = RedisWholeCommand.word(range, in: bytes)
        guard let option = options.option(called: word) else { return miss(options) }
        usage.note(option.feature, weight: weight)
        form.take(option.word, at: place, isExpiry: option.expiry != nil)
        sample?.show(option.word, at: place)
        optionPlace = place + 1 + option.arity
        if let unit = option.expiry { expiry = (unit, place + 1) }
    }

    private mutating func noteExpiry(_ range: Range<Int>, in bytes: Bytes) {
        guard let expiry, expiry.place == place else { return }
        let now = usage.second
        if command == words.restore {
            restored.life = expiry.unit.seconds(range, in: bytes, now: now)
            restored.time = RedisUsageExpiry.atMillisecond.seconds(range, in: bytes, now: now)
        } else if let seconds = expiry.unit.seconds(range, in: bytes, now: now) {
            usage.note(size: seconds, of: RedisUsageTable.expirySeconds, weight: weight)
        }
    }

    private func noteDatabase(_ range: Range<Int>, in bytes: Bytes) {
        guard range.count <= Self.databaseDigits, let number = RedisInteger.parse(bytes.array(range)), number >= 0
        else {
            return
        }
        usage.note(size: Int(number), of: RedisUsageTable.databaseNumber, weight: weight)
        if number > 0 { usage.note(words.otherDatabase, weight: weight) }
    }

    /// Notes whether a script is one of those that are known by their texts.
    private mutating func noteScript(
        _ script: (place: Int, lock: Int, other: Int), _ range: Range<Int>, in bytes: Bytes, _ length: Int
    ) {
        if place == 1, script.place == 2 {
            loadsScript = count == 3 && RedisWholeCommand.word(range, in: bytes) == Self.load
        }
        guard place == script.place, script.place == 1 || loadsScript else { return }
        // A text that came in pieces is not there; one that is too long to be known needs not be.
        guard range.count == length || length > RedisKnownScript.mostBytes else { return }
        let known = length <= RedisKnownScript.mostBytes ? RedisKnownScript(bytes.array(range)) : nil
        // EVAL, the text, the number of keys, one key, and what the script takes.
        let isLock = known.map { loadsScript || count == 4 + $0.argumentCount } ?? false
        usage.note(isLock ? script.lock : script.other, weight: weight)
    }

    /// The last word was taken.
    func end() {
        if command == words.restore, let seconds = form.hasAbsoluteTime ? restored.time : restored.life {
            usage.note(size: seconds, of: RedisUsageTable.expirySeconds, weight: weight)
        }
        let id = Int(command.rawValue)
        let form = words.forms[id]
        guard form == nil || self.form.isLock || self.form.isQueue else { return }
        if let form { usage.note(form, weight: weight) }
        if usage.isInTransaction, let feature = words.queued[id] { usage.note(feature, weight: weight) }
    }

    /// The whole command as an example; nil where it must not be one.
    var example: String? { sample?.text }

    /// What holds of it once the server has accepted it.
    var claim: RedisUsageClaims.Claim? {
        if let unknownName { return .command(name: unknownName, weight: weight) }
        if command == .reset { return .nobody }
        return said.map { .identity(user: $0.user, name: $0.name, library: $0.library) }
    }

    private mutating func miss(_ options: RedisUsageTable.Options) {
        if case .leading = options.place { optionPlace = nil } else { optionPlace = place + 1 }
    }

    private func noteModule(_ range: Range<Int>, in bytes: Bytes) {
        let module = words.modules.first { module in
            let prefix = module.prefix.utf8
            return range.count > prefix.count
                && zip(prefix, range).allSatisfy { $0 == bytes[$1].asciiLowercased }
        }
        if let module { return usage.note(module.feature, weight: weight) }
        if range.contains(where: { bytes[$0] == UInt8(ascii: ".") }) { usage.note(words.module, weight: weight) }
    }

    /// CLIENT SETNAME name; CLIENT SETINFO LIB-NAME library; HELLO n AUTH user password SETNAME name; AUTH user password.
    private mutating func listen(_ range: Range<Int>, in bytes: Bytes) {
        if let expected, expected.place == place {
            let text = UsageIdentity.text(bytes.array(range))
            said = said ?? Said()
            switch expected.part {
            case .name: said?.name = text
            case .user: said?.user = RedisUsage.user(bytes.array(range))
            case .library: said?.library = text
            }
            self.expected = nil
            return
        }
        switch command {
        case .client where place == 1 && count == 3:
            if RedisWholeCommand.word(range, in: bytes) == Self.setName { expected = (.name, 2) }
        case .client where place == 2 && count == 4:
            if RedisWholeCommand.word(range, in: bytes) == Self.libraryName { expected = (.library, 3) }
        case .hello where place >= 2 && place == optionPlace:
            let word = RedisWholeCommand.word(range, in: bytes)
            if word == Self.setName { expected = (.name, place + 1) }
            if word == Self.auth { expected = (.user, place + 1) }
        default: break
        }
    }

    private static let setName = RedisText("setname")
    private static let auth = RedisText("auth")
    private static let load = RedisText("load")
    /// Digits of a database's number, which has 32 bits.
    private static let databaseDigits = 10
    private static let libraryName = RedisText("lib-name")
}
