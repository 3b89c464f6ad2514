// Keys and values.

import Capabilities

extension OperationShape {
    /// Each can name {database} besides.
    static let keyValue: [OperationShape] =
        ([
            .init("get", .keyValueGet, [.key], [.value], needs: [[.value]], "The value of a key; missing without one."),
            .init(
                "get-versioned", .keyValueCompareAndSet, [.key], [.value, .version], needs: [[.value], [.version]],
                "The value and its version."),
            .init(
                "get-many", .keyValueMultiKey, [.keys], [.name, .value], needs: [[.name], [.value]],
                "The values of several keys: {each keys}…{key}…{end}; one `more` message for each value, its key in `name`."
            ),
        ] + sets + [
            .init(
                "get-and-expire", .keyValueTTL, [.key, .expiry], [.value], needs: [[.value]],
                "The value, and a new expiry."),
            .init(
                "get-and-delete", .keyValueExchange, [.key], [.value], needs: [[.value]],
                "The value, which is gone afterwards."),
            .init("delete", .keyValueDelete, [.key], [], "Result when there was one, missing when not."),
            .init(
                "delete-version", .keyValueCompareAndSet, [.key, .version], [],
                "Deletes it if it has this version; conflict or missing when not."),
            .init("exists", .keyValueExists, [.key], [], "Result when it is there, missing when not."),
            .init(
                "type", .keyValueType, [.key], [.value], needs: [[.value]],
                "What a key holds, in `value`: string, hash, list, set or zset. Needed where a file maps more than values."
            ),
            .init("expire", .keyValueTTL, [.key, .expiry], [], "A new expiry for a key that is there."),
            .init(
                "expiry", .keyValueTTL, [.key], [.left],
                "How long it has left, in the unit of `expiry`; no `left` means no expiry."),
            .init("persist", .keyValueTTL, [.key], [], "Takes the expiry away; missing when there is none."),
            .init(
                "append", .keyValueAppend, [.key, .value], [.number], needs: [[.number]],
                "Appends, and creates it when there is none; `number` is the new length."),
            .init("length", .keyValueRange, [.key], [.number], needs: [[.number]], "The length of the value."),
            .init(
                "increment", .keyValueIncrement, [.key, .amount], [.number], needs: [[.number]],
                "Adds to a decimal number of 64 bits, signed; missing counts as zero; `number` is the sum."),
            .init(
                "increment-float", .keyValueIncrementFloat, [.key, .addend], [.value], needs: [[.value]],
                "Adds {addend}, a decimal number as text, to a value that is one; `value` is the sum."),
            .init(
                "rename", .keyValueRename, [.key, .target], [],
                "The value of {key} becomes that of {target}, whatever that was; missing when there is no {key}."),
            .init(
                "rename-if-absent", .keyValueRename, [.key, .target], [],
                "The same only where there is no {target}: conflict when there is."),
            .init(
                "copy", .keyValueCopy, [.key, .target, .targetDatabase], [],
                "{target} becomes what {key} is, whatever it was; missing when there is no {key}."),
            .init(
                "copy-if-absent", .keyValueCopy, [.key, .target, .targetDatabase], [],
                "The same only where there is no {target}: conflict when there is."),
            .init(
                "keys", .keyValueScan, [.page, .rangeStart, .rangeEnd, .limit], [.names], needs: [[.names]],
                "All keys, page by page, in the list field `names`; {items} is how many a page should have."),
            .init(
                "count", .keyValueCount, [.rangeStart, .rangeEnd], [.number], needs: [[.number]],
                "How many keys there are."),
            .init("clear", .keyValueClear, [.rangeStart, .rangeEnd], [], "Deletes everything."),
        ] as [OperationShape]).map { $0.inDatabases }

    private static let sets: [OperationShape] = [
        ("set", Capability.keyValueSet, "Sets a value."),
        ("set-if-absent", .keyValueConditionalSet, "Sets it if there is none; missing or conflict when there is."),
        ("set-if-present", .keyValueConditionalSet, "Sets it if there is one; missing when not."),
        ("set-if-version", .keyValueCompareAndSet, "Sets it if it has this version; conflict or missing when not."),
    ].flatMap { name, capability, text in
        let inputs: [Input] = [.key, .value] + (name == "set-if-version" ? [.version] : [])
        return [
            OperationShape(name, capability, inputs + [.expiry], [], text + " With {expiry} in it, it takes one too."),
            OperationShape(
                name + "-with-expiry", capability, inputs + [.expiry], [],
                text + " For values that expire, when they need something else."),
            OperationShape(name + "-keeping-expiry", capability, inputs, [], text + " The expiry that it had stays."),
        ]
    }

    /// The same with {database} as an input.
    var inDatabases: OperationShape {
        var shape = self
        shape.inputs.append(.database)
        return shape
    }
}
