// What the typed pass over a statement finds out.

import Capabilities

/// An expression: where it stands, and what is known of it.
struct SQLTyped {
    /// What has no type of its own yet and takes that of what it stands beside.
    enum Open: Equatable {
        /// A string, by its word.
        case string(Int)
        /// A parameter, by its number.
        case parameter(Int)
        case null
    }

    var words: ClosedRange<Int>
    /// `unknown` where nothing tells it.
    var type: SQLType = .unknown
    var modifier: Int32 = -1
    var open: Open?
    /// Columns that are used outside of aggregates, and are not grouped by.
    var references: [SQLColumnReference] = []
    /// The words of the first aggregate and of the first window function in it, queries within left out.
    var aggregate: Int?
    var window: Int?
    /// The expressions of a row of several.
    var row: [SQLTyped] = []
    var number = SQLNumberForm()
    /// What a column of it is called (parse_target.c, FigureColname); weak where it is only a type's name.
    var name: String?
    var isNameWeak = false
    /// Whether it is a comparison without parentheses, which cannot be compared further.
    var isBareComparison = false

    init(_ words: ClosedRange<Int>, _ type: SQLType = .unknown, modifier: Int32 = -1, open: Open? = nil) {
        self.words = words
        self.type = type
        self.modifier = modifier
        self.open = open
    }

    /// Whether its type is told, or it takes any.
    var isTold: Bool { open != nil || type != .unknown }

    /// Takes over what `other`, a part of it, uses.
    ///
    /// One column of each query is enough to tell that it is not grouped, which bounds the work for long chains.
    mutating func include(_ other: SQLTyped) {
        for reference in other.references where !references.contains(where: { $0.scope == reference.scope }) {
            references.append(reference)
        }
        aggregate = aggregate ?? other.aggregate
        window = window ?? other.window
    }
}

/// How a decimal number is shown.
///
/// SQLite computes with a double, which has no digits of its own; a text in its place has all of them, but compares as a text.
/// So an expression stays a double, and what has to show its digits makes a text of it.
struct SQLNumberForm {
    /// Digits behind the point, where the words tell them.
    var scale: Int?
    /// What makes a text of it; nil where nothing does.
    var exact: [SQLExactEdit]?
    /// Whether the shortest text of the double has all digits that are known: of a literal without zeros at its end, and of a
    /// column that keeps none.
    var isShortest = true
    /// Whether it is a text already: a column of a query within.
    var isText = false
    /// Whether it is a table's column that is a text, and is compared as a number; of jsonb, whether SQLite knows its order.
    var isStored = false
    /// The call that computes it, of floating-point numbers.
    var chain: SQLFloatChain?
}

/// A change of the new text that makes a number show all its digits.
enum SQLExactEdit {
    case wrap(ClosedRange<Int>, String, String)
    case replace(Int, String)
    /// Takes back a wrap that makes a double, by its number.
    case cancel(Int)
    /// Has a parameter's text bound as it came, by its number.
    case bind(Int)
}

/// The use of a column.
struct SQLColumnReference {
    /// The query whose relation it belongs to.
    var scope: Int
    var relation: Int
    var column: Int
    /// Its first word.
    var word: Int
    /// Whether it is used by a query within.
    var isWithin = false
}

/// A column of a relation, or of a query's result.
struct SQLTypedColumn {
    var name: String
    var type: SQLType = .unknown
    var modifier: Int32 = -1
    /// A literal or a parameter that still takes any type.
    var open: SQLTyped.Open?
    /// The words of the expressions that give it, one for each part of a UNION; none behind a star.
    var leaves: [ClosedRange<Int>] = []
    /// Whether the expression is given its name by AS.
    var isAliased = false
    var number = SQLNumberForm()
    /// What a table's column fills itself with, as SQLite writes it.
    var fallback: String?
    /// Why nothing can be stored there but what the column fills itself with.
    var ownValues: SQLOwnValues?

    /// Whether equal values of it may show other digits.
    var showsOwnDigits: Bool { type == .numeric && number.scale == nil && (number.isText || !number.isShortest) }
}

/// Columns whose values are not the client's to say.
enum SQLOwnValues {
    case identity
    case computed

    func detail(_ column: String) -> String {
        self == .identity
            ? "Column \"\(column)\" is an identity column defined as GENERATED ALWAYS."
            : "Column \"\(column)\" is a generated column."
    }
}

/// What is found in a whole statement.
struct SQLTyping {
    /// The types of operands, by their words.
    var operands: [ClosedRange<Int>: SQLType] = [:]
    /// The types that places tell parameters.
    var parameters: [Int: SQLType] = [:]
    /// How often parameters stand where their digits count.
    var shownParameters: [Int: Int] = [:]
    /// String literals that are values of a type, by their words.
    var literals: [Int: SQLType] = [:]
    /// Expressions that have to be converted to what they stand beside.
    var conversions: [SQLConversion] = []
    /// The types of the items of arrays that ANY and ALL compare, by that word.
    var items: [Int: SQLType] = [:]
    /// What has to stand in a word's place.
    var replacements: [Int: String] = [:]
    /// Aliases of changed tables before which SQLite wants AS.
    var bareAliases: [Int] = []
    /// What stands around words, by number.
    var wraps: [Int: (words: ClosedRange<Int>, open: String, close: String)] = [:]
    /// What has got the collation of jsonb.
    var collated: Set<ClosedRange<Int>> = []
    /// What plain columns are called whose words are changed, by their last words.
    var names: [ClosedRange<Int>: String] = [:]
    /// Values that stand on a line of their own where JSON is gathered of them.
    var lined: Set<ClosedRange<Int>> = []
    /// Queries whose rows are told apart as numbers, of which the first of equal ones stays.
    var distincts: [ClosedRange<Int>] = []
    /// The same of what stands before an EXCEPT.
    var leftSides: [ClosedRange<Int>] = []
    /// Parts of a UNION that bind more tightly than SQLite has it.
    var groups: [ClosedRange<Int>] = []
    /// The table whose rows a statement must not change twice, by SQLite's name.
    var upserted: String?
    /// The columns of the result; nil where the statement gives none.
    var results: [SQLTypedColumn]?
}

/// An expression that is to become a value of another type.
struct SQLConversion {
    var words: ClosedRange<Int>
    var type: SQLType
    var modifier: Int32 = -1
    /// Its own type, where the value alone does not tell how it is written.
    var from = SQLType.unknown
}

/// Why the typed pass ends early.
enum SQLTypingEnd: Error {
    /// Words that it does not know: nothing is told of the statement then.
    case unread
    case failed(SQLFailure)
}
