// Operations on hashes as messages.

import Capabilities

extension ProtoOperation.OneOf_Kind {
    init(_ operation: HashOperation) {
        let key = operation.key
        switch operation.action {
        case .set(let pairs):
            self = .hashSet(
                .with {
                    $0.key = key.data
                    $0.pairs = pairs.map(ProtoPair.init)
                })
        case .setIfAbsent(let field, let value):
            self = .hashSetIfAbsent(
                .with {
                    $0.key = key.data
                    $0.field = field.data
                    $0.value = value.data
                })
        case .get(let field): self = .hashGet(.init(key, field))
        case .getMany(let fields): self = .hashGetMany(.init(key, fields))
        case .all: self = .hashAll(.init(key))
        case .fields: self = .hashFields(.init(key))
        case .values: self = .hashValues(.init(key))
        case .count: self = .hashCount(.init(key))
        case .contains(let field): self = .hashContains(.init(key, field))
        case .valueLength(let field): self = .hashValueLength(.init(key, field))
        case .delete(let fields): self = .hashDelete(.init(key, fields))
        case .increment(let field, let by):
            self = .hashIncrement(
                .with {
                    $0.key = key.data
                    $0.field = field.data
                    $0.by = by
                })
        case .incrementFloat(let field, let by):
            self = .hashIncrementFloat(
                .with {
                    $0.key = key.data
                    $0.field = field.data
                    $0.by = by.data
                })
        case .random(let count, let withValues):
            self = .hashRandom(
                .with {
                    $0.key = key.data
                    if let count { $0.count = count }
                    $0.withValues = withValues
                })
        case .scan(let cursor, let match, let count): self = .hashScan(.init(key, cursor, match, count))
        }
    }
}

extension ProtoField {
    init(_ key: [UInt8], _ field: [UInt8]) {
        self.init()
        self.key = key.data
        self.field = field.data
    }
}

extension ProtoFields {
    init(_ key: [UInt8], _ fields: [[UInt8]]) {
        self.init()
        self.key = key.data
        self.fields = fields.data
    }
}
