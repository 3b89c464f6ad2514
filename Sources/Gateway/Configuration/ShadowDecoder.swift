// Reads the shadow of a listener or a route.

import Capabilities
import PostgresWire
import RedisWire
import S3Wire
import Wire
import Yams

extension ConfigurationDecoder {
    /// The shadow of a listener or a route; nil when there is none or a needed part could not be read.
    mutating func shadow(
        _ keys: ConfigurationKey.ShadowKeys, in parent: ConfigurationSection, speaks wire: WireProtocol?
    ) -> ShadowConfiguration? {
        guard let section = section(keys.section, in: parent) else { return nil }
        let backend = text(keys.backend, in: section)
        let share = parsed(keys.share, in: section) { text throws(ValueError) in try Self.percentage(text) }
        let writes = words(keys.writes, in: section) { text throws(ValueError) in text }
        let prefix = text(keys.scratchPrefix, in: section)
        let database = parsed(keys.scratchDatabase, in: section) { text throws(ValueError) in
            try Self.database(text, speaks: wire)
        }
        let schema = text(keys.scratchSchema, in: section)
        let bucket = text(keys.scratchBucket, in: section)
        let definitions = boolean(keys.definitions, in: section)
        let masks = words(keys.masks, in: section) { text throws(ValueError) in try Self.mask(text) }
        let learnsNoise = boolean(keys.learnNoise, in: section)
        let follows = boolean(keys.follows, in: section)
        let places = [keys.scratchPrefix, keys.scratchDatabase, keys.scratchSchema, keys.scratchBucket].filter {
            section.has($0)
        }
        if places.count > 1 {
            add(
                "\(places[0].name) and \(places[1].name) are two ways to one end: keep one",
                at: section.path(of: places[1]))
        }
        if let bucket, !S3ShadowScratch.isName(bucket) {
            add(
                "expected the name of a bucket: 3 to 63 lower-case letters, digits, \".\" and \"-\"",
                at: section.path(of: keys.scratchBucket))
        }
        if let schema, schema.isEmpty || schema.utf8.count > 63 || schema.contains("\0") {
            add("expected the name of a schema, of 1 to 63 bytes", at: section.path(of: keys.scratchSchema))
        }
        if prefix == "" {
            add(
                "expected what keys are to begin with; an empty prefix is no place of its own: remove it, or name one",
                at: section.path(of: keys.scratchPrefix))
        }
        if follows == true, section.has(keys.writes) || !places.isEmpty {
            add(
                "a candidate that gets all writes by another way would get these twice: remove follows, or what is written",
                at: section.path(of: keys.follows))
        }
        if definitions == true,
            wire != .postgres || !section.has(keys.scratchDatabase) && !section.has(keys.scratchSchema)
        {
            add(
                "ddl goes to a scratch-database or a scratch-schema of a PostgreSQL candidate: write one, or remove this key",
                at: section.path(of: keys.definitions))
        }
        guard let backend else { return nil }
        var shadow = ShadowConfiguration(backend: backend)
        shadow.share = share ?? shadow.share
        shadow.writes = writes
        shadow.scratch =
            prefix.map { .prefix($0) } ?? database ?? schema.map { .schema($0) } ?? bucket.map { .bucket($0) }
        if let masks {
            shadow.masks = Set(masks.compactMap { RedisReplyMask(rawValue: $0) })
            shadow.objectMasks = Set(masks.compactMap { S3ReplyMask(rawValue: $0) })
            shadow.rowMasks = Set(masks.compactMap { PostgresReplyMask(rawValue: $0) })
        }
        shadow.repeatsDefinitions = definitions ?? shadow.repeatsDefinitions
        shadow.learnsNoise = learnsNoise ?? shadow.learnsNoise
        shadow.follows = follows ?? shadow.follows
        return shadow
    }

    private static func database(
        _ text: String, speaks wire: WireProtocol?
    ) throws(ValueError) -> ShadowConfiguration.Scratch {
        if wire == .postgres {
            guard text.contains("*"), text != "*" else {
                throw ValueError(
                    "expected a name with * in place of the client's database, such as \"*_shadow\"; got \"\(text)\"")
            }
            return .copy(text)
        }
        guard text.utf8.count <= 10, text.utf8.allSatisfy(\.isASCIIDigit), let number = Int(text), number <= Int32.max
        else {
            throw ValueError("expected a whole number from 0 to 2147483647, got \"\(text)\"")
        }
        return .database(number)
    }

    private static func mask(_ text: String) throws(ValueError) -> String {
        let known = ShadowConfiguration.maskNames
        if known.contains(text) { return text }
        let clause = NearestWord.clause(for: text, among: known)
        throw ValueError(
            "no mask is called \"\(text)\"\(clause); there are: \(Set(known).sorted().joined(separator: ", "))")
    }

    /// Hundredths of a percent that `text` spells, such as `10%` or `0.5%`.
    private static func percentage(_ text: String) throws(ValueError) -> Int {
        let problem = ValueError("expected a percentage from 0.01% to 100%, such as 10% or 0.5%; got \"\(text)\"")
        guard text.hasSuffix("%") else { throw problem }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { !$0.isEmpty && $0.utf8.count <= 3 && $0.utf8.allSatisfy(\.isASCIIDigit) }
        guard isPlain, (1...2).contains(parts.count), let percents = Int(parts[0]) else { throw problem }
        var share = percents * 100
        if parts.count == 2 {
            guard parts[1].utf8.count <= 2, let rest = Int(parts[1]) else { throw problem }
            share += parts[1].utf8.count == 1 ? rest * 10 : rest
        }
        guard (1...ShadowConfiguration.whole).contains(share) else { throw problem }
        return share
    }
}
