// What an aggregate of ours keeps between the rows of a group.

import CSQLite

extension SQLiteFunctions {
    private static func slot(
        _ context: OpaquePointer?, makes: Bool
    ) -> UnsafeMutablePointer<UnsafeMutableRawPointer?>? {
        let size = makes ? Int32(MemoryLayout<UnsafeMutableRawPointer?>.size) : 0
        return sqlite3_aggregate_context(context, size)?.assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
    }

    /// The object of this group, made with its first row; nil without memory for it.
    static func held<T: AnyObject>(_ context: OpaquePointer?, makes: () -> T) -> T? {
        guard let slot = slot(context, makes: true) else { return nil }
        if let known = slot.pointee { return Unmanaged<T>.fromOpaque(known).takeUnretainedValue() }
        let new = makes()
        slot.pointee = Unmanaged.passRetained(new).toOpaque()
        return new
    }

    /// The object of this group, if there was a row.
    static func held<T: AnyObject>(_ context: OpaquePointer?, _: T.Type) -> T? {
        slot(context, makes: false)?.pointee.map { Unmanaged<T>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The same at the end of the group, which gives it up.
    static func taken<T: AnyObject>(_ context: OpaquePointer?, _: T.Type) -> T? {
        guard let slot = slot(context, makes: false), let known = slot.pointee else { return nil }
        slot.pointee = nil
        return Unmanaged<T>.fromOpaque(known).takeRetainedValue()
    }
}
