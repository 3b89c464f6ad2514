// Hashes, lists, sets and sorted sets.

extension OperationShape {
    private static let tally =
        " `number` is how many; without it, result counts as one and missing or conflict as none."

    static let hash: [OperationShape] = [
        OperationShape(
            "hash.get", .hashGet, [.key, .field], [.value], needs: [[.value]],
            "The value of a field; missing without one."),
        .init(
            "hash.get-many", .hashGet, [.key, .field, .fields], [.names, .values, .name, .value],
            needs: [[.names, .name], [.values, .value]],
            "Several fields, {each fields}…{field}…{end}: those that are there, with their values."),
        .init(
            "hash.all", .hashGet, [.key], [.names, .values, .name, .value],
            needs: [[.names, .name], [.values, .value]],
            "All fields with their values: two lists in the same order, or a `more` message for each. Without operations of their own it also gives the fields, the values, their number, random ones and pages."
        ),
        .init("hash.fields", .hashGet, [.key], [.names, .name], needs: [[.names, .name]], "All fields."),
        .init("hash.values", .hashGet, [.key], [.values, .value], needs: [[.values, .value]], "All values."),
        .init("hash.count", .hashGet, [.key], [.number], needs: [[.number]], "How many fields; missing means none."),
        .init("hash.contains", .hashGet, [.key, .field], [], "Result when the field is there, missing when not."),
        .init(
            "hash.set", .hashSet, [.key, .field, .value, .pairs], [.number],
            "Sets a field, or several with {each pairs}…{field}…{value}…{end}, and counts the new ones." + tally),
        .init(
            "hash.set-if-absent", .hashSet, [.key, .field, .value], [],
            "Sets a field that is not there; missing or conflict when it is."),
        .init(
            "hash.delete", .hashDelete, [.key, .field, .fields], [.number],
            "Deletes a field, or {each fields}, and counts those that were there." + tally),
        .init(
            "hash.increment", .hashIncrement, [.key, .field, .amount], [.number], needs: [[.number]],
            "Adds to a field that is a whole number; `number` is the sum."),
        .init(
            "hash.increment-float", .hashIncrement, [.key, .field, .addend], [.value], needs: [[.value]],
            "Adds {addend}, a decimal number as text; `value` is the sum."),
    ].map { $0.inDatabases }

    static let list: [OperationShape] =
        (["left", "right"].flatMap { side -> [OperationShape] in
            [
                .init(
                    "list.push-\(side)", .listPush, [.key, .value, .values], [.number], needs: [[.number]],
                    "Adds a value at the \(side) end, or {each values} one after another; `number` is the new length."),
                .init(
                    "list.push-\(side)-if-present", .listPush, [.key, .value, .values], [.number], needs: [[.number]],
                    "The same where there is a list; missing when there is none."),
                .init(
                    "list.pop-\(side)", .listPop, [.key, .count], [.value, .values], needs: [[.value, .values]],
                    "Takes the value at the \(side) end, or with {count} in it up to so many, in `values`; missing when there is none."
                ),
            ]
        } + [
            .init(
                "list.length", .listRange, [.key], [.number], needs: [[.number]],
                "How many values; missing means none."),
            .init(
                "list.range", .listRange, [.key, .start, .stop], [.values, .value], needs: [[.values, .value]],
                "The values from {start} to {stop}, both included; negative positions count from the end. It also finds values, and gives single ones."
            ),
            .init(
                "list.item", .listRange, [.key, .index], [.value], needs: [[.value]],
                "The value at a position; missing when there is none."),
            .init(
                "list.set", .listEdit, [.key, .index, .value], [],
                "Changes the value at a position; missing without a list, conflict beyond its end."),
            .init(
                "list.insert-before", .listEdit, [.key, .pivot, .value], [.number], needs: [[.number]],
                "Adds a value before {pivot}; `number` is the new length; missing without a list, conflict without that value."
            ),
            .init(
                "list.insert-after", .listEdit, [.key, .pivot, .value], [.number], needs: [[.number]],
                "The same behind {pivot}."),
            .init(
                "list.remove", .listEdit, [.key, .value, .count], [.number],
                "Removes up to {count} of the values that are {value} from the left, from the right when negative, all when zero."
                    + tally),
            .init(
                "list.trim", .listEdit, [.key, .start, .stop], [],
                "Keeps the values from {start} to {stop}; missing when there is no list."),
            .init(
                "list.move", .listMove, [.key, .target, .takeSide, .putSide], [.value], needs: [[.value]],
                "Takes a value from the end {take} of {key}, adds it at the end {put} of {target} (`left` or `right`) and gives it; missing when there is none."
            ),
        ] as [OperationShape]).map { $0.inDatabases }

    static let set: [OperationShape] = [
        OperationShape(
            "set.add", .setAdd, [.key, .member, .members], [.number],
            "Adds a member, or {each members}, and counts the new ones." + tally),
        .init(
            "set.remove", .setRemove, [.key, .member, .members], [.number],
            "Removes a member, or {each members}, and counts those that were there." + tally),
        .init(
            "set.members", .setMembers, [.key], [.names, .name], needs: [[.names, .name]],
            "All members. Without operations of their own it also gives their number, random ones and pages, and tells whether one is there."
        ),
        .init("set.contains", .setMembers, [.key, .member], [], "Result when the member is there, missing when not."),
        .init("set.count", .setMembers, [.key], [.number], needs: [[.number]], "How many; missing means none."),
        .init(
            "set.pop", .setPop, [.key, .count], [.name, .names], needs: [[.name, .names]],
            "Takes any member, or with {count} in it up to so many; missing when there is none."),
        .init(
            "set.move", .setMove, [.key, .target, .member], [],
            "Moves a member to another set; missing when it was not there."),
    ].map { $0.inDatabases }

    static let sortedSet: [OperationShape] = [
        OperationShape(
            "sorted-set.add", .sortedSetAdd, [.key, .member, .score, .members], [.number],
            "Adds a member with a score, or {each members}…{score}…{member}…{end}, or changes the score, and counts the new ones."
                + tally),
        .init(
            "sorted-set.add-if-absent", .sortedSetAdd, [.key, .member, .score, .members], [.number],
            "The same for members that are not there; others stay as they are." + tally),
        .init(
            "sorted-set.update", .sortedSetAdd, [.key, .member, .score], [],
            "Changes the score of a member that is there; missing when it is not."),
        .init(
            "sorted-set.increment", .sortedSetAdd, [.key, .member, .score], [.score], needs: [[.score]],
            "Adds {score} to the member's score, zero without one; the new one is `score`."),
        .init(
            "sorted-set.remove", .sortedSetRemove, [.key, .member, .members], [.number],
            "Removes a member, or {each members}, and counts those that were there." + tally),
        .init(
            "sorted-set.score", .sortedSetScore, [.key, .member], [.score], needs: [[.score]],
            "The score of a member; missing without one."),
        .init(
            "sorted-set.rank", .sortedSetScore, [.key, .member], [.number], needs: [[.number]],
            "How many members come before this one; missing when it is not there."),
        .init(
            "sorted-set.rank-from-highest", .sortedSetScore, [.key, .member], [.number], needs: [[.number]],
            "How many members come behind this one."),
        .init(
            "sorted-set.count", .sortedSetRange, [.key], [.number], needs: [[.number]],
            "How many members; missing means none."),
        .init(
            "sorted-set.range", .sortedSetRange, [.key, .start, .stop], [.names, .scores, .name, .score],
            needs: [[.names, .name], [.scores, .score]],
            "The members from rank {start} to {stop} from the lowest, both included, with their scores; negative ranks count from the end. Ranges by score or by bytes, random members and pages are made of all of them."
        ),
        .init(
            "sorted-set.pop-lowest", .sortedSetPop, [.key, .count], [.names, .scores, .name, .score],
            needs: [[.names, .name], [.scores, .score]],
            "Takes the lowest member, or with {count} in it up to so many; missing when there is none."),
        .init(
            "sorted-set.pop-highest", .sortedSetPop, [.key, .count], [.names, .scores, .name, .score],
            needs: [[.names, .name], [.scores, .score]], "The same with the highest."),
    ].map { $0.inDatabases }
}
