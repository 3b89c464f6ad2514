// Which types go with which: PostgreSQL's categories, and what it converts by itself.

/// A type's category (pg_type.typcategory), as far as there are such types here.
package enum SQLTypeFamily {
    case number, text, boolean, time, array, other
}

extension SQLType {
    /// What a whole number of this type lies between; nil for every other type.
    package var wholeBounds: ClosedRange<Int64>? {
        switch self {
        case .int16: Int64(Int16.min)...Int64(Int16.max)
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        case .int64: Int64.min...Int64.max
        default: nil
        }
    }

    package var isWhole: Bool { wholeBounds != nil }
    package var isFloat: Bool { self == .float32 || self == .float64 }
    package var isNumber: Bool { isWhole || isFloat || self == .numeric }
    /// Whether values are numbers of the catalogue that are shown as names.
    package var isRegistered: Bool { [.regproc, .regprocedure, .regclass, .regtype].contains(self) }
    package var isText: Bool { self == .text || self == .boundedText || self == .fixedText }
}

extension SQLType {
    /// nil where nothing is known of the type.
    package var family: SQLTypeFamily? {
        switch self {
        case .unknown, .void: nil
        case .int16, .int32, .int64, .numeric, .float32, .float64, .oid, .regclass, .regproc, .regprocedure, .regtype:
            .number
        case .text, .boundedText, .fixedText, .name, .character: .text
        case .boolean: .boolean
        case .date, .time, .timestamp, .timestampWithZone: .time
        default: item == nil ? .other : .array
        }
    }

    /// Whether a value becomes `target` wherever one is wanted (pg_cast.castcontext `i`).
    package func becomes(_ target: SQLType) -> Bool {
        if self == target { return true }
        switch self {
        case .int16:
            return [.int32, .int64, .numeric, .float32, .float64, .oid].contains(target) || target.isRegistered
        case .int32: return [.int64, .numeric, .float32, .float64, .oid].contains(target) || target.isRegistered
        case .int64: return [.numeric, .float32, .float64, .oid].contains(target) || target.isRegistered
        case .numeric: return [.float32, .float64].contains(target)
        case .float32: return target == .float64
        case .oid: return target.isRegistered || target == .int64
        case .regclass, .regproc, .regprocedure, .regtype: return target == .oid || target == .int64
        case .text, .boundedText, .fixedText: return [.text, .boundedText, .fixedText, .name].contains(target)
        case .name, .character: return target == .text
        case .date: return target == .timestamp || target == .timestampWithZone
        case .timestamp: return target == .timestampWithZone
        default: return false
        }
    }

    /// Whether a value becomes `target` when it is stored (pg_cast.castcontext `a`, and every type as text).
    package func isAssignable(to target: SQLType) -> Bool {
        if becomes(target) || target.isText { return true }
        switch (self, target) {
        case (.character, .name), (.name, .character): return true
        case (_, .character): return family == .text
        case (.timestamp, .date), (.timestampWithZone, .date), (.timestampWithZone, .timestamp): return true
        case (.timestamp, .time), (.timestampWithZone, .time): return true
        case (.json, .jsonb), (.jsonb, .json): return true
        case (.oid, .int32), (.oid, .int64): return true
        case (_, .int32) where isRegistered: return true
        default: return isNumber && target.isNumber
        }
    }

    /// The type that others of its category become first (pg_type.typispreferred).
    package var isPreferred: Bool {
        switch self {
        case .float64, .oid, .text, .boolean, .timestampWithZone: true
        default: false
        }
    }

    /// Types whose values are kept otherwise than as the text that a string literal is.
    package var isReadFromText: Bool {
        switch self {
        case .int16, .int32, .int64, .oid, .float32, .float64, .numeric, .boolean, .date, .timestamp,
            .timestampWithZone, .time, .uuid, .bytes, .json, .jsonb, .regproc, .regprocedure, .regtype:
            true
        default: false
        }
    }

    /// Whether two types can stand on both sides of a comparison; nil where it is not told.
    package func isComparable(with other: SQLType) -> Bool? {
        guard let one = family, let two = other.family else { return nil }
        if one == .array || two == .array { return one == two ? nil : false }
        if self == .json || other == .json { return false }
        if one == .other || two == .other { return self == other }
        if self == .time || other == .time { return self == other }
        return one == two
    }
}

extension SQLType {
    /// Whether a cast can be written from this type to `target`; nil where it is not told.
    package func isCastable(to target: SQLType) -> Bool? {
        guard let one = family, let two = target.family, one != .array, two != .array else { return nil }
        if one == .text || two == .text || self == target { return true }
        switch (self, target) {
        case (.int32, .boolean), (.boolean, .int32), (.json, .jsonb), (.jsonb, .json): return true
        case (.jsonb, .boolean), (.date, .time), (.time, .date), (.time, .timestamp), (.time, .timestampWithZone):
            return self == .jsonb
        case (.jsonb, _) where target.isNumber: return true
        default: return one == two && one != .other
        }
    }
}
