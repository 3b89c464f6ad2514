// Every feature of PostgreSQL that is told apart: statements, protocol features, keywords, functions and types.

import PostgresWire
import Usage

/// The words of statements and their features, as data.
struct PostgresUsageTable: Sendable {
    /// Features that are not words of a statement.
    enum Fixed: Int, CaseIterable, Sendable {
        // Counted with every message.
        case simpleQuery, parse, bind, describe, execute, close, sync, flush, copyIn, copyFail, functionCall
        // Seen in what is looked at.
        case tls, replication, startupOptions, protocol32, namedStatement, namedPortal, binaryParameters, binaryResults
        case commonTableExpression, rowLimit, parameter, dollarQuotes, unknownFunction, unknownType, unknownOperator,
            otherForm, typeArray, array, longNumber, timeZone, copyFile

        fileprivate var name: String {
            switch self {
            case .simpleQuery: "feature.simple-query"
            case .parse: "feature.extended-query"
            case .bind: "message.bind"
            case .describe: "message.describe"
            case .execute: "message.execute"
            case .close: "message.close"
            case .sync: "message.sync"
            case .flush: "message.flush"
            case .copyIn: "feature.copy-in"
            case .copyFail: "feature.copy-fail"
            case .functionCall: "feature.function-call"
            case .tls: "feature.tls"
            case .replication: "feature.replication"
            case .startupOptions: "feature.startup-options"
            case .protocol32: "feature.protocol-3.2"
            case .namedStatement: "feature.named-statement"
            case .namedPortal: "feature.named-portal"
            case .binaryParameters: "feature.binary-parameters"
            case .binaryResults: "feature.binary-results"
            case .commonTableExpression: "feature.common-table-expression"
            case .rowLimit: "feature.row-limit"
            case .parameter: "feature.parameters"
            case .dollarQuotes: "feature.dollar-quotes"
            case .unknownFunction: "function.unknown"
            case .unknownType: "type.unknown"
            case .unknownOperator: "operator.unknown"
            case .otherForm: "feature.other"
            case .typeArray: "type.array"
            case .array: "feature.array"
            case .longNumber: "feature.long-number"
            case .timeZone: "feature.time-zone"
            case .copyFile: "feature.copy-file"
            }
        }
    }

    static let shared = PostgresUsageTable()

    let table: UsageTable
    let keywords, functions, types, locks, definitions, settings: [UInt64: Int]
    /// By ``PostgresUsageLook/join(_:_:)`` of two words; a negative one shows nothing.
    let pairs, within, operators: [UInt64: Int]
    let utcNames: Set<UInt64>
    /// By the numbers that pg_type gives them.
    let typeNumbers: [UInt32: Int]
    /// Words before a name that may be followed by a parenthesis and is no function.
    let precedesNames, precedesNamesOfDefinitions: Set<UInt64>
    let beforeDefinitions: Set<UInt64>
    /// Words that begin a definition.
    let defining: Set<UInt64>
    /// Words before the name of a setting.
    let beforeSettings: Set<UInt64>
    let asWord = PostgresUsageLook.hash("as")
    let forWord = PostgresUsageLook.hash("for")
    let setWord = PostgresUsageLook.hash("set")
    let copyWord = PostgresUsageLook.hash("copy")
    let dropWord = PostgresUsageLook.hash("drop")
    let fromWord = PostgresUsageLook.hash("from")
    let toWord = PostgresUsageLook.hash("to")
    let timeWord = PostgresUsageLook.hash("time")
    let zoneWord = PostgresUsageLook.hash("zone")
    let timeZoneWord = PostgresUsageLook.hash("timezone")
    let others: Set<UInt64>
    private let otherKeywords: Set<UInt64>
    private let firstFixed: Int

    static let statementSize = 0
    static let parameterCount = 1
    static let parameterSize = 2
    static let transactionStatements = 3

    subscript(_ feature: Fixed) -> Int { firstFixed + feature.rawValue }

    /// Whether a word before a parenthesis is a keyword, so that it calls nothing.
    func isKeyword(_ hash: UInt64) -> Bool {
        keywords[hash] != nil || otherKeywords.contains(hash) || others.contains(hash)
    }

    private init() {
        var features = PostgresCommand.allCases.map { "postgres.statement.\($0.name)" }
        firstFixed = features.count
        features += Fixed.allCases.map { "postgres.\($0.name)" }
        // Messages and statements are counted one by one.
        let exactCount = firstFixed + Fixed.functionCall.rawValue + 1
        func list(_ kind: String, _ words: String) -> [UInt64: Int] {
            var list: [UInt64: Int] = [:]
            for word in words.split(separator: " ") {
                let parts = word.split(separator: ":")
                let key = parts[0].split(separator: "+").map { PostgresUsageLook.hash($0) }
                let hash = key.count == 2 ? PostgresUsageLook.join(key[0], key[1]) : PostgresUsageLook.hash(parts[0])
                guard parts[parts.count - 1] != "-" else {
                    list[hash] = -1
                    continue
                }
                let name = "postgres.\(kind).\(parts[parts.count - 1])"
                let place = features.lastIndex(of: name) ?? features.count
                if place == features.count { features.append(name) }
                list[hash] = place
            }
            return list
        }
        func set(_ words: String) -> Set<UInt64> {
            Set(words.split(separator: " ").map { PostgresUsageLook.hash($0) })
        }
        keywords = list("feature", PostgresUsageWords.keywords)
        functions = list("function", PostgresUsageWords.functions)
        types = list("type", PostgresUsageWords.types)
        locks = list("feature", PostgresUsageWords.locks)
        definitions = list("feature", PostgresUsageWords.definitions)
        settings = list("feature", PostgresUsageWords.settings)
        pairs = list("feature", PostgresUsageWords.pairs)
        within = list("feature", PostgresUsageWords.within)
        operators = list("operator", PostgresUsageWords.operators)
        utcNames = set(PostgresUsageWords.utcNames)
        others = set(PostgresUsageWords.others)
        beforeDefinitions = set(PostgresUsageWords.beforeDefinitions)
        defining = set("create alter drop")
        beforeSettings = set("set session local")
        precedesNames = set(PostgresUsageWords.precedesNames)
        precedesNamesOfDefinitions = set(PostgresUsageWords.precedesNamesOfDefinitions)
        otherKeywords = set(PostgresUsageWords.otherKeywords)
        var numbers: [UInt32: Int] = [:]
        for (number, name) in PostgresUsageWords.typeNumbers {
            numbers[number] = types[PostgresUsageLook.hash(name)]
        }
        typeNumbers = numbers
        table = UsageTable(
            features: features, exactCount: exactCount, requests: firstFixed..<exactCount,
            sizes: [
                "postgres.statement.bytes", "postgres.parameter.count", "postgres.parameter.bytes",
                "postgres.transaction.statements",
            ])
    }
}
