// What a PostgreSQL session shows of its application.

import PostgresWire
import Wire

/// Counts every message, and looks at statements that were not seen before and at a sample of the others.
final class PostgresUsage: SessionUsage {
    private let words = PostgresUsageTable.shared
    @exclusivity(unchecked) private var statementsInBlock = 0
    private var identity = UsageIdentity()
    /// What statements with names show, for when they are bound.
    private var prepared = PostgresUsagePrepared()

    /// The client has said who it is.
    func opened(_ startup: PostgresStartup) {
        identity = UsageIdentity(
            name: UsageIdentity.text((startup.applicationName ?? "").utf8),
            user: UsageIdentity.text((startup.user ?? "").utf8),
            more: UsageIdentity.text((startup.database ?? "").utf8))
        become(identity)
        if isEncrypted { note(words[.tls]) }
        if startup.replication != .none { note(words[.replication]) }
        if startup.options != nil { note(words[.startupOptions]) }
        if startup.minor >= 2 { note(words[.protocol32]) }
    }

    /// The server has said that `application_name` is `name` now: SET, set_config, RESET, or the end of a transaction that had changed it.
    func renamed(_ name: [UInt8]) {
        identity.name = UsageIdentity.text(name)
        become(identity)
    }

    /// Notes a message that has passed; it ends at `end` in `bytes`, and is `length` bytes long.
    func received(_ event: PostgresClientEvent, in bytes: Bytes, endingAt end: Int, length: Int) {
        let body = end - length + 5
        let isWhole = end >= length && length >= 5
        switch event {
        case .querySent(let command):
            count(command, extended: false)
            if isWhole { statement(body..<max(body, end - 1), in: bytes, command) }
        case .parseSent(let command):
            count(command, extended: true)
            if isWhole { parse(bytes, body..<end, command) }
        case .bindSent:
            let weight = count(.bind)
            if weight > 0, isWhole { bind(bytes, body..<end, weight: weight) }
        case .executeSent:
            let weight = count(.execute)
            if weight > 0, isWhole, end - body >= 5, bytes.bigEndianUInt32(at: end - 4) != 0 {
                note(words[.rowLimit], weight: weight)
            }
        default: other(event)
        }
    }

    /// Notes that a statement was answered: the server's word for it says what a prepared one was.
    func answered(_ command: PostgresCommand) {
        guard command == .other || command.rawValue >= PostgresCommand.select.rawValue else { return }
        block?.note(Int(command.rawValue), weight: 1)
    }

    private func other(_ event: PostgresClientEvent) {
        switch event {
        case .describeSent: count(.describe)
        case .closeSent: count(.close)
        case .syncSent: count(.sync)
        case .flushSent: count(.flush)
        case .copyDoneSent: count(.copyIn)
        case .copyFailSent: count(.copyFail)
        case .functionCallSent: count(.functionCall)
        default: break
        }
    }

    /// Notes a message of a client whose backend is behind an adapter; its parts lie in `bytes`.
    func received(_ message: PostgresClientMessage, in bytes: Bytes) {
        switch message {
        case .query(let text):
            let command = PostgresCommand.first(of: bytes.extracting(text))
            answered(command)
            count(command, extended: false)
            statement(text, in: bytes, command)
        case .parse(let name, let text, let types):
            let command = PostgresCommand.first(of: bytes.extracting(text))
            answered(command)
            count(command, extended: true)
            let name = name.isEmpty ? nil : PostgresUsagePrepared.key(name, in: bytes)
            parsed(name, text, in: bytes, command)
            for type in types { noteType(type, of: name) }
        case .bind(let bind):
            let weight = count(.bind)
            guard weight > 0 else { return }
            if !bind.portal.isEmpty { note(words[.namedPortal], weight: weight) }
            bound(bind.statement, in: bytes, weight: weight)
            if bind.parameterFormats.contains(1) { note(words[.binaryParameters], weight: weight) }
            if bind.resultFormats.contains(1) { note(words[.binaryResults], weight: weight) }
        case .execute(_, let rows):
            let weight = count(.execute)
            if weight > 0, rows != 0 { note(words[.rowLimit], weight: weight) }
        case .describeStatement, .describePortal: count(.describe)
        case .closeStatement, .closePortal: count(.close)
        case .sync: count(.sync)
        case .flush: count(.flush)
        case .copyDone: count(.copyIn)
        case .copyFail: count(.copyFail)
        case .functionCall: count(.functionCall)
        case .copyData, .credentials, .terminate: break
        }
    }

    // MARK: Counting

    @discardableResult
    private func count(_ message: PostgresUsageTable.Fixed) -> UInt64 {
        block?.count(request: words[message], now: worker.now) ?? 0
    }

    private func count(_ command: PostgresCommand, extended: Bool) {
        guard let block else { return }
        _ = block.count(request: words[extended ? .parse : .simpleQuery], now: worker.now)
        statementsInBlock += 1
        switch command {
        case .begin, .start: statementsInBlock = 0
        case .commit, .end, .rollback, .abort:
            block.note(
                size: max(0, statementsInBlock - 1), of: PostgresUsageTable.transactionStatements, weight: 1)
            statementsInBlock = 0
        default: break
        }
    }

    /// Looks at a statement unless one that differs in its literals only was looked at before.
    private func statement(_ text: Range<Int>, in bytes: Bytes, _ command: PostgresCommand) {
        let weight = weight(of: text, in: bytes, command)
        if weight > 0 { look(text, in: bytes, command, weight: weight) }
    }

    /// How many statements a look at this one stands for, zero when it is not looked at.
    private func weight(of text: Range<Int>, in bytes: Bytes, _ command: PostgresCommand) -> UInt64 {
        guard let block else { return 0 }
        // What a setting is set to is what its statement is about.
        if listener.isNew(PostgresUsageLook.hash(text, in: bytes, literals: command == .set), to: block) { return 1 }
        // What it shows is known; now and then it is counted again.
        return block.sampled()
    }

    /// Looks at a statement of the Parse message; one with a `name` is looked at for what each Bind of it will show.
    private func parsed(_ name: UInt64?, _ text: Range<Int>, in bytes: Bytes, _ command: PostgresCommand) {
        guard let name else { return statement(text, in: bytes, command) }
        note(words[.namedStatement])
        prepared.begin(name)
        let weight = weight(of: text, in: bytes, command)
        guard weight > 0 else {
            if command == .with { prepared.note(words[.commonTableExpression]) }
            var look = PostgresUsageLook(words)
            look.run(text, in: bytes) { prepared.note($0) }
            return
        }
        // It is counted when it is bound; that it is there is seen now.
        look(text, in: bytes, command, weight: 1) { prepared.note($0) }
    }

    private func noteType(_ number: UInt32, of name: UInt64?) {
        guard let feature = words.typeNumbers[number] else { return }
        note(feature)
        if name != nil { prepared.note(feature) }
    }

    /// Counts what the statement called so shows; it is bound once for each time that it runs.
    private func bound(_ name: Range<Int>, in bytes: Bytes, weight: UInt64) {
        guard !name.isEmpty, let block else { return }
        for feature in prepared.features(of: PostgresUsagePrepared.key(name, in: bytes)) {
            block.note(Int(feature), weight: weight)
        }
    }

    private func look(
        _ text: Range<Int>, in bytes: Bytes, _ command: PostgresCommand, weight: UInt64,
        also take: (Int) -> Void = { _ in }
    ) {
        block?.note(size: text.count, of: PostgresUsageTable.statementSize, weight: weight)
        block?.beginSample(Int(command.rawValue))
        // The server answers it with the word of the statement behind it.
        if command == .with {
            note(words[.commonTableExpression], weight: weight)
            take(words[.commonTableExpression])
        }
        var look = PostgresUsageLook(words)
        look.run(text, in: bytes) {
            note($0, weight: weight)
            take($0)
        }
        // What begins with no statement's word may be anything.
        let isStatement = command.rawValue >= PostgresCommand.select.rawValue
        block?.endSample { isStatement ? PostgresUsageSample.redacted(text, in: bytes) : nil }
    }

    private func parse(_ bytes: Bytes, _ body: Range<Int>, _ command: PostgresCommand) {
        guard let nameEnd = bytes.firstIndex(of: 0, from: body.lowerBound), nameEnd < body.upperBound,
            let textEnd = bytes.firstIndex(of: 0, from: nameEnd + 1), textEnd < body.upperBound
        else { return }
        let name = body.lowerBound..<nameEnd
        let key = name.isEmpty ? nil : PostgresUsagePrepared.key(name, in: bytes)
        parsed(key, (nameEnd + 1)..<textEnd, in: bytes, command)
        var place = textEnd + 3
        while place + 4 <= body.upperBound, let number = bytes.bigEndianUInt32(at: place) {
            noteType(number, of: key)
            place += 4
        }
    }

    private func bind(_ bytes: Bytes, _ body: Range<Int>, weight: UInt64) {
        guard let portalEnd = bytes.firstIndex(of: 0, from: body.lowerBound), portalEnd < body.upperBound,
            let nameEnd = bytes.firstIndex(of: 0, from: portalEnd + 1), nameEnd < body.upperBound
        else { return }
        if portalEnd > body.lowerBound { note(words[.namedPortal], weight: weight) }
        bound((portalEnd + 1)..<nameEnd, in: bytes, weight: weight)
        var place = nameEnd + 1
        func short() -> Int? {
            guard place + 2 <= body.upperBound else { return nil }
            defer { place += 2 }
            return Int(bytes[place]) << 8 | Int(bytes[place + 1])
        }
        func hasBinary() -> Bool? {
            guard let count = short() else { return nil }
            var found = false
            for _ in 0..<count {
                guard let format = short() else { return nil }
                if format == 1 { found = true }
            }
            return found
        }
        guard let parameters = hasBinary(), let values = short() else { return }
        if parameters { note(words[.binaryParameters], weight: weight) }
        block?.note(size: values, of: PostgresUsageTable.parameterCount, weight: weight)
        for _ in 0..<values {
            guard place + 4 <= body.upperBound, let length = bytes.bigEndianUInt32(at: place) else { return }
            place += 4
            if length == .max { continue }
            guard Int(length) <= body.upperBound - place else { return }
            block?.note(size: Int(length), of: PostgresUsageTable.parameterSize, weight: weight)
            place += Int(length)
        }
        if hasBinary() == true { note(words[.binaryResults], weight: weight) }
    }
}
