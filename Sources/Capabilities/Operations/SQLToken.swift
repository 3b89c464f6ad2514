// The words of SQL, as PostgreSQL's scanner tells them apart.

/// A word of a statement, by its place in the text.
public struct SQLToken: Sendable, Equatable {
    public enum Kind: UInt8, Sendable {
        /// A name or a key word, without quotes.
        case word
        /// A name in double quotes.
        case quotedName
        /// `'…'`
        case string
        /// `E'…'`, with escapes.
        case escapeString
        /// `$tag$…$tag$`
        case dollarString
        /// `B'…'` and `X'…'`.
        case bitString
        /// Digits only.
        case integer
        /// A number with a point or an exponent.
        case decimal
        /// `$1`; the number is ``SQLToken/number``.
        case parameter
        /// One or more characters of `+-*/<>=~!@#%^&|?` and the backquote.
        case `operator`
        /// One of `( ) [ ] , ; . :` or two: `::`, `:=`, `..`.
        case mark
    }

    public var kind: Kind
    public var start: Int
    public var end: Int
    /// A word in small letters, a quoted name without its quotes, an operator or a mark; empty for all others.
    public var text: String
    /// A parameter's number, or a whole number's value up to what 32 bits hold.
    public var number = 0

    public init(_ kind: Kind, _ start: Int, _ end: Int, _ text: String = "", number: Int = 0) {
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text
        self.number = number
    }

    /// Whether it is the key word or word `word`, which is given in small letters.
    public func isWord(_ word: String) -> Bool { kind == .word && text == word }
    public func isMark(_ mark: String) -> Bool { kind == .mark && text == mark }
    public func isOperator(_ name: String) -> Bool { kind == .operator && text == name }
    /// Whether it can be a name.
    public var isName: Bool { kind == .word || kind == .quotedName }
    /// Whether it is text between quotes of some kind.
    public var isString: Bool { kind == .string || kind == .escapeString || kind == .dollarString }
}
