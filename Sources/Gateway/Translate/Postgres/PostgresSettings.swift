// A session's settings: what SET, SHOW and RESET act on, and what a client is told of by itself.

import Capabilities
import PostgresWire

/// Settings by name.
///
/// One that would change what statements mean is refused unless it asks for what is done anyway.
struct PostgresSettings {
    private struct Setting {
        var name: String
        var value: String
        /// Whether clients hear of it by ParameterStatus.
        var isReported = false
        var rule = Rule.free
    }

    private enum Rule {
        /// Any value: it changes nothing that could be seen here.
        case free
        /// Fixed by the server.
        case fixed
        /// One of these, in any case.
        case oneOf([String])
        case boolean
        case milliseconds
        case isolation
        /// Schemas; where the backend finds names in one place only, what means that place.
        case searchPath(isReal: Bool)
        case utc
        case dateStyle
    }

    private var settings: [String: Setting] = [:]
    private var defaults: [String: String] = [:]
    private(set) var changed: [(String, String)] = []

    init(user: String, database: String, backend: String, honoursSearchPath: Bool = false, _ manifest: Manifest) {
        let version = PostgresLogin.serverVersion
        let supported = manifest.supported(in: .sql).map(\.name).joined(separator: " ")
        let all: [Setting] = [
            Setting(name: "application_name", value: "", isReported: true),
            Setting(
                name: "client_encoding", value: "UTF8", isReported: true, rule: .oneOf(["utf8", "utf-8", "unicode"])),
            Setting(name: "DateStyle", value: "ISO, MDY", isReported: true, rule: .dateStyle),
            Setting(name: "default_transaction_read_only", value: "off", isReported: true, rule: .boolean),
            Setting(name: "in_hot_standby", value: "off", isReported: true, rule: .fixed),
            Setting(name: "integer_datetimes", value: "on", isReported: true, rule: .fixed),
            Setting(name: "IntervalStyle", value: "postgres", isReported: true),
            Setting(name: "is_superuser", value: "off", isReported: true, rule: .fixed),
            Setting(name: "server_encoding", value: "UTF8", isReported: true, rule: .fixed),
            Setting(name: "server_version", value: version, isReported: true, rule: .fixed),
            Setting(name: "session_authorization", value: user, isReported: true, rule: .fixed),
            Setting(
                name: "standard_conforming_strings", value: "on", isReported: true,
                rule: .oneOf(["on", "true", "yes", "1"])),
            Setting(name: "TimeZone", value: "UTC", isReported: true, rule: .utc),
            Setting(name: "fairlead.backend", value: backend, isReported: true, rule: .fixed),
            Setting(name: "fairlead.capabilities", value: supported, isReported: true, rule: .fixed),
            Setting(name: "server_version_num", value: "150000", rule: .fixed),
            Setting(name: "transaction_isolation", value: "read committed", rule: .isolation),
            Setting(name: "default_transaction_isolation", value: "read committed", rule: .isolation),
            Setting(name: "transaction_read_only", value: "off", rule: .boolean),
            Setting(name: "search_path", value: "\"$user\", public", rule: .searchPath(isReal: honoursSearchPath)),
            Setting(name: "statement_timeout", value: "0", rule: .milliseconds),
            Setting(name: "lock_timeout", value: "0", rule: .milliseconds),
            Setting(name: "idle_in_transaction_session_timeout", value: "0", rule: .milliseconds),
            Setting(name: "idle_session_timeout", value: "0", rule: .milliseconds),
            Setting(name: "client_connection_check_interval", value: "0", rule: .oneOf(["0"])),
            Setting(name: "bytea_output", value: "hex", rule: .oneOf(["hex"])),
            Setting(
                name: "client_min_messages", value: "notice",
                rule: .oneOf([
                    "debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error",
                ])),
            Setting(name: "extra_float_digits", value: "1"),
            Setting(name: "max_identifier_length", value: "63", rule: .fixed),
            Setting(name: "synchronous_commit", value: "on"),
            Setting(name: "row_security", value: "on", rule: .boolean),
            Setting(name: "jit", value: "off"),
            Setting(name: "work_mem", value: "4MB"),
            Setting(name: "default_tablespace", value: "", rule: .oneOf([""])),
            Setting(name: "default_table_access_method", value: "heap", rule: .oneOf(["heap"])),
            Setting(name: "xmloption", value: "content"),
            Setting(name: "check_function_bodies", value: "on"),
            Setting(name: "lc_messages", value: "C"), Setting(name: "lc_monetary", value: "C"),
            Setting(name: "lc_numeric", value: "C"), Setting(name: "lc_time", value: "C"),
            Setting(name: "lc_collate", value: "C", rule: .fixed), Setting(name: "lc_ctype", value: "C", rule: .fixed),
        ]
        for setting in all {
            settings[setting.name.lowercased()] = setting
            defaults[setting.name.lowercased()] = setting.value
        }
    }

    /// Names and values that a client is told at its login.
    var reported: [(String, String)] {
        settings.values.filter(\.isReported).map { ($0.name, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// What functions in statements may ask for.
    var facts: [String: SQLValue] {
        var facts: [String: SQLValue] = [
            "version": .text("PostgreSQL \(PostgresLogin.serverVersion), translated"), "pg_backend_pid": .integer(0),
        ]
        for (name, setting) in settings { facts["setting." + name] = .text(setting.value) }
        return facts
    }

    /// The value that SHOW gives, and the name as it is spelled.
    func show(_ name: String) throws(PostgresReport) -> (name: String, value: String) {
        guard let setting = settings[name.lowercased()] else { throw Self.unknown(name) }
        return (setting.name, setting.value)
    }

    /// All of them, for SHOW ALL.
    var all: [(name: String, value: String)] {
        settings.values.map { ($0.name, $0.value) }.sorted { $0.0.lowercased() < $1.0.lowercased() }
    }

    var timeouts: SQLSessionLimits {
        var limits = SQLSessionLimits()
        limits.statementMilliseconds = Self.milliseconds(settings["statement_timeout"]?.value ?? "") ?? 0
        limits.lockMilliseconds = Self.milliseconds(settings["lock_timeout"]?.value ?? "") ?? 0
        return limits
    }

    /// How long a session may idle in milliseconds, inside of a block and outside of one; zero for any time.
    var idleMilliseconds: (inBlock: Int, outside: Int) {
        func value(_ name: String) -> Int { Self.milliseconds(settings[name]?.value ?? "") ?? 0 }
        return (value("idle_in_transaction_session_timeout"), value("idle_session_timeout"))
    }

    /// Notes how the open block behaves; nil is no block, and what holds then is what the next one begins with.
    mutating func noteTransaction(_ mode: SQLTransactionMode?) {
        let mode = mode ?? transactionMode
        let values = [
            "transaction_isolation": mode.isolation.rawValue, "transaction_read_only": mode.isReadOnly ? "on" : "off",
        ]
        for (key, value) in values where settings[key]?.value != value { store(key, value) }
    }

    /// How a block begins that does not say.
    var transactionMode: SQLTransactionMode {
        SQLTransactionMode(
            SQLIsolation(rawValue: settings["default_transaction_isolation"]?.value ?? "") ?? .readCommitted,
            isReadOnly: settings["default_transaction_read_only"]?.value == "on")
    }

    /// Whether notices of this severity are wanted.
    func wants(notice: Bool) -> Bool {
        switch settings["client_min_messages"]?.value {
        case "error": false
        case "warning": !notice
        default: true
        }
    }

    private static func unknown(_ name: String) -> PostgresReport {
        PostgresReport(state: "42704", message: "unrecognized configuration parameter \"\(name)\"")
    }

    // MARK: Changing

    /// Sets one; nil is its default, and names with a point are the client's own.
    mutating func set(_ name: String, _ given: String?, atStart: Bool = false) throws(PostgresReport) {
        let key = name.lowercased()
        guard var setting = settings[key] else {
            guard key.contains("."), !key.hasPrefix("fairlead.") else { throw Self.unknown(name) }
            settings[key] = Setting(name: key, value: given ?? "")
            changed.append((key, given ?? ""))
            return
        }
        guard let given else {
            if let value = defaults[key] { store(key, value) }
            return
        }
        setting.value = try Self.checked(given, setting)
        store(key, setting.value)
        if atStart { defaults[key] = setting.value }
    }

    private mutating func store(_ key: String, _ value: String) {
        settings[key]?.value = value
        changed.append((key, value))
    }

    /// Takes over the settings of another moment, as ROLLBACK does.
    mutating func restore(_ other: PostgresSettings) {
        for (key, setting) in settings where other.settings[key]?.value != setting.value {
            store(key, other.settings[key]?.value ?? "")
        }
    }

    mutating func resetAll() {
        for (key, value) in defaults where settings[key]?.value != value { store(key, value) }
    }

    var hasChanges: Bool { !changed.isEmpty }

    /// What has changed since the last call: reported settings with the names that clients know, each once.
    mutating func takeChanges() -> (reported: [(String, String)], facts: [(String, String)]) {
        var seen = Set<String>()
        let keys = changed.map(\.0).filter { seen.insert($0).inserted }
        changed = []
        let facts = keys.compactMap { key in settings[key].map { (key, $0.value) } }
        let reported = keys.compactMap { key in
            settings[key].flatMap { $0.isReported ? ($0.name, $0.value) : nil }
        }
        return (reported, facts)
    }

    private static func invalid(_ value: String, _ setting: Setting) -> PostgresReport {
        PostgresReport(
            state: "22023", message: "invalid value for parameter \"\(setting.name)\": \"\(value)\"")
    }

    private static func checked(
        _ value: String, _ setting: Setting
    ) throws(PostgresReport) -> String {
        switch setting.rule {
        case .free: return value
        case .fixed:
            if value == setting.value { return value }
            throw PostgresReport(state: "55P02", message: "parameter \"\(setting.name)\" cannot be changed")
        case .oneOf(let values):
            // Some drivers send a startup parameter in quotes.
            guard values.contains(value.lowercased().filter { $0 != "'" }) else {
                throw PostgresReport(
                    state: "0A000",
                    message:
                        "UNSUPPORTED sql.query: \"\(setting.name)\" cannot be \"\(value)\" here; it stays \"\(setting.value)\""
                )
            }
            return values.count > 8 ? value.lowercased() : setting.value
        case .boolean:
            switch value.lowercased() {
            case "on", "true", "yes", "1", "t", "y": return "on"
            case "off", "false", "no", "0", "f", "n": return "off"
            default:
                throw PostgresReport(state: "22023", message: "parameter \"\(setting.name)\" requires a Boolean value")
            }
        case .milliseconds:
            guard let number = milliseconds(value) else { throw invalid(value, setting) }
            return shown(milliseconds: number)
        case .isolation:
            guard SQLIsolation(rawValue: value.lowercased()) != nil else { throw invalid(value, setting) }
            return value.lowercased()
        case .searchPath(let isReal):
            guard let names = SQLIdentifierList.names(value) else { throw invalid(value, setting) }
            let known: Set<String> = ["public", "$user", "pg_catalog", "", "pg_temp"]
            guard isReal || names.allSatisfy(known.contains) else {
                throw PostgresReport(
                    state: "0A000",
                    message:
                        "UNSUPPORTED sql.query: names without a schema are looked up in public only here, so search_path cannot be \"\(value)\""
                )
            }
            return value
        case .utc:
            let isUTC = [
                "utc", "gmt", "etc/utc", "0", "z", "zulu", "uct", "etc/gmt", "+00:00", "+00", "default", "local",
            ].contains(value.lowercased())
            // Texts of times would be taken for those of another zone.
            guard isUTC else {
                throw PostgresReport(
                    state: "0A000",
                    message: "UNSUPPORTED sql.query: times are in UTC here, TimeZone cannot be \"\(value)\"")
            }
            return "UTC"
        case .dateStyle:
            let words = value.lowercased().split { $0 == "," || $0 == " " }
            guard words.allSatisfy({ ["iso", "mdy", "us", "default"].contains($0) }) else {
                throw PostgresReport(
                    state: "0A000",
                    message: "UNSUPPORTED sql.query: dates are ISO, MDY here, DateStyle cannot be \"\(value)\"")
            }
            return "ISO, MDY"
        }
    }

    /// A time in milliseconds, with or without a unit.
    static func milliseconds(_ text: String) -> Int? {
        let trimmed = text.filter { $0 != " " }
        let digits = trimmed.prefix { $0.isNumber && $0.isASCII }
        guard let number = Int(digits), number <= 2_147_483_647 else { return nil }
        switch trimmed.dropFirst(digits.count) {
        case "", "ms": return number
        case "s": return number * 1_000
        case "min": return number * 60_000
        case "h": return number * 3_600_000
        case "d": return number * 86_400_000
        default: return nil
        }
    }

    /// A time as SHOW spells it: in the largest unit that it is a whole number of (guc.c, convert_int_from_base_unit).
    private static func shown(milliseconds: Int) -> String {
        guard milliseconds > 0 else { return "\(milliseconds)" }
        let units = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)]
        for (unit, size) in units where milliseconds.isMultiple(of: size) { return "\(milliseconds / size)\(unit)" }
        return "\(milliseconds)ms"
    }
}
