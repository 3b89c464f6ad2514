// Arithmetic of floating-point numbers inside SQLite, and their sums and means.

import CSQLite
import Capabilities
import Glibc

extension SQLiteFunctions {
    /// A number for arithmetic; nil for NULL.
    private static func real(_ value: OpaquePointer?) -> Double? {
        sqlite3_value_type(value) == SQLITE_NULL ? nil : sqlite3_value_double(value)
    }

    /// `fairlead_float('+*', a, b, c)`: what a chain of operators makes of its operands, from the left; see ``SQLFloat``.
    private static func compute(
        _ context: OpaquePointer?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) {
        guard count > 1, let arguments, let operators = sqlite3_value_text(arguments[0]),
            sqlite3_value_bytes(arguments[0]) == count - 2
        else { return sqlite3_result_null(context) }
        var result = real(arguments[1])
        do throws(SQLFailure) {
            for place in 2..<max(2, Int(count)) {
                guard let left = result, let right = real(arguments[place]) else {
                    result = nil
                    continue
                }
                result = try SQLFloat.result(of: operators[place - 2], left, right)
            }
        } catch {
            return fail(context, error.state, error.message)
        }
        guard let result else { return sqlite3_result_null(context) }
        sqlite3_result_double(context, result)
    }

    /// A value of `real`: the nearest one.
    private static func narrow(_ context: OpaquePointer?, _ value: OpaquePointer?) {
        guard let number = real(value) else { return sqlite3_result_null(context) }
        do throws(SQLFailure) {
            sqlite3_result_double(context, try SQLFloat.narrowed(number))
        } catch {
            fail(context, error.state, error.message)
        }
    }

    /// A number of so many digits.
    private static func cut(_ context: OpaquePointer?, _ value: OpaquePointer?, _ digits: OpaquePointer?) {
        guard sqlite3_value_type(value) == SQLITE_FLOAT else { return sqlite3_result_value(context, value) }
        var text = [CChar](repeating: 0, count: 40)
        let arguments: [any CVarArg] = [max(1, min(17, sqlite3_value_int(digits))), sqlite3_value_double(value)]
        _ = withVaList(arguments) { vsnprintf(&text, text.count, "%.*g", $0) }
        sqlite3_result_double(context, strtod(text, nil))
    }

    // MARK: Sums and means

    /// What is asked of the numbers of a group.
    private enum Total: Int {
        case sum = 1
        /// Of `real`, whose sum has no more bits than each of them.
        case narrowSum
        case mean
    }

    /// The numbers of a group, or of a window's frame, in the order in which they came.
    private final class Floats {
        private let kind: Total
        private var spread = SQLFloatSpread()
        private var sum: Double?
        private var failure: SQLFailure?
        /// Those of a frame, which has to be added up anew when one leaves it; the ones that have left are before `first`.
        private var frame: [Double]?
        private var first = 0
        private var isStale = false

        init(_ kind: Total, isFrame: Bool) {
            self.kind = kind
            frame = isFrame ? [] : nil
        }

        /// Whether there is room for it.
        func add(_ number: Double) -> Bool {
            if !isStale { include(number) }
            frame?.append(number)
            return (frame?.count ?? 0) * 8 <= Int(SQLiteConnection.largestValue)
        }

        private func include(_ number: Double) {
            guard failure == nil else { return }
            do throws(SQLFailure) {
                if kind == .mean { return try spread.add(number) }
                let symbol = kind == .sum ? UInt8(ascii: "+") : UInt8(ascii: "a")
                sum = try sum.map { sum throws(SQLFailure) in try SQLFloat.result(of: symbol, sum, number) } ?? number
            } catch {
                failure = error
            }
        }

        func removeFirst() {
            guard frame != nil else { return }
            first += 1
            isStale = true
            if first > 1_024, first * 2 > frame?.count ?? 0 {
                frame?.removeFirst(first)
                first = 0
            }
        }

        func result() throws(SQLFailure) -> Double? {
            if isStale {
                (spread, sum, failure, isStale) = (SQLFloatSpread(), nil, nil, false)
                for number in frame?.dropFirst(first) ?? [] { include(number) }
            }
            if let failure { throw failure }
            guard kind == .mean else { return sum }
            return spread.count > 0 ? try SQLFloat.number(spread.sum / spread.count) : nil
        }
    }

    private static func add(_ context: OpaquePointer?, _ value: OpaquePointer?, isFrame: Bool) {
        guard let number = real(value) else { return }
        let kind = Total(rawValue: Int(bitPattern: sqlite3_user_data(context))) ?? .sum
        guard let floats = held(context, makes: { Floats(kind, isFrame: isFrame) }) else {
            return sqlite3_result_error_nomem(context)
        }
        if !floats.add(number) { sqlite3_result_error_toobig(context) }
    }

    private static func giveFloat(_ context: OpaquePointer?) {
        do throws(SQLFailure) {
            guard let result = try held(context, Floats.self)?.result() else { return sqlite3_result_null(context) }
            sqlite3_result_double(context, result)
        } catch {
            fail(context, error.state, error.message)
        }
    }

    static func registerFloats(on connection: SQLiteConnection) throws(SQLFailure) {
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
        let handle = connection.handle
        var codes = [
            sqlite3_create_function_v2(
                handle, "fairlead_float", -1, flags, nil, { SQLiteFunctions.compute($0, $1, $2) }, nil, nil, nil),
            sqlite3_create_function_v2(
                handle, "fairlead_digits", 2, flags, nil, { SQLiteFunctions.cut($0, $2?[0], $2?[1]) }, nil, nil, nil),
            sqlite3_create_function_v2(
                handle, "fairlead_real", 1, flags, nil, { SQLiteFunctions.narrow($0, $2?[0]) }, nil, nil, nil),
        ]
        let totals: [(String, Total)] = [
            ("fairlead_float_sum", .sum), ("fairlead_real_sum", .narrowSum), ("fairlead_float_avg", .mean),
        ]
        for (name, kind) in totals {
            let data = UnsafeMutableRawPointer(bitPattern: kind.rawValue)
            // Where rows only come, as in a running sum, none has to be kept.
            codes.append(
                sqlite3_create_window_function(
                    handle, name, 1, flags, data, { SQLiteFunctions.add($0, $2?[0], isFrame: false) },
                    {
                        SQLiteFunctions.giveFloat($0)
                        _ = SQLiteFunctions.taken($0, Floats.self)
                    }, { SQLiteFunctions.giveFloat($0) },
                    { context, _, _ in
                        SQLiteFunctions.fail(context, "0A000", "a frame that moves so is not known here")
                    }, nil))
            codes.append(
                sqlite3_create_window_function(
                    handle, "\(name)_frame", 1, flags, data, { SQLiteFunctions.add($0, $2?[0], isFrame: true) },
                    {
                        SQLiteFunctions.giveFloat($0)
                        _ = SQLiteFunctions.taken($0, Floats.self)
                    }, { SQLiteFunctions.giveFloat($0) },
                    {
                        guard SQLiteFunctions.real($2?[0]) != nil else { return }
                        SQLiteFunctions.held($0, Floats.self)?.removeFirst()
                    }, nil))
        }
        guard codes.allSatisfy({ $0 == SQLITE_OK }) else { throw connection.failure() }
    }
}
