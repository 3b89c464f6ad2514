// The types of the catalogue, and the functions that read and write their values: pg_type and pg_proc.

import Capabilities

/// What pg_type says of a type beyond its name and number (pg_type.dat).
struct SQLCatalogType {
    var type: SQLType
    /// In bytes; -1 for any.
    var length = -1
    var category = "U"
    var isPreferred = false
    /// `c`, `s`, `i` or `d`, for one, two, four and eight bytes.
    var alignment = "i"
    /// `p` plain, `x` extended, `m` main.
    var storage = "p"
    /// The number of the collation of texts.
    var collation = 0
    var element: Int64 = 0
    var subscripting: Int64 = 0

    /// Whether values are passed as such, and not by where they are.
    var isByValue: Bool { (1...8).contains(length) }

    init(_ type: SQLType) {
        self.type = type
        if let item = type.item {
            let inner = SQLCatalogType(item)
            (category, storage, collation) = ("A", "x", inner.collation)
            if inner.alignment == "d" { alignment = "d" }
            (element, subscripting) = (Int64(item.rawValue), Self.function("array_subscript_handler"))
            return
        }
        switch type {
        case .boolean: (length, category, isPreferred, alignment) = (1, "B", true, "c")
        case .character: (length, category, alignment) = (1, "Z", "c")
        case .name:
            (length, category, alignment, collation) = (64, "S", "c", 950)
            (element, subscripting) = (18, Self.function("raw_array_subscript_handler"))
        case .int16: (length, category, alignment) = (2, "N", "s")
        case .int32, .float32, .regproc, .regprocedure, .regclass, .regtype: (length, category) = (4, "N")
        case .oid: (length, category, isPreferred) = (4, "N", true)
        case .int64: (length, category, alignment) = (8, "N", "d")
        case .float64: (length, category, isPreferred, alignment) = (8, "N", true, "d")
        case .numeric: (category, storage) = ("N", "m")
        case .text, .boundedText, .fixedText:
            (category, storage, collation, isPreferred) = ("S", "x", 100, type == .text)
        case .date: (length, category) = (4, "D")
        case .time, .timestamp: (length, category, alignment) = (8, "D", "d")
        case .timestampWithZone: (length, category, alignment, isPreferred) = (8, "D", "d", true)
        case .uuid: (length, alignment) = (16, "c")
        case .void: (length, category) = (4, "P")
        case .jsonb: (storage, subscripting) = ("x", Self.function("jsonb_subscript_handler"))
        default: storage = "x"
        }
    }

    private static func function(_ name: String) -> Int64 { SQLRegisteredFunction.named(name)?.number ?? 0 }

    /// The number of the function that reads or writes values: of most types their own name with an ending.
    private func function(_ ending: String) -> Int64 {
        let name = type.item == nil ? type.catalogName : "array"
        return Self.function(name + ending) + Self.function("\(name)_\(ending)")
    }

    private func modifierFunction(_ ending: String) -> Int64 {
        Self.function("\((type.item ?? type).catalogName)typmod\(ending)")
    }

    private static let columns = """
        oid oid PRIMARY KEY, typname name, typnamespace oid, typowner oid, typlen smallint, typbyval boolean, \
        typtype "char", typcategory "char", typispreferred boolean, typisdefined boolean, typdelim "char", typrelid oid, \
        typsubscript regproc, typelem oid, typarray oid, typinput regproc, typoutput regproc, typreceive regproc, \
        typsend regproc, typmodin regproc, typmodout regproc, typanalyze regproc, typalign "char", typstorage "char", \
        typnotnull boolean, typbasetype oid, typtypmod int, typndims int, typcollation oid, typdefaultbin text, \
        typdefault text, typacl text
        """
    private static let functionColumns = """
        oid oid PRIMARY KEY, proname name, pronamespace oid, proowner oid, prolang oid, procost real, prorows real, \
        provariadic oid, prosupport regproc, prokind "char", prosecdef boolean, proleakproof boolean, \
        proisstrict boolean, proretset boolean, provolatile "char", proparallel "char", pronargs smallint, \
        pronargdefaults smallint, prorettype oid, proargtypes text, proallargtypes text, proargmodes text, \
        proargnames text, proargdefaults text, protrftypes text, prosrc text, probin text, prosqlbody text, \
        proconfig text, proacl text
        """

    private var row: String {
        let texts = [
            "\(type.rawValue)", SQLText.literal(type.catalogName), "11", "10", "\(length)", isByValue ? "1" : "0",
            type == .void ? "'p'" : "'b'", SQLText.literal(category), isPreferred ? "1" : "0", "1", "','", "0",
            "\(subscripting)", "\(element)", "\(type.array?.rawValue ?? 0)",
        ]
        let functions = [
            function("in"), function("out"), function("recv"), function("send"), modifierFunction("in"),
            modifierFunction("out"), type.item == nil ? 0 : Self.function("array_typanalyze"),
        ].map(String.init)
        let rest = [
            SQLText.literal(alignment), SQLText.literal(storage), "0", "0", "-1", "0", "\(collation)", "NULL", "NULL",
            "NULL",
        ]
        return "(\((texts + functions + rest).joined(separator: ", ")))"
    }

    /// Makes and fills both tables.
    static func create(on connection: SQLiteConnection) throws(SQLFailure) {
        try connection.execute("CREATE TABLE pg_catalog.pg_type (\(columns))")
        try connection.execute("CREATE TABLE pg_catalog.pg_proc (\(functionColumns))")
        let types = SQLType.allCases.filter { $0 != .unknown }.map { SQLCatalogType($0).row }
        try connection.execute("INSERT INTO pg_catalog.pg_type VALUES \(types.joined(separator: ", "))")
        let functions = SQLRegisteredFunction.all.map { function in
            let name = SQLText.literal(function.name)
            let arguments = function.arguments.map(String.init).joined(separator: " ")
            return """
                (\(function.number), \(name), 11, 10, 12, 1, 0, 0, 0, 'f', 0, 0, 1, 0, 'i', 's', \
                \(function.arguments.count), 0, \(function.result), '\(arguments)', NULL, NULL, NULL, NULL, NULL, \(name), \
                NULL, NULL, NULL, NULL)
                """
        }
        try connection.execute("INSERT INTO pg_catalog.pg_proc VALUES \(functions.joined(separator: ", "))")
    }
}
