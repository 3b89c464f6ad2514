// The order of jsonb, in which numbers are equal whatever zeros they end in (jsonb_util.c, compareJsonbContainers).

import CSQLite
import Capabilities

extension SQLJSON {
    /// Below zero where this value comes before `other`; zero where PostgreSQL takes both for the same.
    func order(before other: SQLJSON) -> Int {
        // What is neither array nor object is kept as an array of itself there, and comes before others of one element.
        if isScalar != other.isScalar {
            let (one, two) = (isScalar ? 1 : count, other.isScalar ? 1 : other.count)
            // An object is no array.
            if case .object = self { return 1 }
            if case .object = other { return -1 }
            return one != two ? one - two : isScalar ? -1 : 1
        }
        return within(other)
    }

    private var isScalar: Bool { rank < 16 }

    /// Types in their order (jsonb.h, enum jbvType).
    private var rank: Int {
        switch self {
        case .null: 0
        case .string: 1
        case .number: 2
        case .boolean: 3
        case .array: 16
        case .object: 17
        }
    }

    private var count: Int {
        switch self {
        case .array(let items): items.count
        case .object(let pairs): pairs.count
        default: 1
        }
    }

    private func within(_ other: SQLJSON) -> Int {
        switch (self, other) {
        case (.string(let one), .string(let two)): return Self.order(one[...], two[...])
        case (.number(let one), .number(let two)): return Self.order(number: one, two)
        case (.boolean(let one), .boolean(let two)): return (one ? 1 : 0) - (two ? 1 : 0)
        case (.array(let one), .array(let two)):
            if one.count != two.count { return one.count - two.count }
            for (one, two) in zip(one, two) {
                let order = one.within(two)
                if order != 0 { return order }
            }
            return 0
        case (.object(let one), .object(let two)):
            if one.count != two.count { return one.count - two.count }
            for (one, two) in zip(one, two) {
                let order = Self.order(one.key[...], two.key[...])
                if order != 0 { return order }
                let values = one.value.within(two.value)
                if values != 0 { return values }
            }
            return 0
        default: return rank - other.rank
        }
    }

    private static func order(_ one: ArraySlice<UInt8>, _ two: ArraySlice<UInt8>) -> Int {
        one.elementsEqual(two) ? 0 : one.lexicographicallyPrecedes(two) ? -1 : 1
    }

    /// Numbers as `numeric` shows them, of any length.
    private static func order(number one: [UInt8], _ two: [UInt8]) -> Int {
        let (isNegative, isOther) = (one.first == UInt8(ascii: "-"), two.first == UInt8(ascii: "-"))
        if isNegative != isOther { return isNegative ? -1 : 1 }
        func parts(_ digits: [UInt8]) -> (whole: ArraySlice<UInt8>, fraction: ArraySlice<UInt8>) {
            let bare = digits.dropFirst(isNegative ? 1 : 0)
            let point = bare.firstIndex(of: UInt8(ascii: ".")) ?? bare.endIndex
            var fraction = bare[point...].dropFirst()
            while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
            return (bare[..<point], fraction)
        }
        let (left, right) = (parts(one), parts(two))
        var order = left.whole.count - right.whole.count
        if order == 0 { order = Self.order(left.whole, right.whole) }
        if order == 0 { order = Self.order(left.fraction, right.fraction) }
        return isNegative ? -order : order
    }
}

extension SQLiteFunctions {
    /// Registers the collation that `jsonb` is compared and sorted by.
    static func registerJSONOrder(on connection: SQLiteConnection) throws(SQLFailure) {
        let code = sqlite3_create_collation_v2(
            connection.handle, "fairlead_jsonb", SQLITE_UTF8, nil, { SQLiteFunctions.order(json: $2, $1, $4, $3) }, nil)
        guard code == SQLITE_OK else { throw connection.failure() }
    }

    private static func order(
        json one: UnsafeRawPointer?, _ oneCount: Int32, _ other: UnsafeRawPointer?, _ otherCount: Int32
    ) -> Int32 {
        let left = UnsafeRawBufferPointer(start: one, count: one == nil ? 0 : Int(oneCount))
        let right = UnsafeRawBufferPointer(start: other, count: other == nil ? 0 : Int(otherCount))
        // The same text is the same value, and reading both takes much longer.
        if left.elementsEqual(right) { return 0 }
        let values = (try? SQLJSON(Array(left)), try? SQLJSON(Array(right)))
        switch values {
        case (let left?, let right?): return Int32(left.order(before: right).signum())
        // What is no JSON comes last: an order has to hold for all.
        case (nil, nil): return left.lexicographicallyPrecedes(right) ? -1 : 1
        case (nil, _): return 1
        case (_, nil): return -1
        }
    }
}
